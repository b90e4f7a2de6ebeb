/* The console: the loop of the one thread that calls ncurses.
 *
 * It waits for keys, signals (signalfd) and wake-ups (eventfd) together, hands keys to the
 * screen on top through the action table, refreshes what changed in the store at most ten times
 * a second, and draws once per turn. Screens form a stack; dialogs are screens that cover
 * others in part. Idle it draws nothing and wakes up for nothing. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "actions.h"
#include "base/clock.h"
#include "base/err.h"
#include "canvas.h"
#include "config.h"
#include "host.h"
#include "keys.h"
#include "model/settings.h"
#include "store/store.h"

struct console;
struct screen;

struct screen_ops {
    const char *title;              /* breadcrumb: Configuration > Alerts; NULL: of the one below */
    bool covers;                    /* false: a dialog, the one below stays visible */
    bool holds;                     /* what is below is not refreshed meanwhile: what was asked
                                       about is what the answer is about */
    void (*free)(struct screen *s);
    unsigned place; /* which place of the action table has the keys */
    unsigned (*place_now)(struct screen *s); /* instead of it; NULL: always that one */
    /* enum store_change: read again; NULL: never */
    void (*refresh)(struct screen *s, unsigned changes);
    void (*draw)(struct screen *s, const struct canvas *c);
    bool (*act)(struct screen *s, enum action a);        /* false: not mine */
    bool (*key)(struct screen *s, const struct key *k); /* before the table: fields take their text.
                                                           false: look it up. NULL: none */
    /* What a DESTROYS action would do, as the question to ask ("Delete alert 'x'? ..."). */
    void (*ask)(struct screen *s, enum action a, char *out, size_t size);
    /* Whether an action is possible now; NULL text: yes, else why not. NULL function: always. */
    const char *(*disabled)(struct screen *s, enum action a);
    /* Whether leaving it would lose what was typed. NULL: never. */
    bool (*unsaved)(struct screen *s);
    /* How many things an action is about (marked rows, or the selected one). NULL: one. */
    size_t (*chosen)(struct screen *s, enum action a);
    /* A click or the wheel, in coordinates of the whole screen. False, or NULL: not mine. */
    bool (*mouse)(struct screen *s, const struct key *k);
    /* Milliseconds until it must be drawn again by itself (countdowns); -1: not by itself. */
    int64_t (*tick)(struct screen *s);
    /* Does what is due by now, and says in how many milliseconds more is; -1: nothing is to come.
     * Asked of every root, also of those that are not shown. NULL: nothing ever is. */
    int64_t (*due)(struct screen *s);
};

/* The first member of every screen's own struct. */
struct screen {
    const struct screen_ops *ops;
    struct console *console;
    struct screen *below;
};

unsigned screen_place(struct screen *s); /* that has the keys now; 0: none */

/* The screens that stand at the bottom of the stack; they are kept when another is shown. */
enum console_root {
    ROOT_ALERTS, ROOT_DELIVERIES, ROOT_BUCKETS, ROOT_ACTIVITY, ROOT_OVERVIEW, ROOT_PROJECTS,
    ROOT_SETTINGS, ROOT_SILENCES, ROOT_AUDIT, CONSOLE_ROOTS
};

struct console_options {
    struct store *store;
    struct host *host;         /* NULL under --read-only */
    const struct settings *settings;
    const struct clock *clock;
    const char *workspace;     /* NULL: default */
    const char *dir;
    bool read_only;            /* also: not counted among the consoles */
    const struct call *call;   /* where settings come from, to read them again */
    const char *banner;        /* "demo", in the status line: nothing is kept; NULL: none */
};

/* Opens the terminal and runs until the person quits. False: it could not start. */
struct console *console_new(const struct console_options *options, struct err *err);
bool console_run(struct console *c, struct err *err);
void console_free(struct console **c);
void console_wake(struct console *c); /* any thread: look again (host state, tester, step done) */

/* For screens, on the console's thread. */
void console_push(struct console *c, struct screen *s);
void console_pop(struct console *c);              /* frees the one on top; the last one quits */
void console_show(struct console *c, enum console_root root); /* instead of all that is open */
/* Does an action as if its key were pressed; `argument`: the words after it, or NULL. */
void console_do(struct console *c, enum action a, const char *argument);
/* The words that an action was given on the `:` line, while it is carried out; NULL: none. */
const char *console_argument(const struct console *c);
/* Why an action is not possible on the screen on top; NULL: it is. */
const char *console_why_not(struct console *c, enum action a);
/* The settings as they stand, and a change of one, which is checked, written to the file of
 * settings and handed to the engine of this process. */
const struct settings *console_settings(const struct console *c);
bool console_change_setting(struct console *c, const char *key, const char *value,
                            struct err *err);
void console_toast(struct console *c, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const struct console_options *console_options(const struct console *c);
int64_t console_now(const struct console *c); /* wall clock, ms since 1970 */
struct store_reader *console_reader(struct console *c);
const char *console_workspace(const struct console *c);
const char *console_user(const struct console *c); /* the login name: who did it */

/* Runs an answer on the console's thread: for store steps, whose done comes on another. The
 * values it needs travel in `arg`; `drop` frees it when the console ends before. */
void console_post(struct console *c, void (*run)(void *arg), void (*drop)(void *arg), void *arg);

#endif
