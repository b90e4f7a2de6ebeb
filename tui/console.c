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
#include <time.h>
#include <unistd.h>

#include "base/timefmt.h"
#include "screens/screens.h"
#include "statusline.h"
#include "widgets/keybar.h"

enum { REFRESH_EVERY_MS = 100, TOAST_MS = 5000, LEAST_ROWS = 5, LEAST_COLUMNS = 20 };

struct post {
    struct post *next;
    void (*run)(void *arg);
    void (*drop)(void *arg);
    void *arg;
};

struct console {
    struct console_options options;
    struct store_reader *reader;
    char *workspace, *user;
    struct screen *top;
    int wake_fd, signal_fd;
    atomic_uint changes; /* enum store_change, set by the store's writer */
    int64_t refreshed_at;
    bool dirty, ended;
    struct {
        char text[256];
        enum style style;
        int64_t until; /* monotonic; 0: none */
    } toast;
    pthread_mutex_t lock; /* over the posts */
    struct post *posts, **last_post;
};

static int64_t monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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
    s->ops->free(s);
    c->dirty = true;
}

void console_dirty(struct console *c)
{
    c->dirty = true;
}

void console_toast(struct console *c, enum style style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->toast.text, sizeof c->toast.text, format, args);
    va_end(args);
    c->toast.style = style;
    c->toast.until = monotonic_ms() + TOAST_MS;
    c->dirty = true;
}

const struct console_options *console_options(const struct console *c)
{
    return &c->options;
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
    struct console *c = arg;
    if (c->options.read_only && (a->flags & ACTION_CHANGES))
        return false;
    return !c->top->ops->disabled || !c->top->ops->disabled(c->top, a->id);
}

static void draw_stack(struct console *c, struct screen *s, const struct canvas *area)
{
    if (!s->ops->covers && s->below)
        draw_stack(c, s->below, area);
    s->ops->draw(s, area);
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
    if (c->toast.until)
        canvas_format(screen, y, 0, screen->columns, c->toast.style, " %s", c->toast.text);
    else
        keybar_draw(screen, y, c->top->ops->place(c->top), can, c);
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
        statusline_draw(&screen, title_of(c->top), c->workspace, &c->options);
        draw_bottom(c, &screen);
    }
    term_flush();
    c->dirty = false;
}

/* ------------------------------------------------------------------ actions */

struct pending {
    struct console *console;
    struct screen *screen;
    enum action action;
};

static void do_pending(void *arg)
{
    struct pending *p = arg;
    p->screen->ops->act(p->screen, p->action);
}

static void ask_first(struct console *c, struct screen *s, enum action a)
{
    char question[400] = "Go on?";
    struct pending *p = malloc(sizeof *p);
    if (!p)
        return;
    *p = (struct pending){c, s, a};
    if (s->ops->ask)
        s->ops->ask(s, a, question, sizeof question);
    console_push(c, confirm_new(c, question, do_pending, free, p));
}

static bool holds_engine(struct console *c, struct host_status *status)
{
    if (!c->options.host)
        return false;
    host_status(c->options.host, status);
    return status->state == HOST_RUNNING || status->state == HOST_DEGRADED;
}

static void quit_now(void *arg)
{
    ((struct console *)arg)->ended = true;
}

static void keep(void *arg)
{
    (void)arg;
}

static void quit(struct console *c)
{
    struct host_status status;
    if (!holds_engine(c, &status)) {
        c->ended = true;
        return;
    }
    console_push(
        c,
        confirm_new(c,
                    "Quit? This console runs the engine: nothing is received or delivered "
                    "until opik-alerts runs again. What waits is kept.",
                    quit_now, keep, c));
}

/* The whole job stops, as ^Z in a shell does it. Not SIGSTOP: where no shell could continue
 * us, the kernel passes over a SIGTSTP. */
static void stop_job(void)
{
    struct sigaction before, standard = {.sa_handler = SIG_DFL};
    sigset_t set, mask;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigaction(SIGTSTP, &standard, &before);
    pthread_sigmask(SIG_UNBLOCK, &set, &mask);
    kill(0, SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTSTP, &before, NULL);
}

static void suspend_now(void *arg)
{
    struct console *c = arg;
    struct err err;
    if (c->options.host)
        host_pause(c->options.host);
    term_suspend();
    stop_job();
    term_resume();
    if (c->options.host && !host_resume(c->options.host, &err))
        console_toast(c, STYLE_ERROR, "%s", err.text);
    atomic_fetch_or(&c->changes, STORE_CHANGED_ALL);
    c->dirty = true;
}

static void suspend(struct console *c)
{
    struct host_status status;
    if (!holds_engine(c, &status)) {
        suspend_now(c);
        return;
    }
    console_push(
        c, confirm_new(
               c,
               "Suspend? This console runs the engine: deliveries stop until fg, unless "
               "another opik-alerts takes over.",
               suspend_now, keep, c));
}

static void workspace_chosen(void *arg, const char *name)
{
    struct console *c = arg;
    char *copy = strdup(*name ? name : "default");
    if (!copy)
        return;
    free(c->workspace);
    c->workspace = copy;
    atomic_fetch_or(&c->changes, STORE_CHANGED_ALL);
    c->refreshed_at = 0;
}

static bool act_everywhere(struct console *c, enum action a)
{
    switch (a) {
    case ACTION_QUIT:
        quit(c);
        return true;
    case ACTION_HELP:
        console_push(c, help_new(c, c->top->ops->place(c->top)));
        return true;
    case ACTION_BACK:
        console_pop(c);
        return true;
    case ACTION_REDRAW:
        term_redraw();
        return true;
    case ACTION_SUSPEND:
        suspend(c);
        return true;
    case ACTION_WORKSPACE:
        console_push(c, prompt_new(c, "Workspace", c->workspace, workspace_chosen, c));
        return true;
    default:
        return false;
    }
}

/* The one gate: what changes and what destroys is judged here and nowhere else. */
static void dispatch(struct console *c, enum action a)
{
    struct screen *s = c->top;
    const struct action_info *info = action_info(a);
    const char *why = s->ops->disabled ? s->ops->disabled(s, a) : NULL;
    if (c->options.read_only && (info->flags & ACTION_CHANGES))
        console_toast(c, STYLE_WARN, "read-only: %s is not possible here", info->name);
    else if (why)
        console_toast(c, STYLE_WARN, "%s", why);
    else if (info->flags & ACTION_DESTROYS)
        ask_first(c, s, a);
    else if (!s->ops->act(s, a))
        act_everywhere(c, a);
}

static void handle_key(struct console *c, const struct key *k)
{
    c->dirty = true;
    c->toast.until = 0;
    if (k->kind == KEY_KIND_RESIZE || k->kind == KEY_KIND_NONE)
        return;
    if (c->top->ops->key && c->top->ops->key(c->top, k))
        return;
    if (k->kind == KEY_KIND_PASTE) {
        console_toast(c, STYLE_WARN,
                      "pasted text is ignored here: it belongs into a field");
        return;
    }
    enum action a = action_of_key(k, c->top->ops->place(c->top));
    if (a != ACTION_NONE)
        dispatch(c, a);
}

/* ------------------------------------------------------------------ the loop */

static void refresh_stack(struct console *c, struct screen *s, unsigned changes)
{
    if (s->below)
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
    refresh_stack(c, c->top, atomic_exchange(&c->changes, 0));
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

static void read_signals(struct console *c)
{
    struct signalfd_siginfo info;
    while (read(c->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGWINCH) {
            term_resized();
            c->dirty = true;
        } else if (info.ssi_signo == SIGTSTP) {
            suspend_now(c);
        } else {
            c->ended = true;
        }
    }
}

static bool wait_for_something(struct console *c, struct err *err)
{
    uint64_t ignored;
    int64_t now = monotonic_ms(), tick = next_tick(c->top);
    int64_t wait = sooner(refresh_in(c, now), tick);
    if (c->toast.until)
        wait = sooner(wait, c->toast.until > now ? c->toast.until - now : 0);
    struct pollfd fds[] = {
        {term_fd(), POLLIN, 0}, {c->wake_fd, POLLIN, 0}, {c->signal_fd, POLLIN, 0}};
    int ready = poll(fds, 3, wait > 1000000 ? 1000000 : (int)wait);
    if (ready < 0 && errno != EINTR)
        return err_set(err, ERR_IO, "waiting for keys failed: %s", strerror(errno));
    if (ready == 0 && tick >= 0)
        c->dirty = true;
    if (fds[1].revents && read(c->wake_fd, &ignored, sizeof ignored) > 0 &&
        !atomic_load(&c->changes))
        c->dirty = true;
    if (fds[2].revents)
        read_signals(c);
    if (fds[0].revents & (POLLHUP | POLLERR))
        c->ended = true; /* the terminal is gone */
    now = monotonic_ms();
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
    console_push(c, alerts_new(c));
    while (ok && c->top && !c->ended) {
        if (c->dirty)
            paint(c);
        ok = wait_for_something(c, err);
        run_posts(c);
        while (ok && c->top && !c->ended && term_key(&key))
            handle_key(c, &key);
        if (c->top && !c->ended)
            refresh_if_due(c, monotonic_ms());
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
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static char *login_name(void)
{
    const struct passwd *p = getpwuid(getuid());
    return strdup(p && p->pw_name ? p->pw_name : "unknown");
}

struct console *console_new(const struct console_options *o, struct err *err)
{
    struct console *c = calloc(1, sizeof *c);
    if (!c) {
        err_memory(err);
        return NULL;
    }
    c->options = *o;
    c->last_post = &c->posts;
    pthread_mutex_init(&c->lock, NULL);
    c->workspace = strdup(o->workspace ? o->workspace : "default");
    c->user = login_name();
    c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    c->signal_fd = open_signals();
    c->reader = store_reader_open(o->store, err);
    if (c->reader && c->workspace && c->user && c->wake_fd >= 0 && c->signal_fd >= 0 &&
        term_open(err) && store_subscribe(o->store, store_has_changed, c))
        return c;
    if (c->reader && !c->workspace)
        err_memory(err);
    console_free(&c);
    return NULL;
}

void console_free(struct console **cp)
{
    struct console *c = *cp;
    if (!c)
        return;
    term_close();
    while (c->top)
        console_pop(c);
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
