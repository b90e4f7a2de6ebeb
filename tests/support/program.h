/* The built program, for tests of the command line: each call gets a data directory and a
 * config file of its own and no settings from outside. The path is in $OPIK_ALERTS. */
#ifndef SUPPORT_PROGRAM_H
#define SUPPORT_PROGRAM_H

#include <jansson.h>

#include "support/run.h"

struct program {
    char dir[256]; /* data directory */
    char config[300];
    char file[300]; /* room for one input file */
};

int program_setup(void **state); /* of cmocka: makes a struct program */
int program_teardown(void **state);

/* Runs it with words that are separated by blanks (no quoting) and text as standard input.
 */
void program_run(const struct program *p, struct run *r, const char *in, const char *words);
void program_start(const struct program *p, struct run_child *c, const char *words);

/* Fails the test, with what was printed, unless the status is that. */
void program_expect(const struct program *p, struct run *r, int status, const char *in,
                    const char *words);

/* The output of a call that must succeed, as JSON; freed by the caller. */
json_t *program_json(const struct program *p, const char *words);

/* Creates an alert and yields its id. */
void program_create(const struct program *p, const char *json, char id[64]);

/* Starts `serve` with port 0 and waits for its line; url gets what it says. */
void program_serve(const struct program *p, struct run_child *c, const char *words,
                   char url[128]);

/* Waits for a text on standard output (or error); fails the test, with all that was printed
 * and whether it has ended, when that does not come. */
void program_wait_out(struct run_child *c, const char *text);
void program_wait_err(struct run_child *c, const char *text);

#endif
