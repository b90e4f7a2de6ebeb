/* rekey as a command: the lock, what it says, and kills at random moments. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/program.h"

enum { KILLS = 40 };

static const char sample[] =
    "{\"name\":\"a\",\"webhook\":{\"url\":\"http://127.0.0.1:9/x\","
    "\"secret_token\":\"abcdefghijklmnop\"},\"triggers\":[{\"event_type\":\"trace:errors\"}]}";

/* The mask of a secret is made of the secret, so it must have opened. */
static void check_secret(const struct program *p, const char *id)
{
    char words[128];
    snprintf(words, sizeof words, "alert show %s --json", id);
    json_t *a = program_json(p, words);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(a, "webhook"), "secret_token")),
        "abc**********nop");
    json_decref(a);
}

static void seals_anew_and_says_so(void **state)
{
    const struct program *p = *state;
    char id[64];
    struct run r;
    program_create(p, sample, id);
    program_expect(p, &r, 0, NULL, "rekey");
    assert_string_equal(r.out, "a new key; 1 alert sealed anew\n");
    run_free(&r);
    check_secret(p, id);
    json_t *told = program_json(p, "audit --json --filter action:cli.rekey");
    assert_int_equal(json_array_size(told), 1);
    json_decref(told);
    program_expect(p, &r, 2, NULL, "rekey --read-only");
    run_free(&r);
}

static void not_beside_an_engine(void **state)
{
    const struct program *p = *state;
    struct run_child serve;
    struct run r;
    char url[128], id[64];
    program_create(p, sample, id);
    program_serve(p, &serve, "", url);
    program_expect(p, &r, 1, NULL, "rekey");
    assert_non_null(strstr(r.err, "another opik-alerts runs the engine"));
    run_free(&r);
    run_kill(&serve);
    program_expect(p, &r, 0, NULL, "rekey");
    run_free(&r);
    check_secret(p, id);
}

static void a_kill_at_any_moment_loses_nothing(void **state)
{
    const struct program *p = *state;
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    char id[64];
    struct run r;
    int ended = 0;
    printf("seed %u\n", seed);
    program_create(p, sample, id);
    long long began = run_now_ms();
    program_expect(p, &r, 0, NULL, "rekey");
    run_free(&r);
    long whole_us = (long)(run_now_ms() - began + 1) * 1200; /* and a little longer */
    for (int i = 0; i < KILLS; i++) {
        struct run_child c;
        long wait_us = (long)(rand_r(&seed) % (unsigned long)whole_us);
        const struct timespec t = {wait_us / 1000000, wait_us % 1000000 * 1000};
        program_start(p, &c, "rekey");
        nanosleep(&t, NULL);
        kill(c.pid, SIGKILL);
        ended += run_wait_end(&c, RUN_DEADLINE_MS) == 0;
        run_kill(&c);
        check_secret(p, id);
    }
    printf("%d of %d were through before the kill\n", ended, KILLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(seals_anew_and_says_so),
        TEST(not_beside_an_engine),
        TEST(a_kill_at_any_moment_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
