/* What a struct console is made of. Internal to console.c and console_actions.c. */
#ifndef TUI_CONSOLE_IMPL_H
#define TUI_CONSOLE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "bell.h"
#include "config_watch.h"
#include "console.h"
#include "presence.h"

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
    struct screen *roots[CONSOLE_ROOTS]; /* that were shown; the one in use is below the others */
    char *argument;                      /* see console_argument() */
    struct settings settings;
    struct presence *presence; /* NULL: how many are attached is not known */
    struct config_watch *config_watch;
    struct bell bell;
    bool mouse_off;
    int wake_fd, signal_fd;
    atomic_uint changes; /* enum store_change, set by the store's writer */
    unsigned held;       /* those that a screen on top holds back */
    int64_t refreshed_at;
    bool dirty, ended;
    struct {
        char text[2048]; /* more than a line of any screen */
        enum style style;
        int64_t until; /* monotonic; 0: none */
    } toast;
    pthread_mutex_t lock; /* over the posts */
    struct post *posts, **last_post;
};


/* The gate and what it lets through: does an action, or says why not. */
void console_dispatch(struct console *c, enum action a);
void console_reread_settings(struct console *c); /* the file of settings was changed */
void console_suspend(struct console *c); /* at once, without a question */

#endif
