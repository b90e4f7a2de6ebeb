/* The life of a store on a disk that fails, for test_disk: scripts that go through it and
 * note what the store answered, and how it is judged afterwards (disk_judge.c). What the
 * store answers as failed must be what the intake tells a client to come again for, in
 * words. What does not hold is printed and ends the process with status 1. One thread. */
#ifndef TORTURE_DISK_LIFE_H
#define TORTURE_DISK_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/faultvfs.h"
#include "support/steps.h"

#define LIFE_URL "http://127.0.0.1:9/hook?key=1" /* of each alert */

enum { LIFE_BASE_EVENTS = 3, KNOWN_MAX = 16 };

enum mode {
    ONCE,         /* one call fails */
    UNTIL_HEALED, /* all from it on, until the script is through */
    TO_THE_END,   /* also those of the closing */
    MODES
};

struct known {
    char id[UUID_SIZE];
    enum delivery_state done, asked; /* answered as done last; asked for last */
};

struct life {
    struct store_fixture f;
    const char *what; /* the failure that is tried */
    enum fault fault;
    int64_t at;
    enum mode mode;
    bool by_chance;

    int request;         /* the next one; number i carries 1 << i events */
    int64_t done, asked; /* sets of requests */
    bool alert_done, purged;
    struct known known[KNOWN_MAX];
    size_t known_count;
};

/* Ends the worker that it is in; the test then fails. */
#define REQUIRE(life, condition, ...)                                                      \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s, call %lld, mode %d: ", (life)->what,                      \
                    (long long)(life)->at, (int)(life)->mode);                             \
            fprintf(stderr, __VA_ARGS__);                                                  \
            fprintf(stderr, " (%s:%d)\n", __FILE__, __LINE__);                             \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

/* A directory with a store that has an alert and LIFE_BASE_EVENTS deliveries, two of them
 * of long ago; for tempdir_remove(). Aborts when it cannot be made. */
char *life_make_grown_up(void);

/* A life in a directory of its own, a copy of the grown up one or (NULL) empty; nothing is
 * open yet. The caller sets which failure is tried. Its clock is driven by the script. */
void life_begin(struct life *l, const char *grown_up);

/* False: it could not. The store may be open without a reader. */
bool life_open(struct life *l);
void life_close(struct life *l); /* also what is not open */

/* The scripts; they open what is not open, and may be gone through again. */
void life_live(struct life *l);    /* of a store that is grown up */
void life_be_born(struct life *l); /* from nothing: the file is made, all migrations run */

/* The disk works again: the same store takes events and delivers them. */
void life_go_on(struct life *l);

/* It is closed and the disk works. What was answered as done is there, what was answered as
 * failed as a whole or not at all, the accounts add up, and it goes on. Then its directory
 * is removed. grown_up: it began as a copy of that. */
void life_end(struct life *l, bool grown_up);

#endif
