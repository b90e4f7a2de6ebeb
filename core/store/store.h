/* The store: everything that must survive, and the only thing that intake, engine, console
 * and command line share. This is the contract; sqlite/ implements it.
 *
 * It is made of whole steps. A writing step takes values, runs on the store's one writer
 * thread in one transaction with the other steps that wait (group commit), and answers by
 * `done` exactly once, after the commit: err == NULL and the step's result, or the error
 * and NULL. The result is borrowed for the call. done runs on the writer thread (it must be
 * short, must not block and must not wait for another step; it may start one) or, where
 * nothing had to be written, on the caller's before the step returns. Arguments are copied
 * or taken over as each step says. Steps of one thread are carried out in their order.
 *
 * Reads go through a struct store_reader, one for each thread, and see everything committed
 * by any process before the call. Nobody ever holds a transaction or a cursor.
 *
 * Durability: accepting events, closing a bucket and every change a person makes are
 * synchronous=FULL; claims, attempts and outcomes NORMAL (a power cut can repeat an attempt
 * with the same id, never lose an event or change an id).
 *
 * Here stands what all of it needs. The parts: what comes in (accept.h, projects.h, prompts.h,
 * experiments.h), what people manage and look at (alerts.h, silences.h, buckets.h,
 * deliveries.h, log.h, activity.h, endpoints.h, audit.h), what the engine does
 * (delivering.h), and how the processes on one store get along (aside.h, health.h). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/delivery.h"
#include "rules/payload.h"

struct store;
struct store_reader;

typedef void store_done(void *arg, const struct err *err, const void *result);

struct store_limits {
    int64_t window_ms; /* debounce.window; an open bucket keeps the one it started with */
    int64_t bucket_events; /* over it events are counted, not kept; at least one is kept */
    int64_t bucket_bytes;
    enum payload_style style; /* payload.style, for buckets that close from now on */
    int retries;              /* retry.max, which the server's style names */
    int64_t audit_ms;         /* audit.retention; 0: for ever */
};

/* Who asks for a change, and from where: what an audit row says. */
struct actor {
    const char *user;  /* the login name; "system": nobody, it follows from what happened */
    const char *via;   /* console, command line, api or engine */
    const char *place; /* pid and terminal, or the address of the peer */
};

struct store_options {
    const char *dir;
    bool read_only;            /* no writer thread; every writing step answers ERR_DENIED */
    const struct clock *clock; /* borrowed, outlives the store */
    struct store_limits limits;
    struct actor actor; /* of this process; borrowed, outlives the store */
};

/* Opens (and creates or migrates, unless read_only) the store of a data directory. A schema
 * that is newer than this program: ERR_UNSUPPORTED. */
struct store *store_open(const struct store_options *options, struct err *err);
void store_close(struct store **s); /* carries out what was asked, then ends the writer */

void store_set_limits(struct store *s, const struct store_limits *limits); /* any thread */

/* Blocks until every step asked for before has been answered. Not from done. */
void store_drain(struct store *s);

/* What a commit changed. `changed` runs on the writer thread after a commit of ours, and
 * within about a second after one of another process (then with STORE_CHANGED_ALL). It must
 * only wake somebody. An idle store wakes up once a second for this, and for nothing else.
 */
enum store_change {
    STORE_CHANGED_ALERTS = 1,
    STORE_CHANGED_BUCKETS = 2,
    STORE_CHANGED_DELIVERIES = 4,
    STORE_CHANGED_LOG = 8,
    STORE_CHANGED_PROJECTS = 16,
    STORE_CHANGED_PROMPTS = 32,
    STORE_CHANGED_CONDITIONS = 64,
    STORE_CHANGED_ACTIVITY = 128,
    STORE_CHANGED_TROUBLE = 256, /* see store_trouble(); also after a commit that failed */
    STORE_CHANGED_SILENCES = 512,
    STORE_CHANGED_AUDIT = 1024,
    STORE_CHANGED_EVENTS = 2048, /* open buckets have more; BUCKETS: they changed otherwise */
    STORE_CHANGED_ALL = 4095 & ~STORE_CHANGED_TROUBLE /* that is stored */
};
typedef void store_changed(void *arg, unsigned changes);
bool store_subscribe(struct store *s, store_changed *changed, void *arg);
/* After it, no call comes. */
void store_unsubscribe(struct store *s, store_changed *changed, void *arg);

/* Why nothing can be written: what the last commit failed of, if that was a full or failing
 * disk; "" after one that wrote something. Meanwhile a store without work tries a write
 * each second, so that it notices by itself when there is room again. Any thread. */
void store_trouble(struct store *s, char *out, size_t size);

/* A new key, and every secret sealed anew with it, in one transaction: cut short anywhere,
 * the store opens with the one key or the other. For whoever holds the engine's lock; other
 * processes on the directory find the new key by themselves. result: const int64_t *, how
 * many alerts. */
void store_rekey(struct store *s, const char *user, store_done *done, void *arg);

struct store_reader *store_reader_open(struct store *s, struct err *err);
void store_reader_close(struct store_reader **r);

/* Sums, for the status line and for accounting of (event, alert) pairs. */
struct store_counts {
    int64_t accepted, unmatched, dropped; /* since the store was made */
    int64_t silenced;                     /* of the dropped ones, by a silence */
    int64_t waiting_events, open_buckets;
    int64_t deliveries[DELIVERY_DEAD + 1]; /* that are kept, by state */
    /* The events in them by state; those of purged ones stay counted, so that always
     * accepted = dropped + waiting_events + all of these. */
    int64_t events[DELIVERY_DEAD + 1];
};
bool store_counts(struct store_reader *r, struct store_counts *out, struct err *err);

/* Whether anything is there of it: an alert, a project, a prompt or a delivery. */
bool store_workspace_known(struct store_reader *r, const char *workspace, bool *known,
                           struct err *err);

#endif
