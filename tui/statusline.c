#include "statusline.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "short_text.h"

/* HOST:PORT of http://HOST:PORT/api; unix:PATH whole. */
static void short_address(const char *url, char *out, size_t size)
{
    if (strncmp(url, SETTINGS_UNIX, strlen(SETTINGS_UNIX)) == 0) {
        snprintf(out, size, "%s", url);
        return;
    }
    const char *at = strstr(url, "//");
    at = at ? at + 2 : url;
    snprintf(out, size, "%.*s", (int)strcspn(at, "/"), at);
}

static void standby_words(const struct host_status *s, int64_t now, char *out, size_t size)
{
    char since[16];
    timefmt_row(s->holder_since, now, since);
    if (s->holder_pid != 0)
        snprintf(out, size, "standby: engine is process %d since %s", (int)s->holder_pid,
                 since);
    else
        snprintf(out, size, "standby: another process runs the engine");
}

enum style statusline_words(const struct console_options *o, char *out, size_t size)
{
    struct host_status s;
    char where[128];
    if (!o->host) {
        snprintf(out, size, "read-only");
        return STYLE_WARN;
    }
    host_status(o->host, &s);
    short_address(s.url, where, sizeof where);
    switch (s.state) {
    case HOST_RUNNING:
        snprintf(out, size, "running on %s", where);
        return STYLE_OK;
    case HOST_DEGRADED:
        snprintf(out, size, "degraded: %s", s.reason);
        return STYLE_ERROR;
    case HOST_STANDBY:
        standby_words(&s, clock_wall_ms(o->clock), out, size);
        return STYLE_WARN;
    case HOST_STOPPED:
        snprintf(out, size, "stopped: nothing is delivered%s%s", s.reason[0] ? ", " : "",
                 s.reason);
        return STYLE_ERROR;
    case HOST_STARTING:
        break;
    }
    snprintf(out, size, "starting");
    return STYLE_WARN;
}

static int columns_of(const char *text)
{
    struct buf safe;
    buf_init(&safe, BUF_UNLIMITED);
    text_safe(&safe, span_of(text), TEXT_LINE);
    int columns = (int)text_columns(buf_span(&safe));
    buf_free(&safe);
    return columns;
}

/* The part after the last '>' of a title. */
static const char *last_part(const char *title)
{
    const char *at = strrchr(title, '>');
    return at ? at + 1 + strspn(at + 1, " ") : title;
}

/* Titles are written with '>' between their parts; terminals that can show the nicer sign.
 */
static void draw_title(const struct canvas *line, int x, const char *title)
{
    while (*title) {
        size_t len = strcspn(title, ">");
        x += canvas_text(line, 0, x, -1, STYLE_TITLE, (struct span){title, len});
        title += len;
        if (*title) {
            x += canvas_glyph(line, 0, x, STYLE_TITLE, GLYPH_CRUMB);
            title++;
        }
    }
}

/* What is between the title and the state, as much of it as fits: how many consoles there are
 * says more than the workspace, which most people never change. */
static void between(const char *workspace, const char *others, const char *banner, int room,
                    char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s  ", others, banner ? banner : "", banner ? "  " : "",
             short_text(&(struct short_text){0}, workspace, 60));
    if (columns_of(out) > room)
        snprintf(out, size, "%s", others);
    if (columns_of(out) > room)
        out[0] = '\0';
}

void statusline_draw(const struct canvas *screen, const char *title, const char *workspace,
                     int consoles, const struct console_options *o)
{
    static const char NAME[] = " opik-alerts  ";
    char words[256], where[64 + SHORT_TEXT_SIZE], others[32] = "";
    enum style style = statusline_words(o, words, sizeof words);
    text_whole(words);
    int room = screen->columns - columns_of(words) - 5; /* for the title; bullet and blanks */
    /* What says least goes first: our own name, the way to the screen, where we listen. */
    if (consoles > 1)
        snprintf(others, sizeof others, "%d consoles  ", consoles);
    if (columns_of(title) + columns_of(others) > room)
        title = last_part(title);
    if (columns_of(title) > room && strncmp(words, "running on ", 11) == 0) {
        room += columns_of(words) - 7;
        words[7] = '\0';
    }
    between(workspace, others, o->banner, room - columns_of(title), where, sizeof where);
    int state = columns_of(words) + 3, named = columns_of(where);
    bool own_name = columns_of(title) + named + (int)sizeof NAME - 1 <= room;
    int x = screen->columns - state - named;
    canvas_text(screen, 0, 0, screen->columns, STYLE_TITLE, span_of(own_name ? NAME : ""));
    struct canvas left = canvas_part(screen, 0, 0, 1, x - 1);
    draw_title(&left, own_name ? (int)sizeof NAME - 1 : 1, title);
    x = x > 0 ? x : 0;
    if (where[0])
        x += canvas_text(screen, 0, x, -1, STYLE_TITLE, span_of(where));
    canvas_glyph(screen, 0, x, style, GLYPH_BULLET);
    canvas_text(screen, 0, x + 2, -1, STYLE_TITLE, span_of(words));
}
