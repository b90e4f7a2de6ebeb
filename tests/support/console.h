/* The console in a terminal, on a data directory of its own and a free port. */
#ifndef SUPPORT_CONSOLE_H
#define SUPPORT_CONSOLE_H

#include "support/terminal.h"

struct console_fixture {
    char *dir; /* data in DIR/data, the config file in DIR/opik-alerts/config.ini */
    struct terminal *terminal;
};

/* Starts it in f->dir (made when NULL). env: one more NAME=VALUE, or NULL; argument: one more, or
 * NULL. */
void console_fixture_start(struct console_fixture *f, const struct terminal_options *options,
                           const char *env, const char *argument);
void console_fixture_stop(struct console_fixture *f); /* kills it; the directory stays */
void console_fixture_remove(struct console_fixture *f);

/* For cmocka: *state is a struct console_fixture, which was not started. */
int console_fixture_set_up(void **state);
int console_fixture_set_up_running(void **state); /* but this one was, in 24 rows of 80 */
int console_fixture_tear_down(void **state);

/* Runs a verb on the same data directory; returns its exit status. */
int console_fixture_run(struct console_fixture *f, const char *words);
void console_fixture_add_alert(struct console_fixture *f, const char *name, const char *event,
                               const char *url);
void console_fixture_send_error(struct console_fixture *f); /* through the running intake */

#endif
