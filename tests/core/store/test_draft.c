/* Large buckets, whose bodies are made over several steps. */
#include "core/store/delivery_fixture.h"

#include <malloc.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/buckets.h"
#include "store/delivering.h"
#include "store/sqlite/bodies.h"
#include "store/sqlite/draft.h"
#include "support/faultvfs.h"

#define MIB ((size_t)1 << 20)

/* ---------------------------------------------------------------- what is filled and
 * expected */

static void add_of(struct store_fixture *f, const char *name, enum event_type type,
                   char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, name, URL, type);
    if (id[0])
        memcpy(a.id, id, UUID_SIZE);
    assert_true(step_alert_put(f->store, &a, STORE_PUT, &made, NULL));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

/* Events whose entities are `len` bytes together; `seed` makes them different from others.
 */
static struct accept *events_of(enum event_type type, int count, size_t len, uint32_t seed)
{
    struct accept *a = step_request("default");
    size_t each = len / (size_t)count;
    char *entity = malloc(each);
    assert_non_null(entity);
    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < each; k++) {
            seed = seed * 1664525 + 1013904223;
            entity[k] = k < each / 4 ? (char)('a' + (seed >> 24) % 8) : 'x';
        }
        memcpy(entity, "{\"x\":\"", 6);
        entity[each - 1] = '"';
        step_add_fact(a, type, NULL, "p", i)->head =
            arena_span(&a->arena, (struct span){entity, each});
    }
    free(entity);
    return a;
}

static void fill(struct store_fixture *f, int count, size_t len, uint32_t seed)
{
    struct err err = {0};
    if (!step_accept(f->store, events_of(EVENT_TRACE_ERRORS, count, len, seed), NULL, &err))
        fail_msg("%s", err.text);
}

static void fill_small(struct store_fixture *f)
{
    assert_true(step_accept(f->store, events_of(EVENT_GUARDRAILS_TRIGGERED, 1, 100, 1),
                            NULL, NULL));
}

/* The events of an open bucket. */
struct contents {
    struct arena arena;
    struct payload_event events[1000];
    size_t count;
};

static void copy_event(void *arg, const struct payload_event *e)
{
    struct contents *c = arg;
    assert_true(c->count < sizeof c->events / sizeof *c->events);
    c->events[c->count++] = (struct payload_event){
        arena_copy(&c->arena, span_of(e->id)), arena_span(&c->arena, e->user), e->request,
        arena_span(&c->arena, e->entity)};
    assert_false(c->arena.failed);
}

static void read_contents(struct store_fixture *f, const char *alert, struct contents *c)
{
    char key[200];
    *c = (struct contents){.count = 0};
    arena_init(&c->arena, 256 * MIB);
    snprintf(key, sizeof key, "alert_bucket:%s:%s", alert,
             event_type_name(EVENT_TRACE_ERRORS));
    assert_true(store_bucket_events(f->reader, "default", key, 10000, copy_event, c, NULL));
}

/* The delivery has the body that is made of these at once; and is read part by part. */
static void assert_is(struct store_fixture *f, const struct claim *claim,
                      const struct contents *c, const char *name)
{
    struct delivery d = get(f, claim->id);
    const struct payload_head head = {.delivery_id = d.id,
                                      .alert_id = d.alert_id,
                                      .alert_name = name,
                                      .workspace = "default",
                                      .type = EVENT_TRACE_ERRORS,
                                      .created_at = d.created_at,
                                      .truncated = d.truncated,
                                      .style = f->limits.style,
                                      .retries = f->limits.retries};
    struct buf body, part;
    size_t from;
    buf_init(&body, BUF_UNLIMITED);
    buf_init(&part, BUF_UNLIMITED);
    assert_true(payload_body(&head, c->events, c->count, &body));
    assert_int_equal(d.event_count, c->count);
    assert_int_equal(d.body_len, body.len);
    assert_int_equal(claim->body_len, body.len);
    assert_memory_equal(d.body, body.data, body.len);
    assert_null(claim->body);
    for (size_t at = 0; at < body.len; at += part.len) {
        assert_true(store_body_part(f->reader, claim->row, at, &part, &from, NULL));
        assert_int_equal(from, at);
        assert_in_range(part.len, 1, BODY_PART);
        assert_memory_equal(part.data, body.data + at, part.len);
    }
    buf_free(&body);
    buf_free(&part);
    delivery_free(&d);
}

static int64_t close_some(struct store_fixture *f)
{
    return step_close_due(f->store, f->now, 10);
}

/* Closes until one is closed: after how many steps. */
static int steps_to_close(struct store_fixture *f)
{
    int steps = 1;
    for (; close_some(f) == 0; steps++)
        assert_in_range(steps, 0, 100);
    return steps;
}

/* Frees *c. */
static void expect_only(struct store_fixture *f, struct contents *c, const char *name)
{
    struct claims claims = claim(f, 10);
    assert_int_equal(claims.count, 1);
    assert_is(f, claims.items, c, name);
    arena_free(&c->arena);
    step_claims_free(&claims);
    assert_int_equal(store_fixture_counts(f).open_buckets, 0);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM bucket_chunks"), 0);
}

/* An alert whose bucket of so many bytes is due, and a step was made. */
static void one_begun(struct store_fixture *f, size_t len, char id[UUID_SIZE])
{
    id[0] = 0;
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    fill(f, (int)(len / MIB) * 10, len, 7);
    f->now += f->limits.window_ms;
    assert_int_equal(close_some(f), 0);
    assert_int_equal(store_fixture_counts(f).open_buckets, 1);
}

/* ---------------------------------------------------------------- the ordinary case */

static void set_style(struct store_fixture *f, enum payload_style style)
{
    f->limits.style = style;
    f->limits.retries = 7;
    store_set_limits(f->store, &f->limits);
}

static void several_steps_make_one_body(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE] = "";
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    for (int style = 0; style < 2; style++) {
        struct contents c;
        set_style(f, style ? PAYLOAD_SERVER : PAYLOAD_DOCUMENTED);
        for (uint32_t i = 0; i < 5; i++)
            fill(f, 50, MIB - 10000, i); /* each a chunk of more than half a slice */
        fill(f, 3, 1000, 9);
        read_contents(f, id, &c);
        assert_int_equal(c.count, 253);
        f->now += f->limits.window_ms;
        assert_int_equal(steps_to_close(f), 5);
        expect_only(f, &c, "a");
    }
}

/* One chunk of several slices, and events that are each longer than a part. */
static void a_chunk_is_taken_in_slices(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE] = "";
    struct contents c;
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    fill(f, 17, 4 * MIB, 3);
    read_contents(f, id, &c);
    f->now += f->limits.window_ms;
    assert_int_equal(steps_to_close(f), 4);
    expect_only(f, &c, "a");
}

/* The chunks of single events are numbered one after the other. */
static void chunks_of_one_event_are_taken_once(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE] = "";
    struct contents c;
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    fill(f, 4, MIB, 50);
    for (uint32_t i = 0; i < 8; i++)
        fill(f, 1, MIB / 4, i);
    read_contents(f, id, &c);
    f->now += f->limits.window_ms;
    assert_int_equal(steps_to_close(f), 3);
    expect_only(f, &c, "a");
}

static void one_long_event_takes_one_step(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE] = "";
    struct contents c;
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    fill(f, 1, 3 * MIB, 3);
    read_contents(f, id, &c);
    f->now += f->limits.window_ms;
    assert_int_equal(steps_to_close(f), 1);
    expect_only(f, &c, "a");
}

static int64_t open_small(struct store_fixture *f)
{
    return store_fixture_number(f, "SELECT count(*) FROM buckets WHERE bytes < 1000");
}

static void the_others_are_not_held_up(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], small[UUID_SIZE] = "";
    one_begun(f, 4 * MIB, id);
    add_of(f, "b", EVENT_GUARDRAILS_TRIGGERED, small);
    for (int i = 0; i < 2; i++) {
        fill_small(f);
        f->now += f->limits.window_ms;
        assert_int_equal(close_some(f), 1);
        assert_int_equal(open_small(f), 0);
    }
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM deliveries"), 2);
    assert_int_equal(steps_to_close(f), 1);
    store_fixture_counts(f);
}

/* However many are due before: the step's limit is for what it closes. */
static void several_large_ones_take_turns(void **state)
{
    struct store_fixture *f = *state;
    char id[4][UUID_SIZE] = {"", "", "", ""};
    for (int i = 0; i < 3; i++)
        add_of(f, "large", EVENT_TRACE_ERRORS, id[i]);
    add_of(f, "small", EVENT_GUARDRAILS_TRIGGERED, id[3]);
    fill(f, 10, 2 * MIB, 3);
    f->now++;
    fill_small(f);
    f->now += f->limits.window_ms;
    assert_int_equal(step_close_due(f->store, f->now, 2), 1);
    assert_int_equal(open_small(f), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM buckets"), 3 - i);
        assert_int_equal(step_close_due(f->store, f->now, 2), i == 0);
        if (i > 0)
            assert_int_equal(step_close_due(f->store, f->now, 2), 1);
    }
    assert_int_equal(step_close_due(f->store, f->now, 2), 0);
    assert_int_equal(store_fixture_counts(f).open_buckets, 0);
}

static void it_is_claimed_at_once(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    struct closed closed;
    one_begun(f, 2 * MIB, id);
    read_contents(f, id, &c);
    assert_true(step_close_claim(f->store, f->now, 10, 4, &closed, NULL));
    assert_int_equal(closed.count, 1);
    assert_int_equal(closed.claims.count, 1);
    assert_is(f, closed.claims.items, &c, "a");
    assert_int_equal(store_fixture_counts(f).deliveries[DELIVERY_SENDING], 1);
    assert_true(
        step_record(f->store, closed.claims.items, 200, DELIVERY_DELIVERED, 0, NULL));
    step_claims_free(&closed.claims);
    arena_free(&c.arena);
    store_fixture_counts(f);
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* Packed, not plain. */
static void it_holds_little(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    f->limits.bucket_bytes = 64 * (int64_t)MIB;
    store_set_limits(f->store, &f->limits);
    one_begun(f, 2 * MIB, id);
    assert_int_equal(steps_to_close(f), 1);
    for (uint32_t i = 0; i < 15; i++)
        fill(f, 10, 2 * MIB, i);
    f->now += f->limits.window_ms;
    size_t before = in_use();
    for (int i = 0; i < 29; i++)
        assert_int_equal(close_some(f), 0);
    size_t with = in_use();
    assert_int_equal(close_some(f), 1);
    int64_t packed =
        store_fixture_number(f, "SELECT sum(length(bytes)) FROM body_parts "
                                "WHERE delivery = (SELECT max(row) FROM deliveries)");
    assert_in_range(packed, 1 * MIB, 10 * MIB);
    assert_in_range(with, 0, before + (size_t)packed + MIB);
    assert_in_range(in_use(), 0, before + MIB);
}

/* ---------------------------------------------------------------- what changes meanwhile
 */

/* It is whole after the steps that it needed when it was due, and tells what was left out.
 */
static void what_comes_meanwhile_is_in_it(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    one_begun(f, 4 * MIB, id);
    fill(f, 3, 2 * MIB, 8);
    assert_int_equal(close_some(f), 0);
    fill(f, 10, 3 * MIB, 9); /* over 8 MiB: some are only counted */
    assert_int_equal(close_some(f), 0);
    fill(f, 1, 300, 10);
    read_contents(f, id, &c);
    assert_int_equal(close_some(f), 1);
    int64_t left = store_fixture_number(f, "SELECT truncated FROM deliveries");
    assert_int_equal(c.count + (size_t)left, 40 + 3 + 10 + 1);
    assert_in_range(left, 3, 5);
    expect_only(f, &c, "a");
    assert_int_equal(store_fixture_number(f, "SELECT sum(events) FROM log"), left);
}

static void a_new_name_is_in_it(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    one_begun(f, 2 * MIB, id);
    read_contents(f, id, &c);
    add_of(f, "renamed", EVENT_TRACE_ERRORS, id);
    assert_int_equal(close_some(f), 1);
    expect_only(f, &c, "renamed");
}

static void another_style_begins_anew(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    one_begun(f, 3 * MIB, id);
    read_contents(f, id, &c);
    set_style(f, PAYLOAD_SERVER);
    assert_int_equal(steps_to_close(f), 3);
    expect_only(f, &c, "a");
}

static void another_destination_is_heard_of(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct alert a;
    one_begun(f, 3 * MIB, id);
    step_alert_make(&a, "a", URL, EVENT_TRACE_ERRORS);
    memcpy(a.id, id, UUID_SIZE);
    a.destination = DESTINATION_SLACK;
    assert_true(step_alert_put(f->store, &a, STORE_REPLACE, NULL, NULL));
    alert_free(&a);
    assert_int_equal(close_some(f), 1);
    struct claims claims = claim(f, 10);
    assert_non_null(strstr(claims.items[0].body, "{\"blocks\":["));
    step_claims_free(&claims);
    store_fixture_counts(f);
}

static void an_alert_that_is_gone_takes_it_along(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    one_begun(f, 3 * MIB, id);
    assert_int_equal(step_alert_delete(f->store, id), 1);
    assert_int_equal(close_some(f), 0);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM deliveries"), 0);
    assert_int_equal(store_fixture_counts(f).dropped, 30);
}

/* The same row, the same alert, the same millisecond: but other events. */
static void refill(struct store_fixture *f, struct store *by, const char *id)
{
    f->now -= f->limits.window_ms;
    assert_int_equal(step_alert_enable(by, id, false), 1);
    assert_int_equal(step_alert_enable(by, id, true), 1);
    assert_true(
        step_accept(by, events_of(EVENT_TRACE_ERRORS, 40, 3 * MIB, 99), NULL, NULL));
    assert_int_equal(store_fixture_number(f, "SELECT row FROM buckets"), 1);
    f->now += f->limits.window_ms;
}

static void another_bucket_in_its_row_is_another(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    one_begun(f, 3 * MIB, id);
    refill(f, f->store, id);
    read_contents(f, id, &c);
    assert_int_equal(c.count, 40);
    assert_int_equal(steps_to_close(f), 3);
    expect_only(f, &c, "a");
}

static void so_is_one_of_another_process(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    struct err err;
    const struct store_options options = {f->dir, false, &f->clock, f->limits};
    one_begun(f, 3 * MIB, id);
    struct store *other = store_open(&options, &err);
    assert_non_null(other);
    refill(f, other, id);
    store_close(&other);
    assert_int_equal(store_fixture_number(f, "SELECT opened_at FROM buckets"),
                     f->now - f->limits.window_ms);
    read_contents(f, id, &c);
    assert_int_equal(steps_to_close(f), 3);
    expect_only(f, &c, "a");
}

/* ---------------------------------------------------------------- what goes wrong */

/* A step reads what was accepted in its own transaction, which then fails. */
static void what_was_rolled_back_is_not_in_it(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    struct step_wait accepted = {0}, closed = {0};
    one_begun(f, 3 * MIB, id);
    store_park(f->store);
    store_accept(f->store, events_of(EVENT_TRACE_ERRORS, 20, 2 * MIB, 50), step_done,
                 &accepted);
    store_close_due(f->store, f->now, 10, step_done, &closed);
    faultvfs_arm(FAULT_WRITE, 1, true);
    store_unpark(f->store);
    assert_false(step_wait(&accepted, NULL));
    assert_false(step_wait(&closed, NULL));
    faultvfs_heal(NULL);
    fill(f, 15, 2 * MIB, 51);
    read_contents(f, id, &c);
    assert_int_equal(c.count, 45);
    steps_to_close(f);
    expect_only(f, &c, "a");
}

static atomic_llong fails_in; /* so many allocations; 0: none does */

#define FAILING(name, parameters, call)                                                    \
    void *__real_##name parameters;                                                        \
    void *__wrap_##name parameters;                                                        \
    void *__wrap_##name parameters                                                         \
    {                                                                                      \
        bool armed = atomic_load(&fails_in) > 0;                                           \
        return armed && atomic_fetch_sub(&fails_in, 1) == 1 ? NULL : __real_##name call;   \
    }
FAILING(malloc, (size_t size), (size))
FAILING(calloc, (size_t count, size_t size), (count, size))
FAILING(realloc, (void *old, size_t size), (old, size))
FAILING(reallocarray, (void *old, size_t count, size_t size), (old, count, size))

/* Each allocation of all the steps fails once, then the next steps have memory again. */
static void without_memory_it_begins_anew(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE] = "";
    struct contents c;
    int failures = 0;
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    for (int at = 1; failures == at - 1; at++) {
        fill(f, 5, MIB + 70000, (uint32_t)at);
        read_contents(f, id, &c);
        f->now += f->limits.window_ms;
        atomic_store(&fails_in, at);
        int64_t closed = 0;
        while (closed == 0)
            closed = close_some(f);
        failures += atomic_exchange(&fails_in, 0) == 0;
        if (closed < 0)
            steps_to_close(f);
        expect_only(f, &c, "a");
    }
    assert_in_range(failures, 30, 1000);
}

static void after_a_restart_nothing_is_lost(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    struct contents c;
    one_begun(f, 3 * MIB, id);
    store_fixture_close(f);
    store_fixture_open(f);
    read_contents(f, id, &c);
    assert_int_equal(c.count, 30);
    assert_int_equal(steps_to_close(f), 3);
    expect_only(f, &c, "a");
}

static void damage(struct store_fixture *f, const char *which)
{
    char sql[200], id[UUID_SIZE] = "";
    store_fixture_close(f);
    store_fixture_open(f);
    add_of(f, "a", EVENT_TRACE_ERRORS, id);
    for (uint32_t i = 0; i < 4; i++)
        fill(f, 10, MIB, i);
    f->now += f->limits.window_ms;
    assert_int_equal(close_some(f), 0);
    snprintf(sql, sizeof sql,
             "UPDATE bucket_chunks SET events = x'00' WHERE row = (SELECT %s(row) FROM "
             "bucket_chunks)",
             which);
    store_fixture_exec(f, sql);
    steps_to_close(f);
    step_alert_delete(f->store, id);
}

static void a_damaged_one_is_dropped(void **state)
{
    struct store_fixture *f = *state;
    damage(f, "max");
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM log WHERE text LIKE "
                                             "'%damaged%' AND events = 40"),
                     1);
    damage(f, "min");
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM log WHERE text LIKE "
                                             "'%damaged%' AND events = 40"),
                     2);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM deliveries"), 0);
    struct store_counts counts = store_fixture_counts(f);
    assert_int_equal(counts.open_buckets, 0);
    assert_int_equal(counts.dropped, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_steps_make_one_body),
        TEST(a_chunk_is_taken_in_slices),
        TEST(chunks_of_one_event_are_taken_once),
        TEST(one_long_event_takes_one_step),
        TEST(the_others_are_not_held_up),
        TEST(several_large_ones_take_turns),
        TEST(it_is_claimed_at_once),
        TEST(it_holds_little),
        TEST(what_comes_meanwhile_is_in_it),
        TEST(a_new_name_is_in_it),
        TEST(another_style_begins_anew),
        TEST(another_destination_is_heard_of),
        TEST(an_alert_that_is_gone_takes_it_along),
        TEST(another_bucket_in_its_row_is_another),
        TEST(so_is_one_of_another_process),
        TEST(what_was_rolled_back_is_not_in_it),
        TEST(without_memory_it_begins_anew),
        TEST(after_a_restart_nothing_is_lost),
        TEST(a_damaged_one_is_dropped),
    };
    faultvfs_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
