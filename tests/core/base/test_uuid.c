#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/uuid.h"

enum { MANY = 100 * 1000, THREADS = 4, EACH = 20 * 1000 };

static const int64_t NOW = INT64_C(1767323045678);

static int64_t time_of(const char *id)
{
    unsigned char bytes[16];
    int64_t ms = 0;
    uuid_bytes(id, bytes);
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | bytes[i];
    return ms;
}

static void assert_v7(const char *id)
{
    char canonical[UUID_SIZE];
    assert_int_equal(strlen(id), UUID_SIZE - 1);
    assert_true(uuid_is_v7(id));
    assert_true(uuid_read(span_of(id), canonical));
    assert_string_equal(id, canonical);
}

/* Runs first: the generator has seen no other time yet. */
static void v7_survives_times_before_1970(void **state)
{
    (void)state;
    char first[UUID_SIZE], second[UUID_SIZE];
    uuid_v7(first, INT64_MIN);
    uuid_v7(second, -5);
    assert_v7(first);
    assert_int_equal(time_of(first), 0);
    assert_true(strcmp(first, second) < 0);
}

static void v7_carries_the_time(void **state)
{
    (void)state;
    char id[UUID_SIZE];
    uuid_v7(id, NOW);
    assert_v7(id);
    assert_true(time_of(id) == NOW);
    uuid_v7(id, NOW + 1);
    assert_true(time_of(id) == NOW + 1);
}

static void v7_grows_also_when_the_clock_goes_back(void **state)
{
    (void)state;
    char last[UUID_SIZE] = "", id[UUID_SIZE];
    for (int i = 0; i < MANY; i++) {
        uuid_v7(id, NOW + 10 + i / 100 - (i % 7 == 0 ? 5000 : 0));
        assert_true(strcmp(last, id) < 0);
        assert_true(uuid_is_v7(id));
        memcpy(last, id, sizeof last);
    }
}

static void *make_many(void *arg)
{
    char(*ids)[UUID_SIZE] = arg;
    for (int i = 0; i < EACH; i++)
        uuid_v7(ids[i], NOW + 100000);
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void v7_is_unique_across_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    char(*ids)[UUID_SIZE] = calloc((size_t)THREADS * EACH, UUID_SIZE);
    assert_non_null(ids);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(
            pthread_create(&threads[t], NULL, make_many, ids + (ptrdiff_t)t * EACH), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t < THREADS; t++)
        for (int i = 1; i < EACH; i++)
            assert_true(strcmp(ids[t * EACH + i - 1], ids[t * EACH + i]) < 0);
    qsort(ids, (size_t)THREADS * EACH, UUID_SIZE, by_text);
    for (int i = 1; i < THREADS * EACH; i++)
        assert_true(strcmp(ids[i - 1], ids[i]) != 0);
    free(ids);
}

static void v7_differs_in_its_random_part(void **state)
{
    (void)state;
    unsigned char seen_or[16] = {0}, seen_and[16];
    memset(seen_and, 0xff, sizeof seen_and);
    for (int i = 0; i < 1000; i++) {
        char id[UUID_SIZE];
        unsigned char bytes[16];
        uuid_v7(id, NOW + 200000 + i);
        uuid_bytes(id, bytes);
        for (int b = 0; b < 16; b++) {
            seen_or[b] |= bytes[b];
            seen_and[b] &= bytes[b];
        }
    }
    assert_int_equal(seen_or[7], 0xff);
    assert_int_equal(seen_and[7], 0);
    for (int b = 9; b < 16; b++) {
        assert_int_equal(seen_or[b], 0xff);
        assert_int_equal(seen_and[b], 0);
    }
}

static void read_checks_the_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
    } rows[] = {
        {"019b7d0c-4c2e-7abc-8def-0123456789ab", true},
        {"019B7D0C-4C2E-7ABC-8DEF-0123456789AB", true},
        {"00000000-0000-0000-0000-000000000000", true},
        {"", false},
        {"019b7d0c4c2e7abc8def0123456789ab", false},
        {"019b7d0c-4c2e-7abc-8def-0123456789a", false},
        {"019b7d0c-4c2e-7abc-8def-0123456789abc", false},
        {"019b7d0c-4c2e-7abc-8def-0123456789ag", false},
        {"019b7d0c-4c2e-7abc-8def_0123456789ab", false},
        {"019b7d0-c4c2e-7abc-8def-0123456789ab", false},
        {"{19b7d0c-4c2e-7abc-8def-0123456789a}", false},
        {"019b7d0c-4c2e-7abc-8def-01234567\xc3\xa9xx", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[UUID_SIZE];
        assert_int_equal(uuid_read(span_of(rows[i].text), out), rows[i].ok);
        if (i < 2)
            assert_string_equal(out, rows[0].text);
    }
}

static void is_v7_looks_at_version_and_variant(void **state)
{
    (void)state;
    assert_true(uuid_is_v7("019b7d0c-4c2e-7abc-8def-0123456789ab"));
    assert_true(uuid_is_v7("019b7d0c-4c2e-7abc-bdef-0123456789ab"));
    assert_false(uuid_is_v7("019b7d0c-4c2e-4abc-8def-0123456789ab"));
    assert_false(uuid_is_v7("019b7d0c-4c2e-7abc-cdef-0123456789ab"));
    assert_false(uuid_is_v7(""));
}

static void bytes_follow_the_text(void **state)
{
    (void)state;
    static const unsigned char want[16] = {0x01, 0x9b, 0x7d, 0x0c, 0x4c, 0x2e, 0x7a, 0xbc,
                                           0x8d, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab};
    unsigned char bytes[16];
    uuid_bytes("019b7d0c-4c2e-7abc-8def-0123456789ab", bytes);
    assert_memory_equal(bytes, want, sizeof want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v7_survives_times_before_1970),
        cmocka_unit_test(v7_carries_the_time),
        cmocka_unit_test(v7_grows_also_when_the_clock_goes_back),
        cmocka_unit_test(v7_is_unique_across_threads),
        cmocka_unit_test(v7_differs_in_its_random_part),
        cmocka_unit_test(read_checks_the_form),
        cmocka_unit_test(is_v7_looks_at_version_and_variant),
        cmocka_unit_test(bytes_follow_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
