#include "support/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#include "base/buf.h"
#include "support/run.h"

enum { DEADLINE_MS = RUN_DEADLINE_MS, QUIET_MS = 60, FAILED_START = 126 };

struct terminal {
    int fd;
    pid_t pid;
    int status;
    bool ended;
    VTerm *vt;
    VTermScreen *screen;
    int bells;
    int rows, columns;
    bool keep;
    struct buf text, kept;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void run_child(const struct terminal_options *o, char *const argv[])
{
    setenv("TERM", o->term ? o->term : "xterm-256color", 1);
    setenv("LC_ALL", o->locale ? o->locale : "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    unsetenv("NO_COLOR");
    unsetenv("TMUX");
    for (const char *const *e = o->env; e && *e; e++)
        putenv((char *)(uintptr_t)*e);
    execv(argv[0], argv);
    _exit(FAILED_START);
}

/* What the terminal answers (cursor reports and the like) goes back to the program. */
static void answer(const char *bytes, size_t len, void *arg)
{
    struct terminal *t = arg;
    ssize_t ignored = write(t->fd, bytes, len);
    (void)ignored;
}

static int on_bell(void *terminal)
{
    ((struct terminal *)terminal)->bells++;
    return 1;
}

static const VTermScreenCallbacks CALLBACKS = {.bell = on_bell};

int terminal_bells(const struct terminal *t)
{
    return t->bells;
}

struct terminal *terminal_start(const struct terminal_options *o, char *const argv[])
{
    struct terminal *t = calloc(1, sizeof *t);
    assert_non_null(t);
    struct winsize size = {.ws_row = (unsigned short)o->rows, .ws_col = (unsigned short)o->columns};
    t->rows = o->rows;
    t->columns = o->columns;
    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    assert_true(t->pid >= 0);
    if (t->pid == 0)
        run_child(o, argv);
    fcntl(t->fd, F_SETFD, FD_CLOEXEC);
    fcntl(t->fd, F_SETFL, O_NONBLOCK);
    t->vt = vterm_new(o->rows, o->columns);
    vterm_set_utf8(t->vt, 1);
    vterm_output_set_callback(t->vt, answer, t);
    t->screen = vterm_obtain_screen(t->vt);
    vterm_screen_set_callbacks(t->screen, &CALLBACKS, t);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_reset(t->screen, 1);
    t->keep = o->keep;
    buf_init(&t->text, BUF_UNLIMITED);
    buf_init(&t->kept, BUF_UNLIMITED);
    return t;
}

static void reap(struct terminal *t, bool block)
{
    if (!t->ended && waitpid(t->pid, &t->status, block ? 0 : WNOHANG) == t->pid)
        t->ended = true;
}

void terminal_free(struct terminal **tp)
{
    struct terminal *t = *tp;
    if (!t)
        return;
    reap(t, false);
    if (!t->ended) {
        kill(t->pid, SIGKILL);
        reap(t, true);
    }
    close(t->fd);
    vterm_free(t->vt);
    buf_free(&t->text);
    buf_free(&t->kept);
    free(t);
    *tp = NULL;
}

/* Feeds what comes within wait_ms to the screen; the bytes, or -1 when the program's side is
 * closed. */
static ssize_t pump(struct terminal *t, int wait_ms)
{
    char bytes[16384];
    struct pollfd p = {.fd = t->fd, .events = POLLIN};
    if (poll(&p, 1, wait_ms) <= 0)
        return 0;
    ssize_t got = read(t->fd, bytes, sizeof bytes);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    vterm_input_write(t->vt, bytes, (size_t)got);
    if (t->keep)
        buf_add(&t->kept, bytes, (size_t)got);
    return got;
}

struct span terminal_bytes(const struct terminal *t)
{
    return buf_span(&t->kept);
}

void terminal_send(struct terminal *t, const char *keys)
{
    size_t len = strlen(keys);
    for (size_t sent = 0; sent < len;) {
        ssize_t n = write(t->fd, keys + sent, len - sent);
        if (n > 0)
            sent += (size_t)n;
        else if (pump(t, 100) < 0)
            fail_msg("the program is gone");
    }
}

size_t terminal_settle(struct terminal *t, int quiet_ms)
{
    size_t total = 0;
    int64_t end = now_ms() + DEADLINE_MS;
    while (now_ms() < end) {
        ssize_t got = pump(t, quiet_ms);
        if (got <= 0)
            break;
        total += (size_t)got;
    }
    return total;
}

void terminal_type(struct terminal *t, const char *text)
{
    terminal_send(t, text);
    terminal_settle(t, QUIET_MS);
}

void terminal_resize(struct terminal *t, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    t->rows = rows;
    t->columns = columns;
    vterm_set_size(t->vt, rows, columns);
    ioctl(t->fd, TIOCSWINSZ, &size);
}

static void add_cell(struct buf *out, const VTermScreenCell *cell)
{
    if (cell->chars[0] == 0 || cell->chars[0] == (uint32_t)-1) {
        buf_add_char(out, ' ');
        return;
    }
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++) {
        uint32_t c = cell->chars[i];
        char utf8[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t k = n - 1; k > 0; k--, c >>= 6)
            utf8[k] = (char)(0x80 | (c & 0x3f));
        utf8[0] = (char)(lead[n] | c);
        buf_add(out, utf8, n);
    }
}

const char *terminal_screen(struct terminal *t)
{
    buf_clear(&t->text);
    for (int row = 0; row < t->rows; row++) {
        for (int column = 0; column < t->columns;) {
            VTermScreenCell cell;
            VTermPos pos = {.row = row, .col = column};
            vterm_screen_get_cell(t->screen, pos, &cell);
            add_cell(&t->text, &cell);
            column += cell.width > 1 ? cell.width : 1;
        }
        while (t->text.len > 0 && t->text.data[t->text.len - 1] == ' ')
            t->text.data[--t->text.len] = '\0';
        buf_add_char(&t->text, '\n');
    }
    return buf_text(&t->text);
}

bool terminal_shows(struct terminal *t, const char *text)
{
    return strstr(terminal_screen(t), text) != NULL;
}

void terminal_cursor(struct terminal *t, int *row, int *column)
{
    VTermPos pos;
    vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &pos);
    *row = pos.row;
    *column = pos.col;
}

static void wait_for(struct terminal *t, const char *text, bool shown)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (terminal_shows(t, text) != shown) {
        ssize_t got = pump(t, 50);
        if (got < 0 && terminal_shows(t, text) != shown)
            fail_msg("the program ended; '%s' %s:\n%s", text, shown ? "never came" : "stayed",
                     terminal_screen(t));
        if (now_ms() > end)
            fail_msg("'%s' %s within %d ms:\n%s", text, shown ? "never came" : "stayed",
                     DEADLINE_MS, terminal_screen(t));
    }
    terminal_settle(t, QUIET_MS);
}

void terminal_wait(struct terminal *t, const char *text)
{
    wait_for(t, text, true);
}

void terminal_press(struct terminal *t, const char *keys, const char *shows)
{
    terminal_type(t, keys);
    terminal_wait(t, shows);
}

void terminal_wait_gone(struct terminal *t, const char *text)
{
    wait_for(t, text, false);
}

int terminal_exit(struct terminal *t)
{
    int64_t end = now_ms() + DEADLINE_MS;
    while (!t->ended) {
        pump(t, 20);
        reap(t, false);
        if (now_ms() > end)
            fail_msg("the program does not end:\n%s", terminal_screen(t));
    }
    terminal_settle(t, QUIET_MS);
    return WIFSIGNALED(t->status) ? 128 + WTERMSIG(t->status) : WEXITSTATUS(t->status);
}

pid_t terminal_pid(const struct terminal *t)
{
    return t->pid;
}

void terminal_path(const struct terminal *t, char *out, size_t size)
{
    assert_int_equal(ptsname_r(t->fd, out, size), 0);
}

static void add_color(struct buf *out, const char *what, const VTermColor *color)
{
    static const char *const names[] = {"black", "red",     "green", "yellow",
                                        "blue",  "magenta", "cyan",  "white"};
    if (VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color))
        return;
    if (VTERM_COLOR_IS_RGB(color))
        buf_add_format(out, " %s#%02x%02x%02x", what, color->rgb.red, color->rgb.green,
                       color->rgb.blue);
    else if (color->indexed.idx < 8)
        buf_add_format(out, " %s%s", what, names[color->indexed.idx]);
    else
        buf_add_format(out, " %s%d", what, color->indexed.idx);
}

void terminal_look(struct terminal *t, int row, int column, struct buf *out)
{
    VTermScreenCell cell;
    VTermPos pos = {.row = row, .col = column};
    buf_clear(out);
    vterm_screen_get_cell(t->screen, pos, &cell);
    if (cell.attrs.bold)
        buf_add_text(out, " bold");
    if (cell.attrs.underline)
        buf_add_text(out, " underlined");
    if (cell.attrs.reverse)
        buf_add_text(out, " reverse");
    add_color(out, "", &cell.fg);
    add_color(out, "on ", &cell.bg);
}

void terminal_extent(const struct terminal *t, int *rows, int *columns)
{
    *rows = t->rows;
    *columns = t->columns;
}
