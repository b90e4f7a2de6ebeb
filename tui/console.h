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
#include "host.h"
#include "keys.h"
#include "model/settings.h"
#include "store/store.h"

struct console;
struct screen;

struct screen_ops {
    const char *title;              /* breadcrumb: Configuration > Alerts; NULL: of the one below */
    bool covers;                    /* false: a dialog, the one below stays visible */
    void (*free)(struct screen *s);
    unsigned (*place)(struct screen *s);  /* which place of the action table has the keys */
    void (*refresh)(struct screen *s, unsigned changes); /* enum store_change: read again; NULL: never */
    void (*draw)(struct screen *s, const struct canvas *c);
    bool (*act)(struct screen *s, enum action a);        /* false: not mine */
    bool (*key)(struct screen *s, const struct key *k);  /* before the table: fields take their text.
                                                            false: look it up. NULL: none */
    /* What a DESTROYS action would do, as the question to ask ("Delete alert 'x'? ..."). */
    void (*ask)(struct screen *s, enum action a, char *out, size_t size);
    /* Whether an action is possible now; NULL text: yes, else why not. NULL function: always. */
    const char *(*disabled)(struct screen *s, enum action a);
    /* Milliseconds until it must be drawn again by itself (countdowns); -1: not by itself. */
    int64_t (*tick)(struct screen *s);
};

/* The first member of every screen's own struct. */
struct screen {
    const struct screen_ops *ops;
    struct console *console;
    struct screen *below;
};

struct console_options {
    struct store *store;
    struct host *host;         /* NULL under --read-only */
    const struct settings *settings;
    const struct clock *clock;
    const char *workspace;     /* NULL: default */
    const char *dir;
    bool read_only;
    const char *banner;        /* shown in the status line ("demo"); NULL: none */
};

/* Opens the terminal and runs until the person quits. False: it could not start. */
struct console *console_new(const struct console_options *options, struct err *err);
bool console_run(struct console *c, struct err *err);
void console_free(struct console **c);
void console_wake(struct console *c); /* any thread: look again (host state, tester, step done) */

/* For screens, on the console's thread. */
void console_push(struct console *c, struct screen *s);
void console_pop(struct console *c);              /* frees the one on top; the last one quits */
void console_dirty(struct console *c);            /* draw at the end of this turn */
void console_toast(struct console *c, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const struct console_options *console_options(const struct console *c);
struct store_reader *console_reader(struct console *c);
const char *console_workspace(const struct console *c);
const char *console_user(const struct console *c); /* the login name: who did it */

/* Runs an answer on the console's thread: for store steps, whose done comes on another. The
 * values it needs travel in `arg`; `drop` frees it when the console ends before. */
void console_post(struct console *c, void (*run)(void *arg), void (*drop)(void *arg), void *arg);

#endif
