/* What the engine asks the store for, and when. */
#include "engine/engine_impl.h"
#include "store/delivering.h"
#include "store/silences.h"

#include <stdlib.h>

enum {
    CLOSE_AT_ONCE = 64, /* buckets in one step, so that many do not hold the others up */
    CLAIM_AT_ONCE = 64,
    CHECK_AT_ONCE = 64,
    WALL_EVERY_MS = 30 * 1000, /* between two looks at the wall clock */
    WALL_JUMP_MS = 1000,
    AWAKE_MS = 30 * 1000, /* slept at most while anything will be due */
};

/* The ask_to_ and plan_ functions return when to look again. */

static struct note *note_for(struct engine *e, enum note_kind kind)
{
    struct err err;
    struct note *n = note_new(&e->inbox, kind);
    if (!n) {
        err_memory(&err);
        engine_failed(e, kind, &err);
    }
    return n;
}

static bool list_rooms(struct engine *e, struct claim_wish *wish)
{
    size_t most = flights_endpoints(e->flights);
    if (most > e->rooms_size) {
        struct claim_room *grown = reallocarray(e->rooms, most, sizeof *grown);
        if (!grown)
            return false;
        e->rooms = grown;
        e->rooms_size = most;
    }
    wish->room_count = flights_rooms(e->flights, e->rooms);
    wish->rooms = e->rooms;
    return true;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Half of the slots at most: while those are sent the next are claimed. */
static bool make_wish(struct engine *e, int64_t now, struct claim_wish *wish)
{
    size_t half = smaller((e->policy.concurrency + 1) / 2, CLAIM_AT_ONCE);
    *wish = (struct claim_wish){.now = now,
                                .born_from = now - e->policy.retry.max_age_ms,
                                .limit = (int64_t)smaller(flights_room(e->flights), half),
                                .each = flights_each(e->flights)};
    return list_rooms(e, wish);
}

/* claim: what is closed goes out at once. */
static int64_t ask_to_close(struct engine *e, int64_t now, bool claim)
{
    struct note *n = note_for(e, NOTE_CLOSED);
    struct claim_wish wish;
    if (!n)
        return e->resting[NOTE_CLOSED];
    e->closing = true;
    n->claims_too = claim && make_wish(e, now, &wish);
    e->claiming |= n->claims_too;
    if (n->claims_too)
        store_close_claim(e->store, CLOSE_AT_ONCE, &wish, note_answered, n);
    else
        store_close_due(e->store, now, CLOSE_AT_ONCE, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_claim(struct engine *e, int64_t now)
{
    struct note *n = note_for(e, NOTE_CLAIMED);
    struct claim_wish wish;
    if (!n)
        return e->resting[NOTE_CLAIMED];
    if (!make_wish(e, now, &wish)) {
        struct err err;
        err_memory(&err);
        engine_failed(e, NOTE_CLAIMED, &err);
        note_free(n);
        return e->resting[NOTE_CLAIMED];
    }
    e->claiming = true;
    e->changes_asked = e->changes;
    /* Every fourth time the oldest, so that a backlog shrinks also under steady load. */
    wish.newest = flights_has_backlog(e->flights) && e->claims_asked++ % 4 != 0;
    store_claim(e->store, &wish, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_purge(struct engine *e)
{
    struct note *n = note_for(e, NOTE_PURGED);
    if (!n)
        return e->resting[NOTE_PURGED];
    e->purging = true;
    store_purge(e->store, clock_wall_ms(e->clock) - e->policy.retention_ms, ENGINE_PURGE_AT_ONCE,
                note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_trim(struct engine *e)
{
    struct note *n = note_for(e, NOTE_TRIMMED);
    if (!n)
        return e->resting[NOTE_TRIMMED];
    e->trimming = true;
    store_trim(e->store, e->policy.max_size, ENGINE_PURGE_AT_ONCE, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_expire(struct engine *e, int64_t now)
{
    struct note *n = note_for(e, NOTE_EXPIRED);
    if (!n)
        return e->resting[NOTE_EXPIRED];
    e->expiring = true;
    store_expire(e->store, now - e->policy.retry.max_age_ms, ENGINE_EXPIRE_AT_ONCE,
                 note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_recover(struct engine *e)
{
    struct note *n = note_for(e, NOTE_RECOVERED);
    if (!n)
        return e->resting[NOTE_RECOVERED];
    e->recovering = true;
    store_recover(e->store, e->policy.retry.max + 1, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_check(struct engine *e)
{
    struct note *n = note_for(e, NOTE_CHECKED);
    if (!n)
        return e->resting[NOTE_CHECKED];
    e->checking = true;
    store_check_conditions(e->store, e->policy.threshold_interval_ms,
                           e->policy.threshold_repeat_ms, CHECK_AT_ONCE, note_answered, n);
    return INT64_MAX;
}

static int64_t ask_to_follow(struct engine *e)
{
    struct note *n = note_for(e, NOTE_FOLLOWED);
    if (!n)
        return e->resting[NOTE_FOLLOWED];
    e->following = true;
    store_silence_follow(e->store, note_answered, n);
    return INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* What waits for room goes before what is closed only now. */
static int64_t plan_close(struct engine *e, int64_t now, const struct store_due *due)
{
    int64_t at = later(due->buckets, e->resting[NOTE_CLOSED]);
    bool others_first = due->deliveries <= now && (!e->blocked || e->blocked_until <= now);
    if (e->closing)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_close(e, now,
                        !others_first && !e->claiming && flights_room(e->flights) > 0);
}

static int64_t plan_claim(struct engine *e, int64_t now, int64_t due)
{
    int64_t at = later(due, e->resting[NOTE_CLAIMED]);
    if (e->untaken && (e->resting[NOTE_CLAIMED] > now || !engine_take_again(e)))
        return e->resting[NOTE_CLAIMED];
    if (e->blocked)
        at = later(at, e->blocked_until);
    if (e->claiming || flights_room(e->flights) == 0)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_claim(e, now);
}

/* Nobody shall be woken for last night: what is too old goes before anything is claimed. While
 * nothing waits nothing grows old. */
static int64_t plan_expire(struct engine *e, int64_t now, int64_t due)
{
    int64_t at = later(e->expire_at, e->resting[NOTE_EXPIRED]);
    if (e->expiring || due == INT64_MAX)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_expire(e, now);
}

static int64_t plan_purge(struct engine *e, int64_t now)
{
    int64_t at = later(e->purge_at, e->resting[NOTE_PURGED]);
    if (e->purging)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_purge(e);
}

static int64_t plan_trim(struct engine *e, int64_t now)
{
    int64_t at = later(e->trim_at, e->resting[NOTE_TRIMMED]);
    if (e->trimming || e->policy.max_size == 0)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_trim(e);
}

static int64_t plan_check(struct engine *e, int64_t now, int64_t due)
{
    int64_t at = later(due, e->resting[NOTE_CHECKED]);
    if (e->checking)
        return INT64_MAX;
    if (at > now)
        return at;
    return ask_to_check(e);
}

/* Silences end by the wall clock, and what they hold is due by the steady one: where these
 * have come apart, the due times are set anew. */
static int64_t plan_follow(struct engine *e, int64_t now, bool held)
{
    int64_t ahead = clock_wall_ms(e->clock) - now, moved = ahead - e->wall_ahead;
    if (e->following || !held)
        return INT64_MAX;
    if (e->followed && moved < WALL_JUMP_MS && moved > -WALL_JUMP_MS)
        return now + WALL_EVERY_MS;
    if (e->resting[NOTE_FOLLOWED] > now)
        return e->resting[NOTE_FOLLOWED];
    e->wall_ahead = ahead;
    return ask_to_follow(e);
}

static int64_t plan_recover(struct engine *e, int64_t now)
{
    if (e->recovering)
        return INT64_MAX;
    if (e->resting[NOTE_RECOVERED] > now)
        return e->resting[NOTE_RECOVERED];
    return ask_to_recover(e);
}

static int64_t plan_record(struct engine *e, int64_t now)
{
    if (!e->unrecorded)
        return INT64_MAX;
    if (e->resting[NOTE_RECORDED] > now)
        return e->resting[NOTE_RECORDED];
    engine_record_again(e);
    return e->unrecorded ? now + REST_MS : INT64_MAX;
}

int64_t engine_plan(struct engine *e)
{
    int64_t now = engine_now(e);
    struct store_due due;
    struct err err;
    if (atomic_load(&e->stopping))
        return INT64_MAX;
    int64_t next = plan_record(e, now);
    if (!e->recovered)
        return earlier(next, plan_recover(e, now));
    if (e->resting[READING] > now)
        return earlier(next, e->resting[READING]);
    if (!store_next_due(e->reader, &due, &err)) {
        engine_failed(e, READING, &err);
        return earlier(next, e->resting[READING]);
    }
    engine_succeeded(e, READING);
    next = earlier(next, plan_follow(e, now, due.held)); /* first: it says what is due */
    next = earlier(next, plan_close(e, now, &due));
    next = earlier(next, plan_expire(e, now, due.deliveries));
    if (!e->expiring)
        next = earlier(next, plan_claim(e, now, due.deliveries));
    next = earlier(next, plan_check(e, now, due.conditions));
    next = earlier(next, plan_trim(e, now));
    /* The sleep stands still while the machine is suspended, and what is due does not. To
     * purge can wait. */
    if (next < INT64_MAX)
        next = earlier(next, now + AWAKE_MS);
    return earlier(next, plan_purge(e, now));
}
