#include "term.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <term.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/text.h"
#include "plain.h"
#include "term_style.h"

enum {
    CODE_PASTE_BEGIN = KEY_MAX + 1,
    CODE_PASTE_END,
    ESC = 27,
    ESCAPE_DELAY_MS = 25,
    PASTE_WAIT_MS = 4000, /* for the rest: a line to a jump host may stand still so long */
    PASTE_MAX = 256 * 1024,
    PLAIN_ROWS = 60,
    PLAIN_COLUMNS = 110,
};

static const char PASTE_ON[] = "\033[?2004h", PASTE_OFF[] = "\033[?2004l";
static const char MOUSE_OFF[] = "\033[?1006l\033[?1000l";

static struct {
    SCREEN *screen;
    struct plain *plain; /* NULL: a terminal */
    FILE *nowhere;       /* what curses writes to then */
    bool open, utf8, paste_mode, mouse;
    struct buf paste;
    int cursor_y, cursor_x;
    bool cursor_visible, hidden;
    struct termios before;
    char last_words[256]; /* what gives the terminal back, for a crash */
    size_t last_words_len;
} term;

static const char *const GLYPHS[GLYPH_COUNT][2] = {
    [GLYPH_HLINE] = {"─", "-"},      [GLYPH_VLINE] = {"│", "|"},
    [GLYPH_TOPLEFT] = {"┌", "+"},    [GLYPH_TOPRIGHT] = {"┐", "+"},
    [GLYPH_BOTTOMLEFT] = {"└", "+"}, [GLYPH_BOTTOMRIGHT] = {"┘", "+"},
    [GLYPH_MORE] = {"…", "~"},       [GLYPH_CRUMB] = {"▸", ">"},
    [GLYPH_BULLET] = {"●", "*"},     [GLYPH_ON] = {"[x]", "[x]"},
    [GLYPH_OFF] = {"[ ]", "[ ]"},    [GLYPH_MASK] = {"•", "*"},
    [GLYPH_UP] = {"▲", "^"},         [GLYPH_DOWN] = {"▼", "v"},
    [GLYPH_TIMES] = {"×", "x"},
};

const char *term_glyph(enum glyph g)
{
    return GLYPHS[g][term.utf8 ? 0 : 1];
}

const char *term_bar(int level)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", "_", ".", ":", "-", "=", "+", "*", "#"};
    level = level < 0 ? 0 : level > 8 ? 8 : level;
    return term.utf8 ? blocks[level] : ascii[level];
}

/* ------------------------------------------------------------------ taking and giving back
 */

static void say(const char *bytes, size_t len)
{
    ssize_t ignored = write(STDOUT_FILENO, bytes, len);
    (void)ignored;
}

static void on_crash(int signal)
{
    say(term.last_words, term.last_words_len);
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    raise(signal); /* SA_RESETHAND: now with its default action */
}

static void add_last_words(const char *capability)
{
    const char *text = tigetstr((char *)(uintptr_t)capability);
    if (!text || text == (char *)-1)
        return;
    size_t len = strlen(text);
    if (term.last_words_len + len > sizeof term.last_words)
        return;
    memcpy(term.last_words + term.last_words_len, text, len);
    term.last_words_len += len;
}

static void prepare_for_crash(void)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    term.last_words_len = 0;
    if (term.paste_mode) {
        memcpy(term.last_words, PASTE_OFF, sizeof PASTE_OFF - 1);
        memcpy(term.last_words + sizeof PASTE_OFF - 1, MOUSE_OFF, sizeof MOUSE_OFF - 1);
        term.last_words_len = sizeof PASTE_OFF + sizeof MOUSE_OFF - 2;
    }
    add_last_words("sgr0");
    add_last_words("cnorm");
    add_last_words("rmkx");
    add_last_words("rmcup");
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
}

static void set_modes(void)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    scrollok(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    set_escdelay(ESCAPE_DELAY_MS);
    if (term.paste_mode)
        say(PASTE_ON, sizeof PASTE_ON - 1);
}

void term_mouse(bool on)
{
    if (term.plain)
        return;
    term.mouse = on;
    mousemask(on ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
    mouseinterval(0);
}

static SCREEN *open_screen(void)
{
    static const char *const fallbacks[] = {"xterm-256color", "vt100", "dumb"};
    const char *name = getenv("TERM");
    SCREEN *screen = name && *name ? newterm(NULL, stdout, stdin) : NULL;
    for (size_t i = 0; !screen && i < sizeof fallbacks / sizeof *fallbacks; i++)
        screen = newterm(fallbacks[i], stdout, stdin);
    return screen;
}

/* Besides those of terminfo: the forms that terminals send outside of application mode.
 * Unknown ones would come apart into Esc and letters, and Esc closes dialogs. */
static void define_keys(void)
{
    static const struct {
        const char *bytes;
        int code;
    } keys[] = {
        {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN},   {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},  {"\033OA", KEY_UP},     {"\033OB", KEY_DOWN},
        {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT},   {"\033[H", KEY_HOME},
        {"\033[F", KEY_END},   {"\033OH", KEY_HOME},   {"\033OF", KEY_END},
        {"\033[1~", KEY_HOME}, {"\033[4~", KEY_END},   {"\033[2~", KEY_IC},
        {"\033[3~", KEY_DC},   {"\033[5~", KEY_PPAGE}, {"\033[6~", KEY_NPAGE},
        {"\033[Z", KEY_BTAB},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (key_defined(keys[i].bytes) == 0)
            define_key(keys[i].bytes, keys[i].code);
    define_key("\033[200~", CODE_PASTE_BEGIN);
    define_key("\033[201~", CODE_PASTE_END);
}

/* The screens are drawn as ever, on a screen that nobody sees, and read from there. */
static bool open_plain(struct err *err)
{
    term.plain = plain_new();
    term.nowhere = fopen("/dev/null", "r+");
    term.screen = term.nowhere ? newterm("vt100", term.nowhere, term.nowhere) : NULL;
    if (!term.plain || !term.screen)
        return err_set(err, ERR_UNSUPPORTED, "the screens cannot be drawn: no terminfo of vt100");
    resizeterm(PLAIN_ROWS, PLAIN_COLUMNS);
    term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    term.open = true;
    buf_init_secret(&term.paste, PASTE_MAX); /* it may be a token */
    return true;
}

bool term_open(bool plain, struct err *err)
{
    if (plain)
        return open_plain(err);
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(err, ERR_UNSUPPORTED,
                       "standard input and output are not a terminal");
    tcgetattr(STDIN_FILENO, &term.before);
    term.screen = open_screen();
    if (!term.screen)
        return err_set(err, ERR_UNSUPPORTED,
                       "this terminal cannot be used: set TERM to xterm or vt100");
    term.open = true;
    term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    term.paste_mode = tigetstr("cup") != NULL && tigetstr("smkx") != NULL &&
                      strcmp(termname(), "vt100") != 0;
    buf_init_secret(&term.paste, PASTE_MAX); /* it may be a token */
    define_keys();
    term_style_open();
    prepare_for_crash();
    set_modes();
    term_mouse(true);
    return true;
}

/* Where no second screen goes away with the console, the shell goes on in the last line. */
static void leave_last_line(void)
{
    const char *away = tigetstr("rmcup");
    if (away && away != (char *)-1)
        return;
    move(LINES - 1, 0);
    clrtoeol();
    refresh();
}

/* Keys that were typed for the console and not read yet must not become a command line. */
static void give_back(void)
{
    if (term.plain)
        return;
    leave_last_line();
    if (term.paste_mode)
        say(PASTE_OFF, sizeof PASTE_OFF - 1);
    tcflush(STDIN_FILENO, TCIFLUSH);
    endwin();
}

void term_close(void)
{
    if (!term.open)
        return;
    give_back();
    if (term.plain)
        endwin();
    delscreen(term.screen);
    plain_free(&term.plain);
    if (term.nowhere)
        fclose(term.nowhere);
    term.nowhere = NULL;
    buf_free(&term.paste);
    term.open = false;
}

void term_suspend(void)
{
    give_back();
}

void term_resume(void)
{
    if (term.plain)
        return;
    term_resized();
    set_modes();
    clearok(stdscr, TRUE);
    refresh();
}

/* Not from the background, where it is another one's: fg tells of itself once more. */
void term_continued(void)
{
    pid_t front = tcgetpgrp(STDIN_FILENO);
    if (term.plain || (front >= 0 && front != getpgrp()))
        return;
    endwin(); /* or curses takes the terminal for what it left there */
    term_resume();
}

bool term_is_plain(void)
{
    return term.plain != NULL;
}

bool term_ended(void)
{
    return term.plain && plain_ended(term.plain);
}

int term_fd(void)
{
    return STDIN_FILENO;
}

void term_size(int *rows, int *columns)
{
    getmaxyx(stdscr, *rows, *columns);
}

void term_resized(void)
{
    struct winsize size;
    if (term.plain)
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    clearok(stdscr, TRUE);
}

/* ------------------------------------------------------------------ drawing */

void term_cursor(int y, int x, bool visible)
{
    term.cursor_y = y;
    term.cursor_x = x;
    term.cursor_visible = visible;
}

static void flush_plain(void)
{
    int rows, columns;
    wchar_t wide[PLAIN_COLUMNS + 1];
    static char text[PLAIN_ROWS][PLAIN_COLUMNS * MB_LEN_MAX + 1];
    const char *lines[PLAIN_ROWS];
    getmaxyx(stdscr, rows, columns);
    (void)columns;
    for (int y = 0; y < rows && y < PLAIN_ROWS; y++) {
        mvinnwstr(y, 0, wide, PLAIN_COLUMNS);
        size_t len = wcstombs(text[y], wide, sizeof text[y] - 1);
        text[y][len == (size_t)-1 ? 0 : len] = '\0';
        lines[y] = text[y];
    }
    wnoutrefresh(stdscr);
    plain_show(term.plain, lines, (size_t)rows < PLAIN_ROWS ? (size_t)rows : PLAIN_ROWS,
               term.cursor_y);
}

void term_flush(void)
{
    if (term.plain) {
        flush_plain();
        return;
    }
    move(term.cursor_y, term.cursor_x);
    if (term.hidden == term.cursor_visible) {
        curs_set(term.cursor_visible ? 1 : 0);
        term.hidden = !term.cursor_visible;
    }
    wnoutrefresh(stdscr);
    doupdate();
}

bool term_has_clipboard(void)
{
    return !term.plain && term.paste_mode && !getenv("TMUX");
}

void term_send_clipboard(const char *base64)
{
    say("\033]52;c;", 7);
    say(base64, strlen(base64));
    say("\a", 1);
}

void term_beep(void)
{
    if (term.plain) {
        say("\a", 1);
        return;
    }
    beep();
}

void term_notice(const char *text)
{
    struct buf safe;
    if (!term_has_clipboard()) { /* the same terminals know it */
        term_beep();
        return;
    }
    buf_init(&safe, BUF_UNLIMITED);
    if (text_safe(&safe, span_of(text), TEXT_LINE)) {
        say("\033]9;", 4);
        say(buf_text(&safe), safe.len);
        say("\a", 1);
    }
    buf_free(&safe);
}

void term_theme(const char *name)
{
    term_style_theme(name);
    clearok(stdscr, TRUE);
}

void term_redraw(void)
{
    clearok(stdscr, TRUE);
}

/* ------------------------------------------------------------------ keys */

static void add_character(struct buf *out, wint_t c)
{
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    size_t len = wcrtomb(bytes, (wchar_t)c, &state);
    if (len != (size_t)-1)
        buf_add(out, bytes, len);
}

/* All up to the end mark; a paste whose end never comes ends by itself. Not too soon: its rest
 * would be taken for keys. */
static void read_paste(struct key *key)
{
    wint_t c;
    int got;
    buf_clear(&term.paste);
    timeout(PASTE_WAIT_MS);
    while ((got = get_wch(&c)) != ERR && !(got == KEY_CODE_YES && c == CODE_PASTE_END))
        if (got == OK)
            add_character(&term.paste, c == '\r' ? '\n' : c);
    nodelay(stdscr, TRUE);
    *key = (struct key){.kind = KEY_KIND_PASTE, .text = buf_span(&term.paste)};
}

static bool named(wint_t c, struct key *key)
{
    static const struct {
        int curses;
        enum key_name name;
    } names[] = {
        {KEY_ENTER, KEY_ENTER_}, {KEY_BTAB, KEY_BACKTAB_}, {KEY_BACKSPACE, KEY_BACKSPACE_},
        {KEY_DC, KEY_DELETE_},   {KEY_IC, KEY_INSERT_},    {KEY_UP, KEY_UP_},
        {KEY_DOWN, KEY_DOWN_},   {KEY_LEFT, KEY_LEFT_},    {KEY_RIGHT, KEY_RIGHT_},
        {KEY_HOME, KEY_HOME_},   {KEY_END, KEY_END_},      {KEY_PPAGE, KEY_PGUP_},
        {KEY_NPAGE, KEY_PGDN_},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((wint_t)names[i].curses == c) {
            *key = (struct key){.kind = KEY_KIND_NAMED, .code = names[i].name};
            return true;
        }
    if (c < KEY_F(1) || c > KEY_F(10))
        return false;
    *key = (struct key){.kind = KEY_KIND_NAMED, .code = KEY_F1_ + (c - KEY_F(1))};
    return true;
}

static void character(wint_t c, struct key *key)
{
    static const struct {
        wint_t c;
        enum key_name name;
    } names[] = {{'\r', KEY_ENTER_}, {'\n', KEY_ENTER_},    {'\t', KEY_TAB_},
                 {ESC, KEY_ESC_},    {127, KEY_BACKSPACE_}, {8, KEY_BACKSPACE_}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].c == c) {
            *key = (struct key){.kind = KEY_KIND_NAMED, .code = names[i].name};
            return;
        }
    if (c < ' ')
        *key = (struct key){.kind = KEY_KIND_CTRL, .code = c + (c <= 26 ? 'a' - 1 : '@')};
    else
        *key = (struct key){.kind = KEY_KIND_CHAR, .code = c};
}

static void read_mouse(struct key *key)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return;
    key->kind = KEY_KIND_MOUSE;
    key->y = event.y;
    key->x = event.x;
    key->code = (event.bstate & BUTTON4_PRESSED)   ? MOUSE_UP
                : (event.bstate & BUTTON5_PRESSED) ? MOUSE_DOWN
                                                   : MOUSE_CLICK;
}

static void put_back(int got, wint_t c)
{
    if (got == OK)
        unget_wch((wchar_t)c);
    else if (got == KEY_CODE_YES)
        ungetch((int)c);
}

/* After an Esc: the rest of a sequence that neither terminfo nor define_keys() knows (Ctrl with an
 * arrow, an answer of the terminal) is read over. It would come apart into Esc, which closes what
 * is open, and digits, which show another screen. What a person types is not there yet. */
static bool skip_sequence(void)
{
    wint_t c;
    int got = get_wch(&c);
    if (got != OK || (c != '[' && c != 'O')) {
        put_back(got, c);
        return false;
    }
    bool more = true;
    for (int i = 0; more && (got = get_wch(&c)) == OK; i++)
        more = c < '@' || c > '~' || (i == 0 && c == '['); /* the Linux console's F1: Esc [ [ A */
    if (got != OK)
        put_back(got, c);
    return true;
}

bool term_key(struct key *key)
{
    wint_t c;
    buf_free(&term.paste); /* of the key before */
    if (term.plain)
        return plain_key(term.plain, key);
    int got = get_wch(&c);
    if (got == ERR)
        return false;
    *key = (struct key){0};
    if (got == KEY_CODE_YES && c == CODE_PASTE_BEGIN)
        read_paste(key);
    else if (got == KEY_CODE_YES && c == KEY_RESIZE)
        key->kind = KEY_KIND_RESIZE;
    else if (got == KEY_CODE_YES && c == KEY_MOUSE)
        read_mouse(key);
    else if (got == KEY_CODE_YES)
        (void)named(c, key);
    else if (c != ESC || !skip_sequence())
        character(c, key);
    return true;
}
