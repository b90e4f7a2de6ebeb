/* What store steps answered, on its way from the store's writer thread to the engine's.
 *
 * A note is made before its step is asked for, so that an answer never needs memory. */
#ifndef ENGINE_INBOX_H
#define ENGINE_INBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"
#include "store/delivering.h"
#include "store/store.h"

enum note_kind {
    NOTE_RECOVERED,
    NOTE_CLOSED,
    NOTE_CLAIMED,
    NOTE_RECORDED,
    NOTE_PURGED,
    NOTE_TRIMMED,
    NOTE_CHECKED,
    NOTE_EXPIRED,
    NOTE_FOLLOWED
};
enum { NOTE_KINDS = NOTE_FOLLOWED + 1 };

struct note {
    struct note *next;
    struct inbox *inbox;
    enum note_kind kind;
    bool failed;
    struct err err;
    int64_t count;        /* closed, purged, trimmed, expired, followed */
    bool claims_too;      /* NOTE_CLOSED: asked for claims, too */
    struct claims claims; /* owned by the note */
    struct record record; /* NOTE_RECORDED: without its texts, to be said again if need be; until
                             it is asked for they are in it */
    struct note *others;  /* NOTE_RECORDED: those of the same step, by `next` */
};

struct inbox {
    pthread_mutex_t lock;
    struct note *first, **last;
    void (*wake)(void *arg);
    void *arg;
};

void inbox_init(struct inbox *in, void (*wake)(void *arg), void *arg);
void inbox_free(struct inbox *in);

struct note *note_new(struct inbox *in, enum note_kind kind); /* NULL: no memory */
void note_free(struct note *n); /* and its others */

/* The `done` of every step; arg is the step's note. */
store_done note_answered;

/* Takes all notes out, oldest first; the caller frees each. */
struct note *inbox_take(struct inbox *in);
bool inbox_has(struct inbox *in);

#endif
