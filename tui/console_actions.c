#include "console_impl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config.h"
#include "model/event.h"
#include "screens/screens.h"
#include "short_text.h"
#include "store/aside.h"
#include "store/audit.h"

enum { QUESTION_SIZE = 2048, VALUE_TOLD = 90 };

struct pending {
    struct console *console;
    struct screen *screen;
    enum action action;
    char *argument; /* the words after it; NULL: none */
};

static void do_pending(void *arg)
{
    struct pending *p = arg;
    struct console *c = p->console;
    char *argument = p->argument;
    p->argument = NULL;
    free(c->argument);
    c->argument = argument;
    p->screen->ops->act(p->screen, p->action);
    if (c->argument == argument) {
        free(argument);
        c->argument = NULL;
    }
}

static void drop_pending(void *arg)
{
    free(((struct pending *)arg)->argument);
    free(arg);
}

static void ask_first(struct console *c, struct screen *s, enum action a)
{
    char question[QUESTION_SIZE] = "Go on?";
    struct pending *p = malloc(sizeof *p);
    if (!p)
        return;
    *p = (struct pending){c, s, a, c->argument ? strdup(c->argument) : NULL};
    if (s->ops->ask)
        s->ops->ask(s, a, question, sizeof question);
    console_push(c, confirm_new(c, question, do_pending, drop_pending, p));
}

static struct screen *(*const ROOTS[CONSOLE_ROOTS])(struct console *c) = {
    alerts_new,   deliveries_new, buckets_new,  activity_new,
    overview_new, projects_new,   settings_new, silences_new, audit_new,
};

static bool is_root(const struct console *c, const struct screen *s)
{
    for (int i = 0; i < CONSOLE_ROOTS; i++)
        if (c->roots[i] == s)
            return true;
    return false;
}

void console_show(struct console *c, enum console_root root)
{
    while (c->top && !is_root(c, c->top))
        console_pop(c);
    c->top = NULL;
    if (!c->roots[root])
        c->roots[root] = ROOTS[root](c);
    console_push(c, c->roots[root]);
    if (!c->top)
        c->ended = true; /* no memory for a screen at all */
}

static bool has_unsaved(const struct console *c)
{
    for (struct screen *s = c->top; s; s = s->below)
        if (s->ops->unsaved && s->ops->unsaved(s))
            return true;
    return false;
}

#define NOT_SAVED "What you changed in the form is not saved. "

struct leaving {
    struct console *console;
    enum action action;
    char *argument;
};

static void leave(void *arg)
{
    struct leaving *l = arg;
    console_show(l->console, (enum console_root)(l->action - ACTION_SHOW_ALERTS));
    console_do(l->console, l->action, l->argument);
}

static void stay(void *arg)
{
    free(((struct leaving *)arg)->argument);
    free(arg);
}

static void ask_to_leave(struct console *c, enum action a)
{
    struct leaving *l = malloc(sizeof *l);
    if (!l)
        return;
    *l = (struct leaving){c, a, c->argument ? strdup(c->argument) : NULL};
    console_push(c, confirm_new(c, NOT_SAVED "Leave it?", leave, stay, l));
}

/* `:deliveries status:dead` shows the screen with that filter. */
static void show(struct console *c, enum action a)
{
    if (has_unsaved(c)) {
        ask_to_leave(c, a);
        return;
    }
    console_show(c, (enum console_root)(a - ACTION_SHOW_ALERTS));
    if (c->argument && c->top)
        c->top->ops->act(c->top, ACTION_FILTER);
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

/* A banner says that all of it is thrown away. */
static const char *what_ends(const struct console *c)
{
    if (c->options.banner)
        return "The demo ends, and nothing of it is kept.";
    return "This console runs the engine: nothing is received or delivered until opik-alerts "
           "runs again. What waits is kept.";
}

static void quit(struct console *c)
{
    struct host_status status;
    bool engine = holds_engine(c, &status), unsaved = has_unsaved(c);
    char question[400];
    if (!engine && !unsaved) {
        c->ended = true;
        return;
    }
    snprintf(question, sizeof question, "Quit? %s%s", unsaved ? NOT_SAVED : "",
             engine ? what_ends(c) : "");
    console_push(c, confirm_new(c, question, quit_now, keep, c));
}

/* The whole job stops, as ^Z in a shell does it. Not SIGSTOP: where no shell could continue
 * us, the kernel passes over a SIGTSTP. The SIGCONT is not told of: we know. */
static void stop_job(void)
{
    static const struct timespec at_once = {0};
    struct sigaction before, standard = {.sa_handler = SIG_DFL};
    sigset_t set, mask;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigaction(SIGTSTP, &standard, &before);
    pthread_sigmask(SIG_UNBLOCK, &set, &mask);
    kill(0, SIGTSTP);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGTSTP, &before, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sigtimedwait(&set, NULL, &at_once);
}

static void suspend_now(void *arg)
{
    struct console *c = arg;
    struct err err;
    if (c->options.host)
        host_pause(c->options.host);
    term_suspend();
    store_park(
        c->options.store); /* or it keeps others from writing for as long as it stands */
    stop_job();
    store_unpark(c->options.store);
    term_resume();
    if (c->options.host && !host_resume(c->options.host, &err))
        console_toast(c, STYLE_ERROR, "%s", err.text);
    atomic_fetch_or(&c->changes, STORE_CHANGED_ALL);
    c->dirty = true;
}

void console_suspend(struct console *c)
{
    suspend_now(c);
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

struct entering {
    struct console *console;
    char *workspace;
};

static void enter(void *arg)
{
    struct entering *e = arg;
    struct console *c = e->console;
    free(c->workspace);
    c->workspace = e->workspace;
    e->workspace = NULL;
    atomic_fetch_or(&c->changes, STORE_CHANGED_ALL);
    c->refreshed_at = 0;
}

static void stay_out(void *arg)
{
    free(((struct entering *)arg)->workspace);
    free(arg);
}

/* One that nothing is known of is a slip of the keys, or one to be begun. */
static bool workspace_chosen(void *arg, const char *name, struct err *err)
{
    struct console *c = arg;
    char question[QUESTION_SIZE];
    name = *name ? name : "default";
    if (!workspace_fits(name))
        return err_set(err, ERR_INVALID,
                       "a workspace's name must be plain text of at most %d characters",
                       WORKSPACE_MAX);
    bool known = strcmp(name, "default") == 0;
    if (!known && !store_workspace_known(c->reader, name, &known, err))
        return false;
    struct entering *e = calloc(1, sizeof *e);
    if (!e || !(e->workspace = strdup(name))) {
        free(e);
        return err_memory(err);
    }
    e->console = c;
    if (known) {
        enter(e);
        stay_out(e);
        return true;
    }
    snprintf(question, sizeof question,
             "There is no workspace \"%s\": no alert, project, prompt or delivery is of it. "
             "Go there all the same?",
             short_text(&(struct short_text){0}, name, 160));
    console_push(c, confirm_new(c, question, enter, stay_out, e));
    return true;
}

static void choose_workspace(struct console *c, const char *name)
{
    struct err err;
    if (!name)
        console_push(c, prompt_new(c, "Workspace", c->workspace, workspace_chosen, c));
    else if (!workspace_chosen(c, name, &err))
        console_toast(c, STYLE_ERROR, "%s", err.text);
}

static void switch_mouse(struct console *c)
{
    c->mouse_off = !c->mouse_off;
    term_mouse(!c->mouse_off);
    console_toast(c, STYLE_NORMAL,
                  c->mouse_off ? "mouse off: the terminal selects text itself; m turns it on"
                               : "mouse on");
}

static bool act_everywhere(struct console *c, enum action a)
{
    if (a >= ACTION_SHOW_ALERTS && a <= ACTION_SHOW_AUDIT) {
        show(c, a);
        return true;
    }
    switch (a) {
    case ACTION_KEYS:
        console_push(c, palette_new(c, false));
        return true;
    case ACTION_COMMAND:
        console_push(c, palette_new(c, true));
        return true;
    case ACTION_MOUSE:
        switch_mouse(c);
        return true;
    case ACTION_QUIT:
        quit(c);
        return true;
    case ACTION_HELP:
        console_push(c, help_new(c, screen_place(c->top)));
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
        choose_workspace(c, c->argument);
        return true;
    default:
        return false;
    }
}

const char *console_why_not(struct console *c, enum action a)
{
    struct screen *s = c->top;
    if (c->options.read_only && (action_info(a)->flags & ACTION_CHANGES))
        return "read-only: nothing can be changed here";
    return s->ops->disabled ? s->ops->disabled(s, a) : NULL;
}

static bool must_ask(struct screen *s, enum action a)
{
    unsigned flags = action_info(a)->flags;
    return (flags & ACTION_DESTROYS) ||
           ((flags & ACTION_BULK) && s->ops->chosen && s->ops->chosen(s, a) > 1);
}

/* The one gate: what changes and what destroys is judged here and nowhere else. */
void console_dispatch(struct console *c, enum action a)
{
    struct screen *s = c->top;
    const char *why = console_why_not(c, a);
    if (why)
        console_toast(c, STYLE_WARN, "%s", why);
    else if (must_ask(s, a))
        ask_first(c, s, a);
    else if (!s->ops->act(s, a))
        act_everywhere(c, a);
}

void console_do(struct console *c, enum action a, const char *argument)
{
    char *copy = argument && *argument ? strdup(argument) : NULL;
    free(c->argument);
    c->argument = copy;
    console_dispatch(c, a);
    if (c->argument == copy) {
        free(copy);
        c->argument = NULL;
    }
}

const struct settings *console_settings(const struct console *c)
{
    return &c->settings;
}

/* Takes them over. */
static void use_settings(struct console *c, struct settings *next)
{
    settings_free(&c->settings);
    c->settings = *next;
    term_theme(c->settings.text[SETTING_CONSOLE_THEME]);
    if (c->options.host)
        host_set_settings(c->options.host, &c->settings);
    c->dirty = true;
}

struct told {
    bool failed;
    struct err err;
};

static void note_told(void *arg, const struct err *err, const void *result)
{
    struct told *t = arg;
    (void)result;
    t->failed = err != NULL;
    if (err)
        t->err = *err;
}

/* Told before it is done, as a file is no part of the store's transaction: what is told and
 * then fails is told again. Waits for the commit. */
static bool tell_setting(struct console *c, const char *key, const char *detail,
                         struct err *err)
{
    const struct audit_entry entry = {.action = action_info(ACTION_SETTING_CHANGE)->name,
                                      .name = key,
                                      .detail = detail};
    struct told told = {0};
    store_audit(c->options.store, &entry, c->user, note_told, &told);
    store_drain(c->options.store);
    return !told.failed || err_set(err, told.err.code, "%s", told.err.text);
}

static bool write_setting(struct console *c, enum setting which, const struct settings *next,
                          const char *value, struct err *err)
{
    const char *key = setting_info(which)->key;
    const char *now = settings_show(next, which);
    const char *before = settings_show(&c->settings, which);
    char detail[800];
    snprintf(detail, sizeof detail, "%.*s, before: %.*s", (int)text_first(now, VALUE_TOLD), now,
             (int)text_first(before, VALUE_TOLD), before);
    if (!tell_setting(c, key, detail, err))
        return false;
    if (config_write(c->options.call->config, key, value, err))
        return true;
    snprintf(detail, sizeof detail, "stayed as it was: %s", err->text);
    tell_setting(c, key, detail, &(struct err){0});
    return false;
}

/* Checked on a copy first: nothing is written that could not be read again. */
bool console_change_setting(struct console *c, const char *key, const char *value,
                            struct err *err)
{
    struct settings next;
    if (!c->options.call->config)
        return err_set(err, ERR_UNSUPPORTED, "there is no file of settings");
    if (!settings_copy(&next, &c->settings, err))
        return false;
    bool fine = settings_set(&next, span_of(key), span_of(value), ORIGIN_FILE, NULL, err);
    int which = 0;
    while (which + 1 < SETTING_COUNT && strcmp(setting_info((enum setting)which)->key, key) != 0)
        which++;
    if (fine && next.origin[which] > ORIGIN_FILE)
        fine = err_set(err, ERR_DENIED, "%s comes from %s, which the file cannot change", key,
                       setting_origin_name(next.origin[which]));
    fine = fine && settings_check(&next, err) &&
           write_setting(c, (enum setting)which, &next, value, err);
    if (!fine) {
        settings_free(&next);
        return false;
    }
    use_settings(c, &next);
    return true;
}

void console_reread_settings(struct console *c)
{
    struct settings next;
    struct err err;
    if (!config_load(c->options.call, &next, &err)) {
        console_toast(c, STYLE_ERROR, "the settings stay as they were: %s", err.text);
        return;
    }
    if (settings_same(&next, &c->settings)) {
        settings_free(&next);
        return;
    }
    use_settings(c, &next);
    console_toast(c, STYLE_NORMAL, "the file of settings was changed, and read again");
}

const char *console_argument(const struct console *c)
{
    return c->argument;
}
