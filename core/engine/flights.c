#include "engine/flights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

/* uthash ends the program when memory is short, unless told what to do instead. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/buf.h"
#include "engine/pieces.h"
#include "store/delivering.h"

enum { OUTCOME_WORDS = 256, BACKLOG_MS = 600 * 1000 };

struct flight {
    struct flight *prev, *next; /* among those added, then those under way */
    struct flights *flights;
    struct endpoint *endpoint;
    struct claim claim;
    void *mark; /* the caller's */
    struct pieces pieces; /* of a body that the claim does not hold */
    struct send_handle *handle;
    char *request_headers;
    bool probe;
};

struct endpoint {
    char hash[33];
    size_t sending;
    bool slow; /* its last attempt timed out */
    int64_t paused_until; /* steady ms; 0: not paused */
    struct breaker breaker;
    int64_t rate_at; /* when the rate allows the next request; 0: now */
    int64_t probe_told; /* the probe_at that flights_resume() has told of */
    UT_hash_handle hh;
};

struct flights {
    struct sender *sender;
    struct store_reader *reader;
    const struct clock *clock;
    flight_landed *landed;
    flights_tripped *tripped;
    void *arg;
    struct flights_limits limits;
    struct endpoint *endpoints;
    struct flight *added, *under_way;
    size_t sending, unstarted; /* with a slot; of these, only added */
    int64_t backlog_until; /* steady ms */
    bool closed, cancelled;
};

struct flights *flights_new(struct sender *sender, struct store_reader *reader,
                            const struct clock *clock, flight_landed *landed,
                            flights_tripped *tripped, void *arg)
{
    struct flights *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->sender = sender;
    f->reader = reader;
    f->clock = clock;
    f->landed = landed;
    f->tripped = tripped;
    f->arg = arg;
    return f;
}

void flights_free(struct flights **f)
{
    if (!*f)
        return;
    struct endpoint *e, *next;
    HASH_ITER(hh, (*f)->endpoints, e, next)
    {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): out of the table, then freed */
        HASH_DEL((*f)->endpoints, e);
        free(e);
    }
    free(*f);
    *f = NULL;
}

void flights_set_limits(struct flights *f, const struct flights_limits *limits)
{
    f->limits = *limits;
}

size_t flights_sending(const struct flights *f)
{
    return f->sending - f->unstarted;
}

static size_t slots(const struct flights *f, const struct endpoint *e)
{
    if (e->paused_until)
        return 0;
    return breaker_slots(&e->breaker, e->slow ? 1 : f->limits.per_endpoint,
                         clock_steady_ms(f->clock));
}

/* Slots apart: whether another request may begin now. */
static bool rate_allows(const struct flights *f, const struct endpoint *e)
{
    return f->limits.rate <= 0 || e->rate_at <= clock_steady_ms(f->clock);
}

bool flights_has_backlog(const struct flights *f)
{
    return f->limits.rate > 0 || f->backlog_until > clock_steady_ms(f->clock);
}

/* How many more it takes now. A rate gives one at a time. */
static size_t room(const struct flights *f, const struct endpoint *e)
{
    size_t all = slots(f, e), left = all > e->sending ? all - e->sending : 0;
    return rate_allows(f, e) && left > 0 ? (f->limits.rate > 0 ? 1 : left) : 0;
}

size_t flights_endpoints(const struct flights *f)
{
    return HASH_COUNT(f->endpoints);
}

size_t flights_rooms(const struct flights *f, struct claim_room *out)
{
    size_t count = 0;
    for (const struct endpoint *e = f->endpoints; e; e = e->hh.next) {
        memcpy(out[count].endpoint, e->hash, sizeof e->hash);
        out[count++].room = room(f, e);
    }
    return count;
}

size_t flights_each(const struct flights *f)
{
    return f->limits.rate > 0 ? 1 : f->limits.per_endpoint;
}

size_t flights_room(const struct flights *f)
{
    return f->limits.concurrency > f->sending ? f->limits.concurrency - f->sending : 0;
}

static struct endpoint *endpoint_of(struct flights *f, const char *hash)
{
    struct endpoint *e;
    HASH_FIND_STR(f->endpoints, hash, e);
    if (e)
        return e;
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    snprintf(e->hash, sizeof e->hash, "%s", hash);
    HASH_ADD_STR(f->endpoints, hash, e);
    if (e->hh.tbl)
        return e;
    free(e);
    return NULL;
}

static void forget_idle(struct flights *f, struct endpoint *e)
{
    bool failing = e->breaker.state != BREAKER_CLOSED || e->breaker.failures;
    if (e->sending || e->slow || e->paused_until || e->rate_at || failing)
        return;
    HASH_DEL(f->endpoints, e);
    free(e);
}

static void land(struct flight *x, struct outcome *outcome)
{
    struct flights *f = x->flights;
    f->landed(f->arg, &x->claim, x->mark, outcome, x->request_headers, x->probe);
    claim_free(&x->claim);
    pieces_free(&x->pieces);
    free(x);
}

/* What makes a delivery wait makes its endpoint wait. Whether it did. */
static bool pause_endpoint(const struct flights *f, struct endpoint *e,
                           const struct outcome *outcome)
{
    if (breaker_judge(outcome) >= 0 || outcome->retry_after_ms <= 0 ||
        outcome->retry_after_ms > f->limits.max_pause_ms)
        return false;
    int64_t until = clock_steady_ms(f->clock) + outcome->retry_after_ms;
    if (until <= e->paused_until)
        return false;
    e->paused_until = until;
    return true;
}

static void judge(struct flights *f, struct endpoint *e, const struct outcome *outcome,
                  int64_t delivery)
{
    char why[OUTCOME_WORDS] = "";
    int verdict = breaker_judge(outcome);
    bool paused = pause_endpoint(f, e, outcome);
    bool turned = breaker_note(&e->breaker, verdict, delivery, f->limits.per_endpoint,
                               clock_steady_ms(f->clock));
    if (!paused && !turned)
        return;
    if (verdict < 0 && outcome->kind == OUTCOME_RESPONSE)
        snprintf(why, sizeof why, "answered %d", outcome->status);
    else if (verdict < 0)
        snprintf(why, sizeof why, "%s", outcome->error);
    if (turned)
        f->backlog_until = clock_steady_ms(f->clock) + BACKLOG_MS;
    f->tripped(f->arg, e->hash, &e->breaker, e->paused_until, why);
}

static void free_slot(struct flights *f, struct endpoint *e)
{
    f->sending--;
    e->sending--;
}

static void sent(void *arg, struct outcome *outcome)
{
    struct flight *x = arg;
    struct flights *f = x->flights;
    struct endpoint *e = x->endpoint;
    DL_DELETE(f->under_way, x);
    free_slot(f, e);
    e->slow = outcome->timed_out;
    judge(f, e, outcome, x->claim.row);
    if (f->cancelled && outcome->kind == OUTCOME_CANCELLED) {
        outcome->kind = OUTCOME_UNKNOWN;
        snprintf(outcome->error, sizeof outcome->error,
                 "outcome unknown: the engine stopped before the answer came");
    }
    land(x, outcome);
    forget_idle(f, e);
}

static void land_unsent(struct flight *x, const char *why)
{
    struct outcome outcome = {.kind = OUTCOME_CANCELLED, .retry_after_ms = -1};
    struct flights *f = x->flights;
    struct endpoint *e = x->endpoint;
    snprintf(outcome.error, sizeof outcome.error, "not sent: %s", why);
    free_slot(f, e);
    land(x, &outcome);
    outcome_free(&outcome);
    forget_idle(f, e);
}

static void start(struct flights *f, struct flight *x)
{
    const struct claim *c = &x->claim;
    struct send_request request;
    struct buf shown;
    send_request_of(&c->alert, c->id, clock_wall_ms(f->clock), &request);
    request.body = c->body;
    request.body_len = c->body_len;
    pieces_init(&x->pieces, f->reader, c->row, c->body_len);
    if (!c->body) {
        request.more = pieces_read;
        request.more_arg = &x->pieces;
    }
    request.timeout_ms = f->limits.timeout_ms;
    request.connect_timeout_ms = f->limits.connect_timeout_ms;
    buf_init(&shown, OUTCOME_HEADERS_KEPT);
    x->request_headers = send_show_headers(&request, &shown) ? buf_take(&shown) : NULL;
    buf_free(&shown);
    x->handle = sender_start(f->sender, &request, sent, x);
    alert_free(&x->claim.alert); /* the body must stay until the end; its secrets need not */
    if (x->handle)
        DL_APPEND(f->under_way, x);
    else
        land_unsent(x, "out of memory");
}

void flights_start(struct flights *f)
{
    while (f->added) {
        struct flight *x = f->added;
        DL_DELETE(f->added, x);
        f->unstarted--;
        start(f, x);
    }
}

int64_t flights_resume(struct flights *f, bool *any)
{
    int64_t now = clock_steady_ms(f->clock), next_end = INT64_MAX;
    struct endpoint *e, *next;
    *any = false;
    HASH_ITER(hh, f->endpoints, e, next)
    {
        const struct breaker *b = &e->breaker;
        int64_t probe_at = b->state == BREAKER_OPEN && e->probe_told != b->probe_at
                               ? b->probe_at
                               : 0;
        int64_t until = e->paused_until > probe_at ? e->paused_until : probe_at;
        until = until > e->rate_at ? until : e->rate_at;
        if (until > now) {
            next_end = until < next_end ? until : next_end;
        } else if (until) {
            if (e->paused_until)
                f->tripped(f->arg, e->hash, b, 0, "");
            e->paused_until = e->rate_at = 0;
            e->probe_told = b->probe_at;
            *any = true;
            forget_idle(f, e);
        }
    }
    return next_end;
}

bool flights_restore(struct flights *f, const char *endpoint, enum breaker_state state,
                     int64_t probe_at, int64_t paused_until)
{
    struct endpoint *e = endpoint_of(f, endpoint);
    if (!e)
        return false;
    breaker_restore(&e->breaker, state, probe_at);
    e->paused_until = paused_until;
    return true;
}

enum flights_answer flights_add(struct flights *f, struct claim *claim, void *mark)
{
    struct endpoint *e = f->closed ? NULL : endpoint_of(f, claim->endpoint);
    struct flight *x = NULL;
    if (e && (room(f, e) == 0 || flights_room(f) == 0))
        return FLIGHTS_FULL;
    if (!e || !(x = calloc(1, sizeof *x)))
        return FLIGHTS_REFUSED;
    x->flights = f;
    x->endpoint = e;
    x->mark = mark;
    x->claim = *claim;
    *claim = (struct claim){0};
    if (f->limits.rate > 0) /* rounded up: never more than it */
        e->rate_at = clock_steady_ms(f->clock) + (1000 + f->limits.rate - 1) / f->limits.rate;
    x->probe = e->breaker.state == BREAKER_OPEN;
    e->sending++;
    f->sending++;
    f->unstarted++;
    DL_APPEND(f->added, x);
    return FLIGHTS_TAKEN;
}

void flights_close(struct flights *f)
{
    f->closed = true;
    while (f->added) {
        struct flight *x = f->added;
        DL_DELETE(f->added, x);
        f->unstarted--;
        land_unsent(x, "the engine stopped");
    }
}

void flights_cancel(struct flights *f)
{
    flights_close(f);
    f->cancelled = true;
    for (struct flight *x = f->under_way; x; x = x->next)
        sender_cancel(x->handle);
}
