/* Buckets, deliveries, attempts and the rows of the log, as plain values (see the words in
 * the README). Strings in them are owned by the struct; the _free functions free what they
 * hold. */
#ifndef MODEL_DELIVERY_H
#define MODEL_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"
#include "model/event.h"
#include "model/outcome.h"

enum delivery_state {
    DELIVERY_WAITING,  /* closed, its first request is due */
    DELIVERY_SENDING,  /* a request is under way, under a lease */
    DELIVERY_RETRYING, /* failed, to be tried again at next_at */
    DELIVERY_DELIVERED,
    DELIVERY_DEAD, /* not tried again by itself: reason says why */
};
const char *delivery_state_name(enum delivery_state s);
bool delivery_state_ended(enum delivery_state s); /* delivered or dead: it can be sent again */
bool delivery_state_parse(struct span name, enum delivery_state *s);

struct bucket {
    char key[128]; /* alert_bucket:{alertId}:{eventType}, a held one with :{silenceId} */
    char alert_id[UUID_SIZE];
    char *alert_name;
    char *workspace;
    enum event_type type;
    int64_t events;            /* all, those over the limit included */
    int64_t opened_at, due_at; /* steady ms */
    char silence_id[UUID_SIZE]; /* that holds it until then; empty: none */
};

struct attempt {
    int n; /* 1 is the first */
    struct outcome outcome;
    int64_t next_at;       /* when the next one is due; 0: none */
    char *request_headers; /* as sent, secrets masked; NULL: not known */
};

struct delivery {
    char id[UUID_SIZE];
    char alert_id[UUID_SIZE];
    char *alert_name, *workspace;
    enum event_type type;
    enum delivery_state state;
    int64_t event_count, truncated;
    int64_t created_at; /* wall ms: when the bucket closed */
    int64_t next_at;    /* steady ms; 0: none */
    int attempt_count;
    int status;   /* of the last attempt; 0: none, or no answer */
    char *reason; /* of a dead one; NULL: none */
    char *body;   /* only when read whole; NULL otherwise */
    size_t body_len;
    struct attempt *attempts; /* only when read whole */
};

/* A row of the log pane: an attempt that ended, or a bucket that was dropped. */
/* NOTICE: about the endpoint of an alert; without event type, events and delivery. */
enum log_kind { LOG_ATTEMPT, LOG_DROPPED, LOG_NOTICE };
struct log_row {
    int64_t seq; /* order of recording; grows by each row */
    enum log_kind kind;
    int64_t at; /* wall ms */
    char alert_id[UUID_SIZE];
    char *alert_name, *workspace;
    enum event_type type;
    int64_t events;
    char delivery_id[UUID_SIZE]; /* empty: dropped before there was one */
    int n, of; /* attempt n of at most `of`, counted through all replays */
    enum outcome_kind outcome;
    int status;
    int64_t latency_us;
    enum delivery_state state; /* of the delivery after it */
    int64_t next_at;           /* steady ms; 0: none */
    char *text;                /* the error or the reason; NULL: none */
    /* Of its delivery's last attempt, to be tried again; as it is by now: */
    bool waits;                /* for the next one, until next_at */
    char *ended;               /* why there is to be none after all; NULL: it has not ended */
};

/* Why the next attempt comes when it does, in words; empty where there is none. */
void attempt_why_next(const struct attempt *a, char *out, size_t size);

void bucket_free(struct bucket *b);
void delivery_free(struct delivery *d);
void log_row_free(struct log_row *r);

/* Moves the steady times in a value by `by` ms: from a clock's steady time to its wall time, for
 * showing (clock_shown_ms(clock, 0)). */
void bucket_shift(struct bucket *b, int64_t by);
void delivery_shift(struct delivery *d, int64_t by);
void log_row_shift(struct log_row *r, int64_t by);

/* The command line's JSON, with the times as they are. Absent values are left out. A delivery that
 * was not read whole has attempts as []. */
bool bucket_to_json(const struct bucket *b, struct buf *out);
bool delivery_to_json(const struct delivery *d, struct buf *out);
bool log_row_to_json(const struct log_row *r, struct buf *out);

#endif
