/* Prompts through store.h, whole: what the steps do inside is tested in test_prompt_tx.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/aside.h"
#include "store/prompts.h"
#include "store/store.h"

#define ID_A "0199a300-0000-7000-8000-00000000000a"

struct fixture {
    char dir[32];
    _Atomic int64_t now;
    struct clock clock;
    struct store *store;
    struct store_reader *reader;
};

struct answer {
    int calls;
    enum err_code code;
    char id[UUID_SIZE], prompt_id[UUID_SIZE];
    int64_t number;
};

static void note(struct answer *a, const struct err *err)
{
    a->calls++;
    a->code = err ? err->code : ERR_NONE;
}

static void on_plain(void *arg, const struct err *err, const void *result)
{
    (void)result;
    note(arg, err);
}

static void on_prompt(void *arg, const struct err *err, const void *result)
{
    struct answer *a = arg;
    note(a, err);
    if (!err)
        memcpy(a->id, ((const struct prompt *)result)->id, UUID_SIZE);
}

static void on_version(void *arg, const struct err *err, const void *result)
{
    struct answer *a = arg;
    const struct prompt_version *v = result;
    note(a, err);
    if (!err) {
        memcpy(a->id, v->id, UUID_SIZE);
        memcpy(a->prompt_id, v->prompt_id, UUID_SIZE);
    }
}

static void on_number(void *arg, const struct err *err, const void *result)
{
    struct answer *a = arg;
    note(a, err);
    if (!err)
        a->number = *(const int64_t *)result;
}

static void open_store(struct fixture *f, bool read_only)
{
    struct err err = {0};
    struct store_options options = {f->dir, read_only, &f->clock, {30000, 10000, 8 << 20}};
    f->store = store_open(&options, &err);
    f->reader = f->store ? store_reader_open(f->store, &err) : NULL;
    if (!f->reader)
        fail_msg("%s", err.text);
}

static void close_store(struct fixture *f)
{
    store_reader_close(&f->reader);
    store_close(&f->store);
}

static int init(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/test-prompts-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    f->now = 1700000000000;
    f->clock = clock_driven(&f->now);
    open_store(f, false);
    *state = f;
    return 0;
}

static int cleanup(void **state)
{
    struct fixture *f = *state;
    close_store(f);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", f->dir, (char *)NULL);
        _exit(127);
    }
    free(f);
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static struct prompt_write write_of(const char *name, const char *tmpl)
{
    return (struct prompt_write){
        .workspace = "default", .user = "admin", .name = name, .tmpl = tmpl};
}

static struct answer commit(struct fixture *f, const char *name, const char *tmpl)
{
    struct answer a = {0};
    struct prompt_write w = write_of(name, tmpl);
    store_prompt_commit(f->store, &w, on_version, &a);
    store_drain(f->store);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.code, ERR_NONE);
    return a;
}

/* ---------------------------------------------------------------- tests */

static void create_copies_its_arguments(void **state)
{
    struct fixture *f = *state;
    struct answer a = {0};
    struct prompt p;
    char name[] = "copied", tmpl[] = "Hi {{x}}";
    struct prompt_write w = write_of(name, tmpl);
    w.id = ID_A;
    store_prompt_create(f->store, &w, on_prompt, &a);
    memset(name, '?', strlen(name));
    memset(tmpl, '?', strlen(tmpl));
    store_drain(f->store);
    assert_int_equal(a.calls, 1);
    assert_string_equal(a.id, ID_A);
    assert_true(store_prompt_get(f->reader, "default",
                                 "0199A300-0000-7000-8000-00000000000A", NULL, &p, NULL));
    assert_string_equal(p.name, "copied");
    assert_string_equal(p.latest->tmpl, "Hi {{x}}");
    assert_int_equal(p.created_at, f->now);
    prompt_free(&p);
}

static void create_of_taken_name_answers_conflict_once(void **state)
{
    struct fixture *f = *state;
    struct answer a = {0};
    struct prompt_write w = write_of("n", "t");
    commit(f, "n", "t");
    store_prompt_create(f->store, &w, on_prompt, &a);
    store_drain(f->store);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.code, ERR_CONFLICT);
}

static void create_that_fails_midway_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct answer a = {0};
    struct prompt_write w = write_of("half", "t");
    struct prompt p;
    struct err err = {0};
    w.commit = "not hex!";
    store_prompt_create(f->store, &w, on_prompt, &a);
    store_drain(f->store);
    assert_int_equal(a.code, ERR_INVALID);
    assert_false(store_prompt_get(f->reader, "default", NULL, "half", &p, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void prompts_survive_reopening(void **state)
{
    struct fixture *f = *state;
    struct prompt_version v;
    struct answer a = commit(f, "kept \xe4\xb8\xad", "one");
    close_store(f);
    open_store(f, false);
    assert_true(
        store_version_get(f->reader, "default", NULL, "kept \xe4\xb8\xad", NULL, &v, NULL));
    assert_string_equal(v.id, a.id);
    prompt_version_free(&v);
}

static void sequence_of_the_sdk_works(void **state)
{
    struct fixture *f = *state;
    struct answer first, second, a = {0};
    struct prompt_write w = write_of("sdk", NULL);
    struct prompt_version v;
    struct version_rows versions;
    struct prompt p;
    struct err err = {0};
    assert_false(store_version_get(f->reader, "default", NULL, "sdk", NULL, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    first = commit(f, "sdk", "one");
    second = commit(f, "sdk", "two");
    w.description = "d";
    w.tags = "[\"x\"]";
    store_prompt_update(f->store, first.prompt_id, &w, on_plain, &a);
    store_drain(f->store);
    assert_int_equal(a.code, ERR_NONE);
    assert_true(store_prompt_get(f->reader, "default", first.prompt_id, NULL, &p, NULL));
    assert_string_equal(p.description, "d");
    assert_string_equal(p.latest->id, second.id);
    prompt_free(&p);
    store_prompt_restore(f->store, "default", "eva", first.prompt_id, first.id, on_version,
                         &a);
    store_drain(f->store);
    assert_true(
        store_version_list(f->reader, "default", first.prompt_id, 0, 100, &versions, NULL));
    assert_int_equal(versions.total, 3);
    assert_string_equal(versions.items[0].id, a.id);
    assert_string_equal(versions.items[0].tmpl, "one");
    assert_string_equal(versions.items[1].id, second.id);
    version_rows_free(&versions);
}

static void note_change(void *arg, unsigned changes)
{
    atomic_fetch_or((atomic_uint *)arg, changes);
}

static void a_change_is_told(void **state)
{
    struct fixture *f = *state;
    atomic_uint changes = 0;
    assert_true(store_subscribe(f->store, note_change, &changes));
    commit(f, "one", "t");
    store_park(f->store); /* by then it is told */
    store_unpark(f->store);
    assert_true(atomic_load(&changes) & STORE_CHANGED_PROMPTS);
    store_unsubscribe(f->store, note_change, &changes);
}

static void tags_and_delete_answer(void **state)
{
    struct fixture *f = *state;
    struct answer one = commit(f, "one", "t"), a = {0};
    const char *versions[] = {one.id};
    const char *prompts[] = {one.prompt_id, ID_A, "nonsense"};
    struct prompt_version v;
    struct prompt_rows rows;
    store_prompt_tag_versions(f->store, "default", versions, 1, "[\"a\"]", false, on_plain,
                              &a);
    store_prompt_tag_versions(f->store, "default", versions, 1, "[\"b\"]", true, on_plain,
                              &a);
    store_drain(f->store);
    assert_int_equal(a.calls, 2);
    assert_true(store_version_get(f->reader, "default", one.id, NULL, NULL, &v, NULL));
    assert_string_equal(v.tags, "[\"a\",\"b\"]");
    prompt_version_free(&v);
    store_prompt_delete(f->store, "default", "eva", prompts, 3, on_number, &a);
    store_drain(f->store);
    assert_int_equal(a.number, 1);
    store_prompt_delete(f->store, "default", "eva", prompts, 0, on_number, &a);
    store_drain(f->store);
    assert_int_equal(a.number, 0);
    assert_true(store_prompt_list(f->reader, "default", NULL, false, 0, 10, &rows, NULL));
    assert_int_equal(rows.total, 0);
    prompt_rows_free(&rows);
}

static void reads_of_nonsense_ids_find_nothing(void **state)
{
    struct fixture *f = *state;
    struct prompt p;
    struct prompt_version v;
    struct version_rows rows;
    struct err err = {0};
    assert_false(store_prompt_get(f->reader, "default", "'", NULL, &p, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(store_version_get(f->reader, "default", "'", NULL, NULL, &v, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(store_version_list(f->reader, "default", "'", 0, 9, &rows, &err));
    assert_int_equal(rows.total, 0);
    version_rows_free(&rows);
}

static void read_only_store_refuses_changes(void **state)
{
    struct fixture *f = *state;
    struct answer a = {0};
    struct prompt_write w = write_of("n", "t");
    close_store(f);
    open_store(f, true);
    store_prompt_commit(f->store, &w, on_version, &a);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.code, ERR_DENIED);
}

struct racer {
    struct fixture *f;
    pthread_barrier_t *start;
    struct answer answer;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct prompt_write w = write_of("raced", "t");
    pthread_barrier_wait(r->start);
    store_prompt_commit(r->f->store, &w, on_version, &r->answer);
    store_drain(r->f->store);
    return NULL;
}

static void commit_of_new_name_by_two_threads_makes_one_prompt(void **state)
{
    struct fixture *f = *state;
    pthread_barrier_t start;
    pthread_t threads[2];
    struct racer racers[2] = {{f, &start, {0}}, {f, &start, {0}}};
    struct prompt p;
    pthread_barrier_init(&start, NULL, 2);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(racers[i].answer.code, ERR_NONE);
    }
    pthread_barrier_destroy(&start);
    assert_string_equal(racers[0].answer.prompt_id, racers[1].answer.prompt_id);
    assert_string_not_equal(racers[0].answer.id, racers[1].answer.id);
    assert_true(store_prompt_get(f->reader, "default", NULL, "raced", &p, NULL));
    assert_int_equal(p.version_count, 2);
    prompt_free(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, init, cleanup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(create_copies_its_arguments),
        TEST(create_of_taken_name_answers_conflict_once),
        TEST(create_that_fails_midway_leaves_nothing),
        TEST(prompts_survive_reopening),
        TEST(sequence_of_the_sdk_works),
        TEST(a_change_is_told),
        TEST(tags_and_delete_answer),
        TEST(reads_of_nonsense_ids_find_nothing),
        TEST(read_only_store_refuses_changes),
        TEST(commit_of_new_name_by_two_threads_makes_one_prompt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
