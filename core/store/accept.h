/* What requests report: the events of an intake, matched and kept. A part of the contract
 * in store.h. */
#ifndef STORE_ACCEPT_H
#define STORE_ACCEPT_H

#include "base/arena.h"
#include "base/text.h"
#include "model/event.h"
#include "store/store.h"

/* Something a request said about a trace, a thread or a guardrail: an event, or only a
 * trace to remember. The entity's JSON comes in two halves, because the project belongs in
 * the middle and is known only in the transaction:
 *   head, [,"name":remembered trace name], ,"project_id":"...","project_name":"...", tail, }
 * head begins with `{` and holds at least one member; tail is empty or begins with `,`. */
struct fact {
    bool is_event;          /* false: nothing happened, but the trace is remembered */
    enum event_type type;   /* an observability type */
    struct span trace_id;   /* canonical; empty for threads. Remembers name and project */
    struct span trace_name; /* JSON string with quotes; empty: not given */
    bool wants_trace_name;  /* the remembered name goes into the entity: an error by PATCH */
    struct span project_name; /* plain text; empty: not given */
    struct span project_id;   /* canonical; empty: not given. Wins over the name */
    struct span head, tail;
    /* What thresholds count: a score's value, a trace's duration in seconds, a span's cost
     * in dollars. A failed trace counts by being an event. */
    bool measured;
    enum event_type measure;
    double value;
    struct span score; /* the name of a score */
    struct span once;  /* an id that counts once; empty: each time */
};

/* The facts of one request, and the memory they lie in. */
struct accept {
    struct arena arena;
    const char *workspace, *user;
    struct fact *facts;
    size_t count;
};

struct accepted {
    int64_t events;    /* facts that were events (an error seen before is none) */
    int64_t pairs;     /* (event, alert) pairs put into buckets */
    int64_t unmatched; /* events that no alert wants */
};

/* Resolves each fact's project (its id, else its name, else the remembered project of its
 * trace, else "Default Project"; a name never seen makes the project; an id never seen is
 * ERR_INVALID for the whole request, but a span's cost then counts for no project),
 * remembers traces, drops an error whose trace id has raised one among the last 1,000,000,
 * matches the rest against the alerts and appends them to their buckets. Takes over *a
 * (malloc'ed) and its arena, also on failure. result: const struct accepted *. */
void store_accept(struct store *s, struct accept *a, store_done *done, void *arg);

/* The same for a request of which nothing must survive, which may be answered before it is
 * carried out: it holds no event, its projects are there, and what it measures no alert
 * counts. True: taken over; it is carried out in its turn, at the latest with the next step
 * or within a second, and cannot fail for the caller. False: untouched, and for
 * store_accept(): it may change more than the memory of traces, or nothing is known yet of
 * its kind, or the store is behind, in trouble or read only. A project or a condition that
 * another process has just changed may be heard of a second later here: what a kill or a
 * power cut then loses is such a value, never an event. */
bool store_accept_passing(struct store *s, struct accept *a);

#endif
