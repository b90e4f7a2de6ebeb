#include "support/ledger.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <uthash.h>

#include "base/text.h"
#include "store/deliveries.h"
#include "store/store.h"
#include "support/http_client.h"
#include "support/torture.h"

enum { ALERTS_MAX = 8, ANSWERS = 1 << 16, PAGE = 500, MARK_MS = 60000 };

static const char mark[] = "/the-process-is-gone";

struct event {
    size_t first; /* of its request */
    enum ledger_kind kind;
    unsigned count;                         /* of the first: events in its request */
    unsigned accepted, unanswered, refused; /* of the first: how often it was */
    unsigned seen[ALERTS_MAX];
};

struct alert_of {
    char id[UUID_SIZE];
    unsigned kinds;
    bool steady;
};

/* A kill: requests up to `from` were sent before it, those from `to` on after it. */
struct kill {
    size_t from, to;
};

struct ledger {
    struct receiver *receiver;
    struct receiver_answer *answers;
    struct alert_of alerts[ALERTS_MAX];
    size_t alert_count;
    bool purged;
    struct kill *kills;
    size_t kill_count;

    pthread_mutex_t lock; /* over what follows */
    struct event *events;
    size_t event_count;
    char problem[200]; /* the first answer that should not have been */
};

/* A delivery as the store has it, and what the receiver saw of it. */
struct parcel {
    char id[UUID_SIZE];
    enum delivery_state state;
    bool kept;
    const char *body;
    size_t body_len;
    size_t answered, unknown, attempts; /* in the store */
    size_t requests, closed;            /* closed: the connection, without an answer */
    bool succeeded;                     /* a request was answered 200 */
    size_t succeeded_at;                /* the last of those */
    UT_hash_handle hh;
};

struct account {
    struct ledger *ledger;
    struct parcel *parcels;
    struct ledger_sums *sums;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---------------------------------------------------------------- life */

static struct receiver_answer any_answer(uint64_t *random)
{
    static const struct receiver_answer kinds[] = {
        {.status = 500}, {.status = 500},         {.status = 429}, {.how = RECEIVER_CLOSES},
        {.status = 404}, {.how = RECEIVER_NEVER}, {.status = 503},
    };
    if (torture_random(random, 10) < 7)
        return (struct receiver_answer){.status = 200};
    return kinds[torture_random(random, sizeof kinds / sizeof *kinds)];
}

struct ledger *ledger_new(struct receiver *r, uint64_t *random)
{
    struct ledger *l = must(calloc(1, sizeof *l));
    l->receiver = r;
    l->answers = must(calloc(ANSWERS, sizeof *l->answers));
    for (size_t i = 0; i < ANSWERS - 1; i++)
        l->answers[i] = any_answer(random);
    l->answers[ANSWERS - 1] = (struct receiver_answer){.status = 200};
    receiver_script(r, l->answers, ANSWERS);
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void ledger_free(struct ledger **lp)
{
    struct ledger *l = *lp;
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l->answers);
    free(l->kills);
    free(l->events);
    free(l);
    *lp = NULL;
}

void ledger_alert(struct ledger *l, const char *id, unsigned kinds, bool steady)
{
    assert_true(l->alert_count < ALERTS_MAX);
    struct alert_of *a = &l->alerts[l->alert_count++];
    snprintf(a->id, sizeof a->id, "%s", id);
    a->kinds = kinds;
    a->steady = steady;
}

void ledger_allow_purge(struct ledger *l)
{
    l->purged = true;
}

/* ---------------------------------------------------------------- sending */

size_t ledger_events(struct ledger *l, enum ledger_kind kind, unsigned count)
{
    pthread_mutex_lock(&l->lock);
    size_t first = l->event_count;
    for (unsigned i = 0; i < count; i++) {
        size_t n = l->event_count;
        if ((n & (n - 1)) == 0)
            l->events = must(realloc(l->events, (n ? 2 * n : 1) * sizeof *l->events));
        l->events[l->event_count++] = (struct event){.first = first, .kind = kind};
    }
    l->events[first].count = count;
    pthread_mutex_unlock(&l->lock);
    return first;
}

void ledger_name(struct buf *out, size_t number)
{
    buf_add_format(out, "ledger-%zu-", number);
}

void ledger_answered(struct ledger *l, size_t first, int status)
{
    pthread_mutex_lock(&l->lock);
    struct event *e = &l->events[first];
    /* The name of a prompt is taken once it is there, by the request that had no answer. */
    bool known = e->kind == LEDGER_PROMPT && status == 409 && e->unanswered;
    if (status == 0)
        e->unanswered++;
    else if (status / 100 == 2 || known)
        e->accepted++;
    else if (status == 503)
        e->refused++;
    else if (!l->problem[0])
        snprintf(l->problem, sizeof l->problem, "the request of event %zu was answered %d",
                 first, status);
    pthread_mutex_unlock(&l->lock);
}

/* ---------------------------------------------------------------- killing */

/* Returns how many requests there are once all that were sent before are among them: what a
 * first mark finds in the sockets is read in the same turn of the receiver, a second one is
 * accepted after it. */
static size_t all_received(struct ledger *l)
{
    size_t at = receiver_count(l->receiver);
    for (int i = 0; i < 2; i++) {
        struct http_client c;
        http_open(&c, (uint16_t)receiver_port(l->receiver));
        assert_true(http_send_request(&c, "POST", mark, NULL, (struct span){"", 0}));
        do
            assert_true(receiver_wait(l->receiver, at + 1, MARK_MS));
        while (strcmp(receiver_request(l->receiver, at++)->path, mark) != 0);
        http_close(&c);
    }
    return at;
}

size_t ledger_before_kill(struct ledger *l)
{
    return receiver_count(l->receiver);
}

void ledger_after_kill(struct ledger *l, size_t before, bool alone)
{
    size_t after = all_received(l), n = l->kill_count;
    if ((n & (n - 1)) == 0)
        l->kills = must(realloc(l->kills, (n ? 2 * n : 1) * sizeof *l->kills));
    l->kills[l->kill_count++] = (struct kill){alone ? after : before, after};
}

/* Whether a process can have been killed between those two requests. */
static bool killed_between(const struct ledger *l, size_t earlier, size_t later)
{
    for (size_t i = 0; i < l->kill_count; i++)
        if (earlier < l->kills[i].to && later >= l->kills[i].from)
            return true;
    return false;
}

/* ---------------------------------------------------------------- what arrived */

static size_t alert_in(const struct ledger *l, const char *body)
{
    for (size_t i = 0; i < l->alert_count; i++)
        if (strstr(body, l->alerts[i].id))
            return i;
    fail_msg("a webhook of no alert: %.200s", body);
    return 0;
}

/* Counts the events of a delivery; returns how many. */
static size_t count_events(struct account *c, const char *body)
{
    struct ledger *l = c->ledger;
    size_t alert = alert_in(l, body), count = 0, number;
    for (const char *at = body; (at = strstr(at, "ledger-")); at++, count++) {
        if (sscanf(at, "ledger-%zu-", &number) != 1 || number >= l->event_count)
            fail_msg("an event that nobody sent: %.60s", at);
        l->events[number].seen[alert]++;
    }
    c->sums->pairs += count;
    return count;
}

static struct parcel *parcel_new(struct account *c, const char *id, const char *body,
                                 size_t len)
{
    struct parcel *p = must(calloc(1, sizeof *p));
    snprintf(p->id, sizeof p->id, "%s", id);
    p->body = must(strndup(body, len));
    p->body_len = len;
    HASH_ADD_STR(c->parcels, id, p);
    return p;
}

static void take_delivery(struct account *c, const struct delivery *d)
{
    struct parcel *p = parcel_new(c, d->id, d->body, d->body_len);
    p->kept = true;
    p->state = d->state;
    if (d->state != DELIVERY_DELIVERED && d->state != DELIVERY_DEAD)
        fail_msg("delivery %s is still %s", d->id, delivery_state_name(d->state));
    if (d->state == DELIVERY_DEAD && !(d->reason && d->reason[0]))
        fail_msg("delivery %s is dead without a reason", d->id);
    for (int i = 0; i < d->attempt_count; i++) {
        p->answered += d->attempts[i].outcome.kind == OUTCOME_RESPONSE;
        p->unknown += d->attempts[i].outcome.kind == OUTCOME_UNKNOWN;
        p->attempts++;
    }
    size_t events = count_events(c, p->body);
    if ((int64_t)events != d->event_count || d->truncated)
        fail_msg("delivery %s says %" PRId64 " events and has %zu", d->id, d->event_count,
                 events);
    c->sums->deliveries++;
    c->sums->dead += d->state == DELIVERY_DEAD;
    c->sums->unknown += p->unknown;
}

static void take_store(struct account *c, const char *dir)
{
    const struct store_options options = {
        .dir = dir, .read_only = true, .clock = clock_system()};
    const struct delivery_filter all = {.state = -1};
    struct err err = {.text = ""};
    struct store *s = store_open(&options, &err);
    struct store_reader *r = s ? store_reader_open(s, &err) : NULL;
    struct delivery_rows rows = {0};
    char last[UUID_SIZE] = "";
    if (!r)
        fail_msg("the store cannot be read: %s", err.text);
    do {
        delivery_rows_free(&rows);
        assert_true(store_delivery_list(r, &all, last[0] ? last : NULL, PAGE, &rows, &err));
        for (size_t i = 0; i < rows.count; i++) {
            struct delivery d;
            memcpy(last, rows.items[i].id, sizeof last);
            assert_true(store_delivery_get(r, NULL, last, &d, &err));
            take_delivery(c, &d);
            delivery_free(&d);
        }
    } while (rows.count == PAGE);
    delivery_rows_free(&rows);
    store_reader_close(&r);
    store_close(&s);
}

/* ---------------------------------------------------------------- what was received */

static struct parcel *parcel_of(struct account *c, const struct receiver_request *q)
{
    char id[UUID_SIZE] = "";
    struct parcel *p;
    if (sscanf(q->body, "{\"id\":\"%36[0-9a-f-]\"", id) != 1)
        fail_msg("a request that is no webhook: %.200s", q->body);
    HASH_FIND_STR(c->parcels, id, p);
    if (p)
        return p;
    if (!c->ledger->purged)
        fail_msg("the store does not know delivery %s, which was sent", id);
    p = parcel_new(c, id, q->body, q->body_len);
    count_events(c, p->body);
    c->sums->purged++;
    return p;
}

static void take_request(struct account *c, size_t at)
{
    const struct ledger *l = c->ledger;
    const struct receiver_request *q = receiver_request(l->receiver, at);
    const struct receiver_answer *a = &l->answers[at < ANSWERS ? at : ANSWERS - 1];
    if (strcmp(q->path, mark) == 0)
        return;
    struct parcel *p = parcel_of(c, q);
    if (p->body_len != q->body_len || memcmp(p->body, q->body, q->body_len) != 0)
        fail_msg("delivery %s was sent with two bodies", p->id);
    p->requests++;
    if (p->succeeded && !killed_between(l, p->succeeded_at, at))
        fail_msg("delivery %s was answered 200 and sent again without a kill (requests "
                 "%zu, %zu)",
                 p->id, p->succeeded_at, at);
    c->sums->repeated += p->succeeded;
    p->closed += a->how == RECEIVER_CLOSES;
    if (a->how == RECEIVER_ANSWERS && a->status == 200) {
        p->succeeded = true;
        p->succeeded_at = at;
    }
}

/* An attempt whose kept connection is closed is made once more by libcurl itself (see
 * test_sender.c). Of one that its alert's end took away while it was sent, a kill leaves
 * none. */
static void check_parcel(const struct ledger *l, const struct parcel *p)
{
    if (!p->kept)
        return;
    bool ended = p->state == DELIVERY_DEAD && !l->alerts[alert_in(l, p->body)].steady;
    bool unlogged = p->requests > p->attempts + p->closed;
    if ((unlogged && !ended) || p->requests < p->answered)
        fail_msg("delivery %s: %zu requests were received, the log has %zu attempts, %zu "
                 "answered",
                 p->id, p->requests, p->attempts, p->answered);
    if (p->state == DELIVERY_DELIVERED && p->answered == 0)
        fail_msg("delivery %s is delivered and was never answered", p->id);
    if (p->state == DELIVERY_DEAD && !ended && p->succeeded && p->unknown == 0)
        fail_msg("delivery %s is dead and was answered 200", p->id);
}

/* ---------------------------------------------------------------- the account */

/* Scores may be sent twice, a trace fails once and a name is taken once. */
static void check_event(const struct ledger *l, size_t number, size_t alert)
{
    const struct event *e = &l->events[number], *first = &l->events[e->first];
    const struct alert_of *a = &l->alerts[alert];
    bool once = e->kind != LEDGER_SCORE, wanted = a->kinds >> e->kind & 1;
    unsigned least = first->accepted, most = first->accepted + first->unanswered;
    if (once && least > 1)
        least = 1;
    if (once && most > 1)
        most = 1;
    if (!wanted)
        most = 0;
    if (!wanted || !a->steady)
        least = 0;
    unsigned seen = e->seen[alert];
    if (seen < least || seen > most)
        fail_msg(
            "event %zu came %u times to alert %zu: its request was accepted %u times and "
            "%u times without an answer",
            number, seen, alert, first->accepted, first->unanswered);
    if (a->steady && seen != first->seen[alert])
        fail_msg("the request of event %zu came in parts", number);
}

static void check_events(struct account *c)
{
    struct ledger *l = c->ledger;
    for (size_t n = 0; n < l->event_count; n++) {
        const struct event *e = &l->events[n];
        for (size_t a = 0; a < l->alert_count; a++)
            check_event(l, n, a);
        c->sums->requests += e->count > 0;
        c->sums->accepted += e->accepted > 0;
        c->sums->unanswered += e->unanswered > 0 && e->accepted == 0;
        c->sums->refused += e->refused > 0 && e->accepted == 0;
    }
}

void ledger_check(struct ledger *l, const char *dir, struct ledger_sums *sums)
{
    struct account c = {.ledger = l, .sums = sums};
    struct parcel *p, *next;
    *sums = (struct ledger_sums){.kills = l->kill_count};
    if (l->problem[0])
        fail_msg("%s", l->problem);
    for (size_t n = 0; n < l->event_count; n++)
        memset(l->events[n].seen, 0, sizeof l->events[n].seen);
    take_store(&c, dir);
    size_t requests = receiver_count(l->receiver);
    for (size_t i = 0; i < requests; i++)
        take_request(&c, i);
    check_events(&c);
    HASH_ITER(hh, c.parcels, p, next)
    {
        check_parcel(l, p);
        HASH_DEL(c.parcels, p);
        free((char *)(uintptr_t)p->body);
        free(p);
    }
}

void ledger_check_file(const char *dir)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *row;
    snprintf(path, sizeof path, "%s/store.db", dir);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_busy_timeout(db, MARK_MS);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &row, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    const char *said = (const char *)sqlite3_column_text(row, 0);
    if (strcmp(said, "ok") != 0)
        fail_msg("integrity_check: %s", said);
    sqlite3_finalize(row);
    sqlite3_close(db);
}
