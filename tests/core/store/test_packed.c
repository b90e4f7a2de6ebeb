/* Bytes packed and opened again, and what is no packed bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/sqlite/packed.h"
#include "support/torture.h"

struct rig {
    struct buf plain, scratch, opened;
};

static void start(struct rig *r)
{
    buf_init(&r->plain, BUF_UNLIMITED);
    buf_init(&r->scratch, BUF_UNLIMITED);
    buf_init(&r->opened, BUF_UNLIMITED);
}

static void stop(struct rig *r)
{
    buf_free(&r->plain);
    buf_free(&r->scratch);
    buf_free(&r->opened);
}

static void add_alike(struct buf *b, size_t events)
{
    for (size_t i = 0; i < events; i++)
        buf_add_format(b, "{\"id\":\"%08zx\",\"name\":\"ask\",\"message\":\"no answer\"}", i);
}

static void assert_opens(struct rig *r, const struct packed *p)
{
    buf_clear(&r->opened);
    packed_open(p, &r->opened);
    assert_int_equal(r->opened.len, r->plain.len);
    assert_memory_equal(buf_text(&r->opened), buf_text(&r->plain), r->plain.len);
}

static void what_is_alike_gets_small_and_comes_back(void **state)
{
    struct rig r;
    (void)state;
    start(&r);
    add_alike(&r.plain, 1000);
    const struct packed p = packed_of(buf_span(&r.plain), &r.scratch);
    assert_int_equal(p.size, r.plain.len);
    assert_in_range(p.bytes.len, 1, r.plain.len / 3);
    assert_opens(&r, &p);
    packed_open(&p, &r.opened); /* it appends */
    assert_int_equal(r.opened.len, 2 * r.plain.len);
    stop(&r);
}

static void what_would_not_get_smaller_stays_as_it_is(void **state)
{
    struct rig r;
    uint64_t seed = 1;
    (void)state;
    start(&r);
    for (int i = 0; i < 4000; i++) {
        uint64_t z = torture_random(&seed, UINT64_MAX);
        buf_add(&r.plain, &z, sizeof z);
    }
    const struct packed p = packed_of(buf_span(&r.plain), &r.scratch);
    assert_int_equal(p.size, 0);
    assert_ptr_equal(p.bytes.at, r.plain.data);
    assert_opens(&r, &p);
    stop(&r);
}

static void a_few_bytes_stay_as_they_are(void **state)
{
    struct rig r;
    (void)state;
    start(&r);
    struct packed p = packed_of(buf_span(&r.plain), &r.scratch);
    assert_int_equal(p.size + (int64_t)p.bytes.len, 0);
    add_alike(&r.plain, 30);
    p = packed_of(buf_span(&r.plain), &r.scratch);
    assert_int_equal(p.size, 0);
    assert_int_equal(p.bytes.len, r.plain.len);
    stop(&r);
}

static void damaged_bytes_give_nothing(void **state)
{
    struct rig r;
    (void)state;
    start(&r);
    add_alike(&r.plain, 1000);
    const struct packed p = packed_of(buf_span(&r.plain), &r.scratch);
    const struct packed damaged[] = {
        {p.bytes, p.size + 1},
        {p.bytes, p.size - 1},
        {{p.bytes.at, p.bytes.len - 1}, p.size},
        {{NULL, 0}, p.size},
        {p.bytes, -1},
        {p.bytes, INT64_MAX},
        {p.bytes, (int64_t)1 << 31},
        {p.bytes, 0x7fffffff}, /* more than so few bytes can be */
        {{"no packed bytes", 15}, 2500},
    };
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        buf_clear(&r.opened);
        buf_add_text(&r.opened, "before");
        packed_open(&damaged[i], &r.opened);
        assert_string_equal(buf_text(&r.opened), "before");
        assert_false(r.opened.failed);
        assert_true(r.opened.cap < 1 << 20);
    }
    stop(&r);
}

static void too_little_room_is_seen(void **state)
{
    struct rig r;
    struct buf little;
    (void)state;
    start(&r);
    add_alike(&r.plain, 1000);
    const struct packed p = packed_of(buf_span(&r.plain), &r.scratch);
    buf_init(&little, r.plain.len - 1);
    packed_open(&p, &little);
    assert_true(little.failed);
    assert_int_equal(little.len, 0);
    buf_free(&little);
    buf_init(&little, 100); /* to pack: it stays as it is */
    assert_int_equal(packed_of(buf_span(&r.plain), &little).size, 0);
    buf_free(&little);
    stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_alike_gets_small_and_comes_back),
        cmocka_unit_test(what_would_not_get_smaller_stays_as_it_is),
        cmocka_unit_test(a_few_bytes_stay_as_they_are),
        cmocka_unit_test(damaged_bytes_give_nothing),
        cmocka_unit_test(too_little_room_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
