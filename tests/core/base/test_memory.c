#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/asset.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "support/wiped.h"

static void buf_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, BUF_UNLIMITED);
    assert_string_equal(buf_text(&b), "");
    assert_null(b.data);
    for (size_t i = 0; i < 5000; i++) {
        assert_true(buf_add_char(&b, (char)('a' + i % 26)));
        assert_int_equal(strlen(buf_text(&b)), i + 1);
    }
    buf_clear(&b);
    assert_string_equal(buf_text(&b), "");
    assert_true(buf_add_format(&b, "%s-%d", "x", 42));
    assert_true(buf_add_span(&b, span_of("!")));
    assert_true(buf_add_text(&b, ""));
    assert_true(span_is(buf_span(&b), "x-42!"));
    buf_drop(&b, 0);
    buf_drop(&b, 2);
    assert_string_equal(buf_text(&b), "42!");
    buf_drop(&b, 3);
    assert_string_equal(buf_text(&b), "");
    buf_free(&b);
    assert_null(b.data);
    assert_true(buf_add_text(&b, "again"));
    buf_free(&b);
    assert_null(b.data);
}

/* A format fits behind what is there, to the byte, or makes room first. */
static void buf_formats_whatever_room_there_is(void **state)
{
    (void)state;
    char expected[400];
    for (int before = 0; before < 130; before++)
        for (int len = 0; len < 140; len += before % 7 + 1) {
            struct buf b;
            buf_init(&b, BUF_UNLIMITED);
            for (int i = 0; i < before; i++)
                buf_add_char(&b, 'x');
            assert_true(buf_add_format(&b, "%.*s%*d", before ? 0 : 1, "y", len, 7));
            snprintf(expected, sizeof expected, "%.*s%*d", before ? 0 : 1, "y", len, 7);
            assert_int_equal(b.len, (size_t)before + strlen(expected));
            assert_string_equal(b.data + before, expected);
            for (int i = 0; i < before; i++)
                assert_int_equal(b.data[i], 'x');
            buf_free(&b);
        }
}

static void buf_drops_from_the_front(void **state)
{
    (void)state;
    for (size_t drop = 0; drop <= 3; drop++) {
        struct buf b;
        buf_init(&b, 10);
        assert_true(buf_add_text(&b, "abc"));
        buf_drop(&b, drop);
        assert_string_equal(buf_text(&b), &"abc"[drop]);
        assert_int_equal(b.len, 3 - drop);
        buf_free(&b);
    }
}

static void buf_reserve_leaves_text_terminated(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, BUF_UNLIMITED);
    assert_true(buf_reserve(&b, 100));
    assert_string_equal(buf_text(&b), "");
    assert_true(buf_add(&b, NULL, 0));
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void buf_fails_over_max_and_keeps_its_bytes(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_true(buf_add_text(&b, "12345"));
    assert_false(b.failed);
    assert_false(buf_add_char(&b, '6'));
    assert_true(b.failed);
    assert_false(buf_add_text(&b, ""));
    assert_string_equal(buf_text(&b), "12345");
    assert_null(buf_take(&b));
    buf_clear(&b);
    assert_false(buf_add_format(&b, "%d", 123456));
    assert_string_equal(buf_text(&b), "");
    buf_clear(&b);
    assert_true(buf_add_format(&b, "%d", 54321));
    buf_free(&b);
}

static void buf_refuses_lengths_that_overflow(void **state)
{
    (void)state;
    static const size_t lengths[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX - 4};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf b;
        buf_init(&b, SIZE_MAX);
        assert_true(buf_add_text(&b, "abcd"));
        assert_false(buf_reserve(&b, lengths[i]));
        assert_string_equal(buf_text(&b), "abcd");
        buf_free(&b);
    }
}

static void buf_take_hands_over(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    char *empty = buf_take(&b);
    assert_string_equal(empty, "");
    buf_add_text(&b, "text");
    char *text = buf_take(&b);
    assert_string_equal(text, "text");
    assert_null(b.data);
    assert_int_equal(b.max, 10);
    free(empty);
    free(text);
}

static void arena_gives_aligned_zeroed_pieces(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, BUF_UNLIMITED);
    for (size_t size = 0; size < 40000; size += 37) {
        unsigned char *piece = arena_alloc(&a, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xee, size);
    }
    arena_free(&a);
    assert_int_equal(a.total, 0);
}

static void arena_copies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, BUF_UNLIMITED);
    assert_string_equal(arena_copy(&a, (struct span){"abcdef", 3}), "abc");
    assert_string_equal(arena_copy(&a, (struct span){NULL, 0}), "");
    assert_true(span_is(arena_span(&a, span_of("xyz")), "xyz"));
    arena_free(&a);
}

static void arena_fails_over_max_for_good(void **state)
{
    (void)state;
    static const size_t limits[] = {0, 16, 100, 1000, 20000, 50000, 1000000};
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        struct arena a;
        size_t got = 0;
        arena_init(&a, limits[l]);
        while (arena_alloc(&a, 100))
            got += 100;
        assert_true(a.failed);
        assert_null(arena_alloc(&a, 1));
        assert_null(arena_span(&a, span_of("x")).at);
        assert_true(got <= a.total && a.total <= limits[l]);
        assert_true(limits[l] < 1000 || got >= limits[l] / 4 * 3);
        arena_free(&a);
        assert_false(a.failed);
    }
}

static void arena_refuses_sizes_that_overflow(void **state)
{
    (void)state;
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 15, SIZE_MAX - 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct arena a;
        arena_init(&a, 1 << 20);
        assert_non_null(arena_alloc(&a, 10));
        assert_null(arena_alloc(&a, sizes[i]));
        arena_free(&a);
    }
    struct arena a;
    arena_init(&a, 1 << 20);
    assert_null(arena_copy(&a, (struct span){"", SIZE_MAX}));
    arena_free(&a);
}

static void err_keeps_code_and_text(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(err_set(&err, ERR_CONFLICT, "%s is %d", "x", 3));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_string_equal(err.text, "x is 3");
    assert_false(err_set(&err, ERR_IO, "outer: %s", err.text));
    assert_string_equal(err.text, "outer: x is 3");
    assert_false(err_set(&err, ERR_IO, "%1000d", 1));
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_false(err_set(NULL, ERR_IO, "nobody listens"));
    assert_false(err_memory(&err));
    assert_int_equal(err.code, ERR_MEMORY);
    assert_string_equal(err.text, "out of memory");
}

static void err_cuts_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"x", "\xc3\xa4", "\xe2\x82\xac",
                                             "\xf0\x9f\x98\x80"};
    for (size_t c = 0; c < sizeof characters / sizeof *characters; c++) {
        size_t len = strlen(characters[c]);
        for (size_t shift = 0; shift < 4; shift++) {
            char text[1024] = "xxx";
            struct err err = {0};
            for (size_t i = 0; i < 200; i++)
                memcpy(text + shift + i * len, characters[c], len + 1);
            assert_false(err_set(&err, ERR_IO, "%s: %s", text, text));
            assert_true(text_is_utf8(span_of(err.text)));
            assert_in_range(strlen(err.text), sizeof err.text - 4, sizeof err.text - 1);
        }
    }
    for (int left = 0; left < 4; left++) { /* the last character alone */
        struct err err = {0};
        int before = (int)sizeof err.text - 1 - left;
        assert_false(err_set(&err, ERR_IO, "%*d\xc3\xa4", before, 1));
        assert_int_equal(strlen(err.text), before + (left < 2 ? 0 : 2));
    }
}

static void secret_copies_and_wipes(void **state)
{
    (void)state;
    char bytes[] = "token";
    secret_wipe(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0);
    secret_wipe(NULL, 0);
    char *copy = secret_copy("key");
    assert_string_equal(copy, "key");
    secret_free(&copy);
    assert_null(copy);
    secret_free(&copy);
    assert_null(secret_copy(NULL));
}

static void secrets_are_gone_before_their_memory_is(void **state)
{
    (void)state;
    struct buf b;
    char *copy = secret_copy(WIPED_TOKEN);
    wiped_begin();
    secret_free(&copy);
    copy = malloc(100);
    assert_non_null(copy);
    snprintf(copy, 100, "%60s", WIPED_TOKEN);
    secret_free_block(copy);
    buf_init_secret(&b, BUF_UNLIMITED);
    for (int i = 0; i < 1000; i++)
        buf_add_text(&b, WIPED_TOKEN);
    buf_clear(&b); /* the bytes behind are still there */
    buf_free(&b);
    assert_int_equal(wiped_end(), 0);
    buf_init(&b, BUF_UNLIMITED); /* no secret: only so it is seen that it would be */
    wiped_begin();
    buf_add_text(&b, WIPED_TOKEN);
    buf_free(&b);
    assert_int_equal(wiped_end(), 1);
}

struct heard {
    enum log_level level;
    char line[64 * 1024];
    int count;
};

static void hear(void *arg, enum log_level level, const char *line)
{
    struct heard *heard = arg;
    heard->level = level;
    heard->count++;
    snprintf(heard->line, sizeof heard->line, "%s", line);
}

static void log_sanitises_lines(void **state)
{
    (void)state;
    static struct heard heard;
    char hostile[4096];
    memset(hostile, 0x1b, sizeof hostile);
    hostile[sizeof hostile - 1] = '\0';
    log_write(LOG_LEVEL_ERROR, "nobody listens");
    log_set_sink(hear, &heard);
    log_write(LOG_LEVEL_WARN, "name %s, %d", "a\x1b[2J\nb", 7);
    assert_int_equal(heard.level, LOG_LEVEL_WARN);
    assert_string_equal(heard.line, "name a\\x1b[2J\\nb, 7");
    log_write(LOG_LEVEL_INFO, "%s", hostile);
    assert_int_equal(strlen(heard.line) % 4, 0);
    assert_null(strchr(heard.line, 0x1b));
    log_set_sink(NULL, NULL);
    log_write(LOG_LEVEL_ERROR, "nobody listens");
    assert_int_equal(heard.count, 2);
}

static void asset_find_knows_every_name(void **state)
{
    (void)state;
    assert_in_range(asset_count, 1, 100000);
    for (size_t i = 0; i < asset_count; i++) {
        struct span found = asset_find(asset_table[i].name);
        assert_ptr_equal(found.at, (const char *)asset_table[i].begin);
        assert_int_equal(found.len, asset_table[i].end - asset_table[i].begin);
        assert_true(i == 0 || strcmp(asset_table[i - 1].name, asset_table[i].name) < 0);
    }
    assert_null(asset_find("no/such/file").at);
    assert_null(asset_find("").at);
}

static void clock_driven_shows_what_it_is_told(void **state)
{
    (void)state;
    _Atomic int64_t now = 5;
    struct clock clock = clock_driven(&now);
    assert_int_equal(clock_wall_ms(&clock), 5);
    now = 1234567890123;
    assert_int_equal(clock_wall_ms(&clock), 1234567890123);
    assert_int_equal(clock_steady_ms(&clock), 1234567890123);
}

static void clock_system_is_steady(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    assert_ptr_equal(clock, clock_system());
    assert_true(clock_wall_ms(clock) > INT64_C(1600000000000));
    assert_true(clock_steady_ms(clock) > INT64_C(1600000000000));
    int64_t last = clock_steady_ms(clock);
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_steady_ms(clock);
        assert_true(now >= last);
        last = now;
    }
}

static int64_t ms_of(clockid_t id)
{
    struct timespec t;
    assert_int_equal(clock_gettime(id, &t), 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Between two looks at the clocks that they are made of. */
static void clocks_show_the_machine_s_own(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    int64_t before = ms_of(CLOCK_MONOTONIC), now = clock_monotonic_ms();
    assert_in_range(now, before, ms_of(CLOCK_MONOTONIC));
    before = ms_of(CLOCK_BOOTTIME);
    now = clock_steady_ms(clock) - clock_anchor();
    assert_in_range(now, before, ms_of(CLOCK_BOOTTIME));
    static const int64_t in[] = {0, 1, 999, 1000, 1001, 123456789};
    for (int round = 0; round < 2000; round++)
        for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
            before = ms_of(CLOCK_MONOTONIC);
            struct timespec until = clock_monotonic_in(in[i]);
            now = (int64_t)until.tv_sec * 1000 + until.tv_nsec / 1000000 - in[i];
            assert_in_range(now, before, ms_of(CLOCK_MONOTONIC));
            assert_in_range(until.tv_nsec, 0, 999999999);
        }
}

static void a_boot_has_a_name(void **state)
{
    (void)state;
    char one[CLOCK_BOOT_SIZE], other[CLOCK_BOOT_SIZE];
    if (access("/proc/sys/kernel/random/boot_id", R_OK) != 0)
        skip(); /* not known here */
    assert_true(clock_boot(one));
    assert_true(clock_boot(other));
    assert_string_equal(one, other);
    assert_in_range(strlen(one), 1, CLOCK_BOOT_SIZE - 1);
    assert_null(strchr(one, '\n'));
}

static void span_compares(void **state)
{
    (void)state;
    struct span none = {NULL, 0};
    assert_int_equal(span_of(NULL).len, 0);
    assert_true(span_is(none, ""));
    assert_false(span_is(none, "a"));
    assert_false(span_is(span_of("ab"), "a"));
    assert_true(span_same(none, span_of("")));
    assert_true(span_same(span_of("ab"), span_of("ab")));
    assert_false(span_same(span_of("ab"), span_of("ac")));
}

static void a_secret_buffer_keeps_its_bytes_as_it_grows(void **state)
{
    (void)state;
    struct buf b;
    buf_init_secret(&b, 1000);
    for (int i = 0; i < 100; i++)
        assert_true(buf_add_text(&b, "0123456789"));
    assert_false(buf_add_char(&b, 'x'));
    assert_int_equal(b.len, 1000);
    for (int i = 0; i < 100; i++)
        assert_memory_equal(b.data + (ptrdiff_t)10 * i, "0123456789", 10);
    assert_int_equal(b.data[1000], 0);
    buf_free(&b);
    assert_true(b.secret && b.max == 1000 && !b.data);
    assert_true(buf_add_text(&b, "again"));
    char *taken = buf_take(&b);
    assert_string_equal(taken, "again");
    secret_free_block(taken);
    secret_free_block(NULL);
    assert_true(b.secret && b.len == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_buffer_keeps_its_bytes_as_it_grows),
        cmocka_unit_test(buf_grows_and_stays_terminated),
        cmocka_unit_test(buf_formats_whatever_room_there_is),
        cmocka_unit_test(buf_drops_from_the_front),
        cmocka_unit_test(buf_reserve_leaves_text_terminated),
        cmocka_unit_test(buf_fails_over_max_and_keeps_its_bytes),
        cmocka_unit_test(buf_refuses_lengths_that_overflow),
        cmocka_unit_test(buf_take_hands_over),
        cmocka_unit_test(arena_gives_aligned_zeroed_pieces),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(arena_fails_over_max_for_good),
        cmocka_unit_test(arena_refuses_sizes_that_overflow),
        cmocka_unit_test(err_keeps_code_and_text),
        cmocka_unit_test(err_cuts_between_characters),
        cmocka_unit_test(secret_copies_and_wipes),
        cmocka_unit_test(secrets_are_gone_before_their_memory_is),
        cmocka_unit_test(log_sanitises_lines),
        cmocka_unit_test(asset_find_knows_every_name),
        cmocka_unit_test(clock_driven_shows_what_it_is_told),
        cmocka_unit_test(clock_system_is_steady),
        cmocka_unit_test(clocks_show_the_machine_s_own),
        cmocka_unit_test(a_boot_has_a_name),
        cmocka_unit_test(span_compares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
