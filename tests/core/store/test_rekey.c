/* A new key: sealed values, names of endpoints, other processes, and an end at each step. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "store/endpoints.h"
#include "store/seal.h"
#include "support/steps.h"

#define URL   "https://hooks.example.org/secret-path"
#define TOKEN "the-secret-token"

/* Where a child process ends itself. */
/* As kill -9 does it: nothing is given back, and nobody looks for what leaks. */
static void die(void)
{
    kill(getpid(), SIGKILL);
}

static bool end_at_rename;
int __real_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name)
{
    if (end_at_rename && strcmp(name, "key") == 0)
        die();
    return __real_renameat(from, old, to, name);
}

static int set_up(void **state)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    store_fixture_make(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    store_fixture_remove(*state);
    free(*state);
    return 0;
}

static void make(struct store_fixture *f, const char *name, char id[UUID_SIZE])
{
    struct alert a, made;
    step_alert_make(&a, name, URL, EVENT_TRACE_ERRORS);
    assert_true(alert_set_secret(&a.token, TOKEN));
    assert_true(alert_add_header(&a, "X-Key", "the-header"));
    assert_true(step_alert_put(f->store, &a, STORE_CREATE, &made, NULL));
    memcpy(id, made.id, UUID_SIZE);
    alert_free(&a);
    alert_free(&made);
}

static bool rekey(struct store *s, struct err *err)
{
    struct step_wait wait = {0};
    store_rekey(s, "tester", step_done, &wait);
    return step_wait(&wait, err);
}

static void check_secrets(struct store_reader *r, const char *id)
{
    struct alert a;
    struct err err = {0};
    if (!store_alert_get(r, "default", id, &a, &err))
        fail_msg("%s", err.text);
    assert_string_equal(a.url, URL);
    assert_string_equal(a.token, TOKEN);
    assert_string_equal(a.headers[0].value, "the-header");
    alert_free(&a);
}

static void read_key(struct store_fixture *f, const char *name, char out[128])
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    out[0] = '\0';
    FILE *file = fopen(path, "r");
    if (file && !fgets(out, 128, file))
        out[0] = '\0';
    if (file)
        fclose(file);
}

static void every_secret_is_sealed_anew(void **state)
{
    struct store_fixture *f = *state;
    char ids[3][UUID_SIZE], before[128], after[128], path[512];
    struct stat st;
    struct err err;
    for (int i = 0; i < 3; i++)
        make(f, "a", ids[i]);
    struct sealer *old = sealer_open(f->dir, SEALER_KEEP, &err);
    read_key(f, "key", before);
    assert_true(rekey(f->store, NULL));
    read_key(f, "key", after);
    assert_string_not_equal(before, after);
    snprintf(path, sizeof path, "%s/key", f->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(path, sizeof path, "%s/key.next", f->dir);
    assert_int_equal(access(path, F_OK), -1);
    for (int i = 0; i < 3; i++)
        check_secrets(f->reader, ids[i]);
    store_fixture_close(f);
    store_fixture_open(f);
    for (int i = 0; i < 3; i++)
        check_secrets(f->reader, ids[i]);
    char one[33], two[33];
    struct sealer *new = sealer_open(f->dir, SEALER_KEEP, &err);
    sealer_id(old, one);
    sealer_id(new, two);
    assert_string_not_equal(one, two);
    sealer_close(&old);
    sealer_close(&new);
}

static void what_waits_is_sent_and_endpoints_keep_their_names(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], old[33];
    struct claims claims;
    struct endpoint_states states;
    struct endpoint_state open = {.state = BREAKER_OPEN, .probe_at = 5, .reason = "refused"};
    struct step_wait wait = {0};
    make(f, "a", id);
    make(f, "b", id); /* sends to the same */
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "shop", 1);
    assert_true(step_accept(f->store, a, NULL, NULL));
    f->now += 30000;
    assert_int_equal(step_close_due(f->store, f->now, 10), 2);
    assert_true(step_claim(f->store, f->now, 1, NULL, 0, &claims, NULL));
    memcpy(old, claims.items[0].endpoint, sizeof old);
    memcpy(open.endpoint, old, sizeof old);
    store_endpoint_note(f->store, &open, step_done, &wait);
    assert_true(step_wait(&wait, NULL));
    assert_true(step_record(f->store, claims.items, 500, DELIVERY_RETRYING, f->now, NULL));
    step_claims_free(&claims);
    assert_true(rekey(f->store, NULL));
    assert_true(store_endpoint_list(f->reader, &states, NULL));
    assert_int_equal(states.count, 2); /* one endpoint of two alerts */
    assert_string_not_equal(states.items[0].endpoint, old);
    assert_true(states.items[0].alert_id[0]);
    assert_true(step_claim(f->store, f->now, 5, NULL, 0, &claims, NULL));
    assert_int_equal(claims.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(claims.items[i].endpoint, states.items[0].endpoint);
        assert_string_equal(claims.items[i].alert.url, URL);
        assert_string_equal(claims.items[i].alert.token, TOKEN);
    }
    step_claims_free(&claims);
    endpoint_states_free(&states);
}

/* A console that stays attached meanwhile: it reads, writes and sends with the new key. */
static void another_process_finds_the_new_key(void **state)
{
    struct store_fixture *f = *state;
    struct store_fixture other = {.dir = f->dir, .clock = f->clock, .limits = f->limits};
    char id[UUID_SIZE], second[UUID_SIZE];
    make(f, "a", id);
    store_fixture_open(&other);
    check_secrets(other.reader, id);
    assert_true(rekey(f->store, NULL));
    check_secrets(other.reader, id);
    assert_true(rekey(f->store, NULL));
    make(&other, "b", second); /* before it has read anything */
    check_secrets(f->reader, second);
    check_secrets(other.reader, second);
    assert_true(rekey(other.store, NULL));
    make(f, "c", id);
    check_secrets(other.reader, id);
    store_fixture_close(&other);
}

/* A process of its own, which ends itself where `how` says. */
static void end_at(struct store_fixture *f, int how)
{
    store_fixture_close(f);
    pid_t child = fork();
    if (child == 0) {
        struct err err;
        store_fixture_open(f);
        if (how == 0) {
            /* What it holds when it ends is no leak. */
            static struct sealer *volatile now, *volatile next;
            now = sealer_open(f->dir, SEALER_MAKE, &err);
            next = now ? sealer_next(now, &err) : NULL;
            if (next)
                die();
            _exit(1);
        }
        end_at_rename = true;
        bool done = rekey(f->store, &err);
        fprintf(stderr, "the child went on: %s\n", done ? "done" : err.text);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void an_end_before_the_commit_leaves_the_old_key(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], before[128], after[128], next[128];
    make(f, "a", id);
    read_key(f, "key", before);
    end_at(f, 0);
    read_key(f, "key.next", next);
    assert_true(next[0]);
    store_fixture_open(f);
    check_secrets(f->reader, id);
    read_key(f, "key", after);
    assert_string_equal(before, after);
    assert_true(rekey(f->store, NULL)); /* over what is left there */
    check_secrets(f->reader, id);
    read_key(f, "key", after);
    assert_string_not_equal(after, next);
}

static void an_end_after_the_commit_leaves_the_new_key(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], before[128], next[128], after[128];
    struct err err = {0};
    make(f, "a", id);
    read_key(f, "key", before);
    end_at(f, 1);
    read_key(f, "key", after);
    assert_string_equal(before, after);
    read_key(f, "key.next", next);
    assert_true(next[0]);
    /* Who only looks opens it and moves nothing. */
    const struct store_options looking = {f->dir, true, &f->clock, f->limits};
    struct store *s = store_open(&looking, &err);
    if (!s)
        fail_msg("%s", err.text);
    struct store_reader *r = store_reader_open(s, &err);
    check_secrets(r, id);
    store_reader_close(&r);
    store_close(&s);
    read_key(f, "key.next", after);
    assert_string_equal(next, after);

    store_fixture_open(f);
    check_secrets(f->reader, id);
    read_key(f, "key", after);
    assert_string_equal(next, after);
    read_key(f, "key.next", after);
    assert_string_equal("", after);
}

static void a_secret_that_does_not_open_stops_it(void **state)
{
    struct store_fixture *f = *state;
    char good[UUID_SIZE], bad[UUID_SIZE], before[128], after[128], sql[128];
    struct err err = {0};
    make(f, "good", good);
    make(f, "bad", bad);
    read_key(f, "key", before);
    snprintf(sql, sizeof sql, "UPDATE alerts SET sealed = x'01' WHERE id = '%s'", bad);
    store_fixture_exec(f, sql);
    assert_false(rekey(f->store, &err));
    assert_non_null(strstr(err.text, bad));
    check_secrets(f->reader, good);
    make(f, "still sealed with the old one", bad);
    check_secrets(f->reader, bad);
    read_key(f, "key", after);
    assert_string_equal(before, after);
}

static void another_key_is_refused_in_words(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], path[512];
    struct err err = {0};
    make(f, "a", id);
    store_fixture_close(f);
    snprintf(path, sizeof path, "%s/key", f->dir);
    FILE *file = fopen(path, "w");
    fputs("opik-alerts-key-1:"
          "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\n", file);
    fclose(file);
    const struct store_options options = {f->dir, false, &f->clock, f->limits};
    assert_null(store_open(&options, &err));
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.text, "not the one that this store is sealed with"));
    f->store = NULL;
    f->reader = NULL;
}

/* ---------------------------------------------------------------- a credential */

static void give_credential(struct store_fixture *f, unsigned mode)
{
    char from[512], to[600], dir[512];
    snprintf(dir, sizeof dir, "%s/credentials", f->dir);
    snprintf(from, sizeof from, "%s/key", f->dir);
    snprintf(to, sizeof to, "%s/opik-alerts.key", dir);
    mkdir(dir, 0700);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(chmod(to, mode), 0);
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
}

static void a_credential_is_the_key(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE], key[128];
    struct err err = {0};
    make(f, "a", id);
    store_fixture_close(f);
    give_credential(f, 0440);
    store_fixture_open(f);
    check_secrets(f->reader, id);
    read_key(f, "key", key);
    assert_string_equal(key, ""); /* none is made beside it */
    assert_false(rekey(f->store, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "systemd credential"));
    check_secrets(f->reader, id);
}

static void a_credential_that_others_see_is_refused(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    static const unsigned modes[] = {0444, 0460, 0402};
    make(f, "a", id);
    store_fixture_close(f);
    give_credential(f, 0400);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct err err = {0};
        char path[512];
        const struct store_options options = {f->dir, false, &f->clock, f->limits};
        snprintf(path, sizeof path, "%s/credentials/opik-alerts.key", f->dir);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_null(store_open(&options, &err));
        assert_int_equal(err.code, ERR_DENIED);
    }
    f->store = NULL;
    f->reader = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_secret_is_sealed_anew),
        TEST(what_waits_is_sent_and_endpoints_keep_their_names),
        TEST(another_process_finds_the_new_key),
        TEST(an_end_before_the_commit_leaves_the_old_key),
        TEST(an_end_after_the_commit_leaves_the_new_key),
        TEST(a_secret_that_does_not_open_stops_it),
        TEST(another_key_is_refused_in_words),
        TEST(a_credential_is_the_key),
        TEST(a_credential_that_others_see_is_refused),
    };
    return cmocka_run_group_tests_name("rekey", tests, NULL, NULL);
}
