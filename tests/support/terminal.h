/* A program in a real terminal: a pty whose bytes libvterm turns into a screen.
 *
 * Every wait has a deadline in real time and gives the screen in its failure; nothing sleeps
 * for a fixed time. One thread. Failures end the test through cmocka's fail_msg(). */
#ifndef SUPPORT_TERMINAL_H
#define SUPPORT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

struct terminal;

struct terminal_options {
    int rows, columns;
    const char *term;          /* TERM; NULL: xterm-256color */
    const char *locale;        /* LC_ALL; NULL: C.UTF-8 */
    const char *const *env;    /* further NAME=VALUE, NULL-terminated; may be NULL */
    bool keep;                 /* every byte for terminal_bytes() */
};

struct terminal *terminal_start(const struct terminal_options *options, char *const argv[]);
void terminal_free(struct terminal **t); /* kills the program if it still runs */

void terminal_send(struct terminal *t, const char *keys);  /* bytes as they are */
void terminal_type(struct terminal *t, const char *text); /* the same, and waits until it settles */
void terminal_resize(struct terminal *t, int rows, int columns);

/* The screen as lines of UTF-8 without blanks at their ends; borrowed until the next call. */
const char *terminal_screen(struct terminal *t);
/* All that the program has written so far, where options.keep; borrowed until the next call. */
struct span terminal_bytes(const struct terminal *t);
int terminal_bells(const struct terminal *t); /* that rang so far */
bool terminal_shows(struct terminal *t, const char *text);
void terminal_cursor(struct terminal *t, int *row, int *column);

void terminal_wait(struct terminal *t, const char *text);      /* until it is shown */
/* Types, then waits for that. */
void terminal_press(struct terminal *t, const char *keys, const char *shows);
void terminal_wait_gone(struct terminal *t, const char *text); /* until it is not */

/* Reads until nothing has come for quiet_ms; returns the bytes that came. */
size_t terminal_settle(struct terminal *t, int quiet_ms);

/* Waits for the end of the program: its exit status, or 128 + signal. */
int terminal_exit(struct terminal *t);
pid_t terminal_pid(const struct terminal *t);
/* The path of the terminal, as another program would open it. */
void terminal_path(const struct terminal *t, char *out, size_t size);

void terminal_extent(const struct terminal *t, int *rows, int *columns);
/* How a cell looks, in words (" bold red"); empty: as the terminal's own text. */
void terminal_look(struct terminal *t, int row, int column, struct buf *out);

/* Compares the screen and its looks with tests/screens/golden/NAME.screen (support/golden.c). What
 * changes from run to run is blotted out first: ids, ports, times. UPDATE_GOLDEN=1 writes the
 * file instead. */
void terminal_golden(struct terminal *t, const char *name);

#endif
