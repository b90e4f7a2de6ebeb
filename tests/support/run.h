/* Runs programs for tests: a directory of their own, their output, their exit status. */
#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* After it a program counts as hung. Far longer than anything here takes, for a machine that is
 * loaded or stands still for a time. */
#define RUN_DEADLINE_MS 120000

/* A directory in $TMPDIR, mode 0700; run_dir_remove() takes everything in it. */
void run_dir_make(char *out, size_t size);
void run_dir_remove(const char *dir);
void run_write_file(const char *path, const char *text, unsigned mode);

/* A finished program. Strings are terminated; status is -1 for one that a signal ended. */
struct run {
    int status;
    char *out, *err;
};
/* Runs argv (NULL at the end) with `in` as standard input and waits. */
void run_program(struct run *r, const char *in, const char *const *argv);
void run_free(struct run *r);

/* A program that goes on. */
struct run_child {
    pid_t pid;
    int out_fd, err_fd;
    char out[65536], err[65536]; /* what it has printed so far */
    size_t out_len, err_len;
};
void run_start(struct run_child *c, const char *const *argv);
/* Whether `text` comes on standard output (or error) before the deadline. */
bool run_wait_out(struct run_child *c, const char *text, int deadline_ms);
bool run_wait_err(struct run_child *c, const char *text, int deadline_ms);
/* Waits for the end; the exit status, -1: a signal, -2: still there at the deadline. */
int run_wait_end(struct run_child *c, int deadline_ms);
void run_kill(struct run_child *c); /* SIGKILL where it still runs, and closes */

long long run_now_ms(void);

#endif
