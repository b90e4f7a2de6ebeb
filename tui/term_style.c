#include "term_style.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = -1 }; /* the terminal's own */

struct colors {
    int front, back; /* 0xRRGGBB or NONE */
};

static const struct {
    attr_t mono, with_color;
    int basic; /* of the 16 */
    attr_t themed;
    struct colors dark, light;
} STYLES[STYLE_COUNT] = {
    [STYLE_NORMAL] = {A_NORMAL, A_NORMAL, NONE, A_NORMAL, {NONE, NONE}, {NONE, NONE}},
    [STYLE_DIM] = {A_DIM, A_DIM, NONE, A_NORMAL, {0x8a8a8a, NONE}, {0x6c6c6c, NONE}},
    [STYLE_STRONG] = {A_BOLD, A_BOLD, NONE, A_BOLD, {NONE, NONE}, {NONE, NONE}},
    [STYLE_TITLE] = {A_BOLD | A_REVERSE, A_BOLD | A_REVERSE, NONE, A_BOLD,
                     {0xffffff, 0x3a3a3a}, {0x000000, 0xdadada}},
    [STYLE_HEADING] = {A_BOLD, A_BOLD, COLOR_CYAN, A_BOLD,
                       {0x5fafd7, NONE}, {0x005f87, NONE}},
    [STYLE_SELECTED] = {A_REVERSE, A_REVERSE, NONE, A_NORMAL,
                        {0xffffff, 0x005f87}, {0x000000, 0xafd7ff}},
    [STYLE_MARKED] = {A_UNDERLINE, A_UNDERLINE, NONE, A_UNDERLINE, {NONE, NONE}, {NONE, NONE}},
    [STYLE_OK] = {A_NORMAL, A_NORMAL, COLOR_GREEN, A_NORMAL,
                  {0x87d787, NONE}, {0x006700, NONE}},
    [STYLE_WARN] = {A_BOLD, A_NORMAL, COLOR_YELLOW, A_NORMAL,
                    {0xd7af5f, NONE}, {0x875f00, NONE}},
    [STYLE_ERROR] = {A_BOLD, A_BOLD, COLOR_RED, A_BOLD, {0xff8787, NONE}, {0xaf0000, NONE}},
    [STYLE_KEY] = {A_BOLD, A_BOLD, NONE, A_BOLD, {NONE, NONE}, {NONE, NONE}},
    [STYLE_BAR] = {A_REVERSE, A_REVERSE, NONE, A_NORMAL,
                   {0xd0d0d0, 0x303030}, {0x303030, 0xe4e4e4}},
    [STYLE_FIELD] = {A_UNDERLINE, A_UNDERLINE, NONE, A_UNDERLINE, {NONE, NONE}, {NONE, NONE}},
    [STYLE_FOCUS] = {A_REVERSE, A_REVERSE, NONE, A_NORMAL,
                     {0xffffff, 0x005f87}, {0x000000, 0xafd7ff}},
    [STYLE_LINK] = {A_UNDERLINE, A_NORMAL, COLOR_BLUE, A_NORMAL,
                    {0x87afff, NONE}, {0x005faf, NONE}},
};

static struct {
    bool color, own_background;
    enum { BASIC, DARK, LIGHT } theme;
} look;

/* The nearest of xterm's 6x6x6 cube and its 24 greys. */
static int of_256(int rgb)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    const int parts[] = {rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255};
    int cube = 16;
    if (parts[0] == parts[1] && parts[1] == parts[2] && parts[0] >= 8 && parts[0] <= 238)
        return 232 + (parts[0] - 8 + 5) / 10;
    for (int i = 0; i < 3; i++) {
        int best = 0;
        for (int l = 1; l < 6; l++)
            if (abs(levels[l] - parts[i]) < abs(levels[best] - parts[i]))
                best = l;
        cube += best * (i == 0 ? 36 : i == 1 ? 6 : 1);
    }
    return cube;
}

/* Terminals with direct colour (terminfo's RGB) take the value itself. */
static int themed(int rgb, int none)
{
    return rgb < 0 ? none : COLORS > 256 ? rgb : of_256(rgb);
}

static void set_pairs(void)
{
    int none = look.own_background ? -1 : COLOR_BLACK;
    for (int s = 0; s < STYLE_COUNT; s++) {
        struct colors c = look.theme == LIGHT ? STYLES[s].light : STYLES[s].dark;
        int front = look.own_background ? -1 : COLOR_WHITE, back = none;
        if (look.theme != BASIC) {
            front = themed(c.front, front);
            back = themed(c.back, none);
        } else if (STYLES[s].basic >= 0) {
            front = STYLES[s].basic;
        }
        init_extended_pair(s + 1, front, back);
    }
}

void term_style_open(void)
{
    const char *no_color = getenv("NO_COLOR");
    look.color = !(no_color && *no_color) && has_colors() && start_color() == OK;
    look.own_background = look.color && use_default_colors() == OK;
    look.theme = BASIC;
    if (look.color)
        set_pairs();
}

void term_style_theme(const char *name)
{
    bool can = look.color && COLORS >= 256;
    look.theme = !can                        ? BASIC
                 : strcmp(name, "dark") == 0  ? DARK
                 : strcmp(name, "light") == 0 ? LIGHT
                                              : BASIC;
    if (look.color)
        set_pairs();
}

struct term_attributes term_style(enum style style)
{
    if (!look.color)
        return (struct term_attributes){STYLES[style].mono, 0};
    if (look.theme == BASIC)
        return (struct term_attributes){STYLES[style].with_color,
                                        STYLES[style].basic < 0 ? 0 : (short)(style + 1)};
    struct colors c = look.theme == LIGHT ? STYLES[style].light : STYLES[style].dark;
    return (struct term_attributes){STYLES[style].themed,
                                    c.front < 0 ? 0 : (short)(style + 1)};
}
