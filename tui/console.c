#include "console.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "console_impl.h"
#include "screens/screens.h"
#include "statusline.h"
#include "widgets/keybar.h"

enum {
    REFRESH_EVERY_MS = 100,
    WHEEL_ROWS = 3,
    TOAST_MS = 5000,
    LEAST_ROWS = 5,
    LEAST_COLUMNS = 20
};

/* ------------------------------------------------------------------ from other threads */

void console_wake(struct console *c)
{
    uint64_t one = 1;
    ssize_t ignored = write(c->wake_fd, &one, sizeof one);
    (void)ignored;
}

static void store_has_changed(void *arg, unsigned changes)
{
    struct console *c = arg;
    atomic_fetch_or(&c->changes, changes);
    console_wake(c);
}

void console_post(struct console *c, void (*run)(void *arg), void (*drop)(void *arg),
                  void *arg)
{
    struct post *p = malloc(sizeof *p);
    if (!p) {
        drop(arg);
        return;
    }
    *p = (struct post){NULL, run, drop, arg};
    pthread_mutex_lock(&c->lock);
    *c->last_post = p;
    c->last_post = &p->next;
    pthread_mutex_unlock(&c->lock);
    console_wake(c);
}

static struct post *take_posts(struct console *c)
{
    pthread_mutex_lock(&c->lock);
    struct post *first = c->posts;
    c->posts = NULL;
    c->last_post = &c->posts;
    pthread_mutex_unlock(&c->lock);
    return first;
}

static void run_posts(struct console *c)
{
    for (struct post *p = take_posts(c), *next; p; p = next) {
        next = p->next;
        p->run(p->arg);
        free(p);
        c->dirty = true;
    }
}

/* ------------------------------------------------------------------ for screens */

void console_push(struct console *c, struct screen *s)
{
    if (!s) {
        console_toast(c, STYLE_ERROR, "out of memory");
        return;
    }
    s->below = c->top;
    c->top = s;
    if (s->ops->refresh)
        s->ops->refresh(s, STORE_CHANGED_ALL);
    c->dirty = true;
}

void console_pop(struct console *c)
{
    struct screen *s = c->top;
    c->top = s->below;
    if (s->ops->holds && c->held) {
        atomic_fetch_or(&c->changes, c->held);
        c->held = 0;
    }
    s->ops->free(s);
    c->dirty = true;
}

void console_toast(struct console *c, enum style style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->toast.text, sizeof c->toast.text, format, args);
    va_end(args);
    text_whole(c->toast.text);
    c->toast.style = style;
    c->toast.until = clock_monotonic_ms() + TOAST_MS;
    c->dirty = true;
}

const struct console_options *console_options(const struct console *c)
{
    return &c->options;
}

int64_t console_now(const struct console *c)
{
    return clock_wall_ms(c->options.clock);
}

struct store_reader *console_reader(struct console *c)
{
    return c->reader;
}

const char *console_workspace(const struct console *c)
{
    return c->workspace;
}

const char *console_user(const struct console *c)
{
    return c->user;
}

/* ------------------------------------------------------------------ drawing */

static bool can(void *arg, const struct action_info *a)
{
    return !console_why_not(arg, a->id);
}

static void draw_stack(struct console *c, struct screen *s, const struct canvas *area)
{
    if (term_is_plain() && !s->ops->covers)
        canvas_clear(area, STYLE_NORMAL);
    else if (!s->ops->covers && s->below)
        draw_stack(c, s->below, area);
    s->ops->draw(s, area);
}

unsigned screen_place(struct screen *s)
{
    return s->ops->place_now ? s->ops->place_now(s) : s->ops->place;
}

static const char *title_of(const struct screen *s)
{
    while (s && !s->ops->title)
        s = s->below;
    return s ? s->ops->title : "";
}

static void draw_bottom(struct console *c, const struct canvas *screen)
{
    int y = screen->rows - 1;
    int x = canvas_text(screen, y, 0, 1, c->toast.style, span_of(""));
    if (c->toast.until)
        canvas_text(screen, y, x, screen->columns, c->toast.style, span_of(c->toast.text));
    else
        keybar_draw(screen, y, screen_place(c->top), can, c);
}

static void paint(struct console *c)
{
    struct canvas screen = canvas_screen();
    term_cursor(screen.rows - 1, 0, false);
    if (screen.rows < LEAST_ROWS || screen.columns < LEAST_COLUMNS) {
        canvas_clear(&screen, STYLE_NORMAL);
        canvas_text(&screen, 0, 0, screen.columns, STYLE_NORMAL,
                    span_of("too small: enlarge"));
    } else {
        struct canvas area = canvas_part(&screen, 1, 0, screen.rows - 2, screen.columns);
        draw_stack(c, c->top, &area);
        statusline_draw(&screen, title_of(c->top), c->workspace,
                        presence_count(c->presence), &c->options);
        draw_bottom(c, &screen);
    }
    term_flush();
    c->dirty = false;
}

/* The last line is the key bar, or a toast over it (told), which goes by a click and does nothing
 * else; the screens begin below the status line. What a screen does not take itself, the wheel
 * moves in. */
static void handle_mouse(struct console *c, const struct key *k, bool told)
{
    int rows, columns;
    struct screen *s = c->top;
    term_size(&rows, &columns);
    if (k->code == MOUSE_CLICK && k->y == rows - 1) {
        enum action a = keybar_at(columns, k->x, screen_place(s), can, c);
        if (a != ACTION_NONE && !told)
            console_dispatch(c, a);
        return;
    }
    if (s->ops->mouse && s->ops->mouse(s, k))
        return;
    if (k->code == MOUSE_CLICK || !s->ops->act)
        return;
    for (int i = 0; i < WHEEL_ROWS; i++)
        s->ops->act(s, k->code == MOUSE_UP ? ACTION_UP : ACTION_DOWN);
}

static void handle_key(struct console *c, const struct key *k)
{
    bool told = c->toast.until != 0;
    c->dirty = true;
    if (k->kind == KEY_KIND_RESIZE || k->kind == KEY_KIND_NONE)
        return; /* nobody pressed it: what was told stays to be read */
    c->toast.until = 0;
    if (k->kind == KEY_KIND_MOUSE) {
        handle_mouse(c, k, told);
        return;
    }
    if (c->top->ops->key && c->top->ops->key(c->top, k))
        return;
    if (k->kind == KEY_KIND_PASTE) {
        console_toast(c, STYLE_WARN,
                      "pasted text is ignored here: it belongs into a field");
        return;
    }
    enum action a = action_of_key(k, screen_place(c->top));
    if (a != ACTION_NONE)
        console_dispatch(c, a);
    else if (key_types(k) &&
             screen_place(c->top) & PLACE_FORM) /* who types looks at the keys */
        console_toast(c, STYLE_WARN,
                      "this is no field to type in: Tab goes to the next, Space changes "
                      "a choice");
}

/* ------------------------------------------------------------------ the loop */

static void refresh_stack(struct console *c, struct screen *s, unsigned changes)
{
    if (s->ops->holds)
        c->held |= changes;
    else if (s->below)
        refresh_stack(c, s->below, changes);
    if (s->ops->refresh)
        s->ops->refresh(s, changes);
}

/* How long until changes may be shown; -1: there are none. */
static int64_t refresh_in(struct console *c, int64_t now)
{
    if (!atomic_load(&c->changes))
        return -1;
    int64_t wait = c->refreshed_at + REFRESH_EVERY_MS - now;
    return wait > 0 ? wait : 0;
}

static void refresh_if_due(struct console *c, int64_t now)
{
    if (refresh_in(c, now) != 0)
        return;
    c->refreshed_at = now;
    unsigned changes = atomic_exchange(&c->changes, 0);
    refresh_stack(c, c->top, changes);
    if (changes & STORE_CHANGED_DELIVERIES)
        bell_check(&c->bell, c);
    c->dirty = true;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

static int64_t next_tick(struct screen *s)
{
    int64_t own = s->ops->tick ? s->ops->tick(s) : -1;
    return s->ops->covers || !s->below ? own : sooner(own, next_tick(s->below));
}

static int64_t next_due(struct console *c)
{
    int64_t next = -1;
    for (int i = 0; i < CONSOLE_ROOTS; i++)
        if (c->roots[i] && c->roots[i]->ops->due)
            next = sooner(next, c->roots[i]->ops->due(c->roots[i]));
    return next;
}

static void read_signals(struct console *c)
{
    struct signalfd_siginfo info;
    while (read(c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGWINCH) {
            term_resized();
            c->dirty = true;
        } else if (info.ssi_signo == SIGTSTP) {
            console_suspend(c);
        } else if (info.ssi_signo == SIGCONT) {
            term_continued();
            atomic_fetch_or(&c->changes, STORE_CHANGED_ALL);
        } else {
            c->ended = true;
        }
    }
}

/* What a pipe still holds is read to its end; a terminal that hung up is readable for ever, and
 * holds nothing. SIGHUP comes only where it is the controlling one. */
static bool keys_are_over(short revents)
{
    bool lost = revents & (POLLHUP | POLLERR | POLLNVAL);
    return term_ended() || (lost && !(term_is_plain() && revents & POLLIN));
}

static bool wait_for_something(struct console *c, struct err *err)
{
    uint64_t ignored;
    int64_t now = clock_monotonic_ms(), tick = next_tick(c->top);
    int64_t wait = sooner(sooner(refresh_in(c, now), tick), next_due(c));
    if (c->toast.until)
        wait = sooner(wait, c->toast.until > now ? c->toast.until - now : 0);
    struct pollfd fds[] = {{term_fd(), POLLIN, 0},
                           {c->wake_fd, POLLIN, 0},
                           {c->signal_fd, POLLIN, 0},
                           {presence_fd(c->presence), POLLIN, 0},
                           {config_watch_fd(c->config_watch), POLLIN, 0}};
    int ready = poll(fds, sizeof fds / sizeof *fds, wait > 1000000 ? 1000000 : (int)wait);
    if (ready < 0 && errno != EINTR)
        return err_set(err, ERR_IO, "waiting for keys failed: %s", strerror(errno));
    if (ready == 0 && tick >= 0)
        c->dirty = true;
    if (fds[1].revents && read(c->wake_fd, &ignored, sizeof ignored) > 0 &&
        !atomic_load(&c->changes))
        c->dirty = true;
    if (fds[2].revents)
        read_signals(c);
    if (fds[3].revents) {
        presence_read(c->presence);
        c->dirty = true;
    }
    if (fds[4].revents && config_watch_read(c->config_watch))
        console_reread_settings(c);
    if (keys_are_over(fds[0].revents))
        c->ended = true;
    now = clock_monotonic_ms();
    if (c->toast.until && c->toast.until <= now) {
        c->toast.until = 0;
        c->dirty = true;
    }
    return true;
}

bool console_run(struct console *c, struct err *err)
{
    struct key key;
    bool ok = true;
    console_show(c, ROOT_ALERTS);
    while (ok && c->top && !c->ended) {
        if (c->dirty)
            paint(c);
        ok = wait_for_something(c, err);
        run_posts(c);
        while (ok && c->top && !c->ended && term_key(&key))
            handle_key(c, &key);
        if (c->top && !c->ended)
            refresh_if_due(c, clock_monotonic_ms());
    }
    term_close();
    return ok;
}

/* ------------------------------------------------------------------ life */

static int open_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGCONT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static char *login_name(void)
{
    const struct passwd *p = getpwuid(getuid());
    return strdup(p && p->pw_name ? p->pw_name : "unknown");
}

/* What it cannot be without. */
static bool open_parts(struct console *c, struct err *err)
{
    const struct console_options *o = &c->options;
    c->workspace = strdup(o->workspace ? o->workspace : "default");
    c->user = login_name();
    if (!c->workspace || !c->user)
        return err_memory(err);
    c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->wake_fd < 0)
        return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
    c->signal_fd = open_signals();
    if (c->signal_fd < 0)
        return err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
    c->reader = store_reader_open(o->store, err);
    if (!c->reader || !term_open(o->call->plain, err))
        return false;
    return store_subscribe(o->store, store_has_changed, c) || err_memory(err);
}

/* What it does without where it must. */
static void open_extras(struct console *c)
{
    const struct console_options *o = &c->options;
    if (!o->read_only) { /* which leaves no trace, so it is not counted either */
        c->presence = presence_new(o->dir);
        if (o->call->config)
            config_make_folder(o->call->config);
    }
    c->config_watch = config_watch_new(o->call->config);
}

struct console *console_new(const struct console_options *o, struct err *err)
{
    struct console *c = calloc(1, sizeof *c);
    if (!c) {
        err_memory(err);
        return NULL;
    }
    c->options = *o;
    if (!settings_copy(&c->settings, o->settings, err)) {
        free(c);
        return NULL;
    }
    c->last_post = &c->posts;
    pthread_mutex_init(&c->lock, NULL);
    c->wake_fd = c->signal_fd = -1;
    if (!open_parts(c, err)) {
        console_free(&c);
        return NULL;
    }
    open_extras(c);
    term_theme(c->settings.text[SETTING_CONSOLE_THEME]);
    return c;
}

static void free_screens(struct console *c)
{
    while (c->top && c->top->below)
        console_pop(c);
    c->top = NULL;
    for (int i = 0; i < CONSOLE_ROOTS; i++)
        if (c->roots[i])
            c->roots[i]->ops->free(c->roots[i]);
}

void console_free(struct console **cp)
{
    struct console *c = *cp;
    if (!c)
        return;
    term_close();
    free_screens(c);
    settings_free(&c->settings);
    bell_free(&c->bell);
    presence_free(&c->presence);
    config_watch_free(&c->config_watch);
    free(c->argument);
    store_unsubscribe(c->options.store, store_has_changed, c);
    if (!c->options.read_only)
        store_drain(c->options.store); /* answers of steps still on their way post to us */
    for (struct post *p = take_posts(c), *next; p; p = next) {
        next = p->next;
        p->drop(p->arg);
        free(p);
    }
    store_reader_close(&c->reader);
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    if (c->signal_fd >= 0)
        close(c->signal_fd);
    pthread_mutex_destroy(&c->lock);
    free(c->workspace);
    free(c->user);
    free(c);
    *cp = NULL;
}
