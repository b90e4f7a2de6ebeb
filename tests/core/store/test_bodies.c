/* Bodies of all lengths: whole in a row, or in parts. */
#include "core/store/delivery_fixture.h"

#include "store/accept.h"
#include "store/deliveries.h"
#include "store/delivering.h"
#include "store/sqlite/bodies.h"
#include "store/sqlite/claim.h"

/* One closed bucket with one event whose entity is `len` bytes long; its bytes do not pack
 * where `varied`. */
static void one_with(struct store_fixture *f, size_t len, bool varied)
{
    struct accept *a = step_request("default");
    char *entity = malloc(len);
    uint32_t seed = 1;
    assert_non_null(entity);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        entity[i] = varied ? (char)('!' + 2 + (seed >> 24) % 56) : 'x';
    }
    memcpy(entity, "{\"x\":\"", 6);
    entity[len - 1] = '"';
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "p", 1)->head =
        arena_span(&a->arena, (struct span){entity, len});
    free(entity);
    assert_true(step_accept(f->store, a, NULL, NULL));
    close_all(f);
}

/* The body as it is read whole is what its parts are, one after the other. */
static void assert_parts_are_it(struct store_fixture *f, const struct claim *c)
{
    struct delivery d = get(f, c->id);
    struct buf part;
    size_t from;
    buf_init(&part, BUF_UNLIMITED);
    assert_int_equal(d.body_len, c->body_len);
    for (size_t at = 0; at < c->body_len; at += part.len) {
        assert_true(store_body_part(f->reader, c->row, at, &part, &from, NULL));
        assert_int_equal(from, at);
        assert_in_range(part.len, 1, BODY_PART);
        assert_memory_equal(part.data, d.body + at, part.len);
        if (part.len > 1) { /* any byte of it finds it */
            size_t len = part.len;
            assert_true(store_body_part(f->reader, c->row, at + len - 1, &part, &from, NULL));
            assert_int_equal(from, at);
            assert_int_equal(part.len, len);
        }
    }
    buf_free(&part);
    delivery_free(&d);
}

static int64_t bytes_of_parts(struct store_fixture *f)
{
    return store_fixture_number(f, "SELECT coalesce(sum(length(bytes)), 0) FROM body_parts");
}

static void long_ones_are_in_packed_parts(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    one_with(f, 1 << 20, false);
    struct claims c = claim(f, 1);
    assert_null(c.items[0].body);
    assert_in_range(c.items[0].body_len, 1 << 20, (1 << 20) + 2000);
    assert_int_equal(store_fixture_number(f, "SELECT length(body) FROM bodies"), 0);
    assert_in_range(bytes_of_parts(f), 1, 64 << 10);
    assert_parts_are_it(f, c.items);
    step_claims_free(&c);
}

static void what_does_not_pack_stays_as_it_is(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    one_with(f, 300 << 10, true);
    struct claims c = claim(f, 1);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM body_parts WHERE size = 0"),
                     3);
    assert_int_equal(bytes_of_parts(f), c.items[0].body_len);
    assert_parts_are_it(f, c.items);
    step_claims_free(&c);
}

/* Around the length from which on there are parts, and those of one and two. */
static void every_length_comes_back(void **state)
{
    static const size_t lengths[] = {0,         1,
                                     CLAIM_BODY, CLAIM_BODY + 1,
                                     BODY_PART, BODY_PART + 1,
                                     2 * BODY_PART, 2 * BODY_PART + 1};
    enum { LENGTHS = sizeof lengths / sizeof *lengths };
    _Static_assert((int)LENGTHS == (int)BODIES_AT_ONCE, "one statement");
    struct store_fixture *f = *state;
    struct body bodies[LENGTHS];
    char alert[UUID_SIZE], path[512], *bytes = malloc(2 * BODY_PART + 1);
    struct err err = {0};
    snprintf(path, sizeof path, "%s/store.db", f->dir);
    for (size_t i = 0; i < 2 * BODY_PART + 1; i++)
        bytes[i] = (char)('a' + i / 100 % 26);
    for (size_t i = 0; i < LENGTHS; i++)
        add_alert(f, "a", URL, alert);
    accept_events(f, 1);
    close_all(f);
    struct db *db = db_open(path, DB_WRITER, &err);
    assert_non_null(db);
    for (size_t i = 0; i < LENGTHS; i++) {
        bodies[i] = (struct body){(int64_t)i + 1, {bytes, lengths[i]}};
        assert_true(body_remove(db, bodies[i].delivery, &err));
    }
    assert_true(bodies_write(db, bodies, LENGTHS, &err));
    for (size_t i = 0; i < LENGTHS; i++) {
        struct buf out;
        buf_init(&out, BUF_UNLIMITED);
        assert_true(body_read(db, bodies[i].delivery, &out, &err));
        assert_int_equal(out.len, lengths[i]);
        assert_memory_equal(buf_text(&out), bytes, lengths[i]);
        buf_free(&out);
    }
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM body_parts"),
                     1 + 1 + 2 + 2 + 3);
    db_close(&db);
    free(bytes);
}

static void a_damaged_part_is_not_read(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct buf part;
    struct delivery d;
    struct err err = {0};
    size_t from;
    buf_init(&part, BUF_UNLIMITED);
    add_alert(f, "a", URL, alert);
    one_with(f, 1 << 20, false);
    struct claims c = claim(f, 1);
    store_fixture_exec(f, "UPDATE body_parts SET bytes = x'00' WHERE at > 200000 AND at < 300000");
    assert_true(store_body_part(f->reader, c.items[0].row, 0, &part, &from, &err));
    assert_false(store_body_part(f->reader, c.items[0].row, 299999, &part, &from, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.text, "damaged"));
    assert_false(store_delivery_get(f->reader, NULL, c.items[0].id, &d, &err));
    assert_int_equal(err.code, ERR_IO);
    buf_free(&part);
    step_claims_free(&c);
}

/* An empty request would be answered well, and the events be lost unheard of. */
static void one_that_is_lost_is_not_sent(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    struct delivery_rows rows;
    const struct delivery_filter all = {.state = -1};
    add_alert(f, "a", URL, alert);
    one_with(f, 100, false);
    store_fixture_exec(f, "DELETE FROM bodies");
    struct claims c = claim(f, 1);
    assert_int_equal(c.count, 0);
    step_claims_free(&c);
    assert_true(store_delivery_list(f->reader, &all, NULL, 1, &rows, NULL));
    assert_int_equal(rows.items[0].state, DELIVERY_DEAD);
    assert_non_null(strstr(rows.items[0].reason, "damaged"));
    delivery_rows_free(&rows);
}

/* As a store of an earlier version has it. */
static void a_long_one_in_one_row_is_held(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    accept_events(f, 1);
    close_all(f);
    store_fixture_exec(f, "UPDATE bodies SET "
                          "body = CAST(replace(hex(zeroblob(100000)), '00', 'x') AS BLOB)");
    struct claims c = claim(f, 1);
    struct delivery d = get(f, c.items[0].id);
    assert_int_equal(c.items[0].body_len, 100000);
    assert_int_equal(d.body_len, 100000);
    assert_memory_equal(c.items[0].body, d.body, 100000);
    delivery_free(&d);
    step_claims_free(&c);
}

static void its_parts_go_with_it(void **state)
{
    struct store_fixture *f = *state;
    char alert[UUID_SIZE];
    add_alert(f, "a", URL, alert);
    one_with(f, 1 << 20, false);
    struct claims c = claim(f, 1);
    assert_true(step_record(f->store, c.items, 200, DELIVERY_DELIVERED, 0, NULL));
    assert_true(bytes_of_parts(f) > 0);
    assert_int_equal(step_purge(f->store, f->now + 1, 10), 1);
    assert_int_equal(bytes_of_parts(f), 0);
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM bodies"), 0);
    step_claims_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(long_ones_are_in_packed_parts), TEST(what_does_not_pack_stays_as_it_is),
        TEST(every_length_comes_back),       TEST(a_damaged_part_is_not_read),
        TEST(one_that_is_lost_is_not_sent),  TEST(a_long_one_in_one_row_is_held),
        TEST(its_parts_go_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
