/* Several processes with one store: what one changes the others see; a kill, a full disk, and who
 * keeps the log short. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/store/file_fixture.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/aside.h"
#include "store/delivering.h"
#include "store/sqlite/reader.h"

static void note_change(void *arg, unsigned changes)
{
    atomic_fetch_or((atomic_uint *)arg, changes);
}

static bool comes(atomic_uint *changes, unsigned wanted)
{
    time_t end = time(NULL) + 10;
    while ((atomic_load(changes) & wanted) != wanted && time(NULL) < end)
        sched_yield();
    return (atomic_load(changes) & wanted) == wanted;
}

/* ---------------------------------------------------------------- processes */

/* Runs `work` in a child with a store of its own; returns its exit status. */
static int in_child(struct store_fixture *f, int (*work)(struct store *s))
{
    pid_t pid = store_fixture_fork(f);
    if (pid == 0) {
        struct err err;
        struct store *s = open_again(f, false, &err);
        int code = s ? work(s) : 99;
        store_close(&s);
        _exit(code);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int child_adds_alert(struct store *s)
{
    struct alert a;
    step_alert_make(&a, "theirs", "http://127.0.0.1:9/hook", EVENT_TRACE_ERRORS);
    /* Children of one parent would all make the same id. */
    snprintf(a.id, sizeof a.id, "0193a000-0000-7000-8000-%012x", (unsigned)getpid());
    bool fine = step_alert_put(s, &a, STORE_CREATE, NULL, NULL);
    alert_free(&a);
    return fine ? 0 : 1;
}

static void another_process_is_seen_at_once(void **state)
{
    struct store_fixture *f = *state;
    atomic_uint changes = 0;
    assert_int_equal(pairs_of_one(f->store), 0); /* the caches are warm */
    assert_true(store_subscribe(f->store, note_change, &changes));
    assert_int_equal(in_child(f, child_adds_alert), 0);
    assert_int_equal(pairs_of_one(f->store), 1);
    struct alert_rows rows;
    assert_true(store_alert_list(f->reader, NULL, &rows, NULL));
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.items[0].name, "theirs");
    alert_rows_free(&rows);
    assert_true(comes(&changes, STORE_CHANGED_ALL));
}

static void an_idle_store_hears_of_another_process(void **state)
{
    struct store_fixture *f = *state;
    atomic_uint changes = 0;
    assert_true(store_subscribe(f->store, note_change, &changes));
    assert_int_equal(in_child(f, child_adds_alert), 0);
    assert_true(comes(&changes, STORE_CHANGED_ALL));
}

static void processes_may_open_a_new_store_at_once(void **state)
{
    struct store_fixture *f = *state;
    for (int round = 0; round < 5; round++) {
        pid_t pids[6];
        store_fixture_remove(f);
        store_fixture_make(f);
        store_fixture_close(f);
        char path[512];
        path_in(f, "store.db", path);
        unlink(path);
        for (int i = 0; i < 6; i++) {
            if ((pids[i] = fork()) == 0) {
                struct err err;
                struct store *s = open_again(f, false, &err);
                int code = s ? child_adds_alert(s) : 99;
                if (code)
                    fprintf(stderr, "%d: %s\n", code, err.text);
                store_close(&s);
                _exit(code);
            }
        }
        for (int i = 0; i < 6; i++) {
            int status;
            waitpid(pids[i], &status, 0);
            assert_int_equal(status, 0);
        }
        store_fixture_open(f);
        struct alert_rows rows;
        assert_true(store_alert_list(f->reader, NULL, &rows, NULL));
        assert_int_equal(rows.count, 6);
        alert_rows_free(&rows);
    }
}

struct shared {
    atomic_int acked;
};

static void note_ack(void *arg, const struct err *err, const void *result)
{
    const struct accepted *got = result;
    if (!err)
        atomic_fetch_add(&((struct shared *)arg)->acked, (int)got->pairs);
}

/* Accepts, closes, claims and records until it is killed. */
static void work_until_killed(struct store_fixture *f, struct shared *shared)
{
    struct err err;
    struct store *s = open_again(f, false, &err);
    if (!s)
        _exit(99);
    store_set_checkpointing(s, true);
    step_recover(s);
    for (int i = 0;; i++) {
        struct claims c;
        for (int k = 0; k < 5; k++)
            store_accept(s, request_of(2), note_ack, shared);
        f->now += 15000;
        step_close_due(s, f->now, 10);
        if (step_claim(s, f->now, 10, NULL, 0, &c, NULL))
            for (size_t k = 0; k < c.count; k++)
                step_record(s, &c.items[k], i % 3 ? 200 : 500,
                            i % 3 ? DELIVERY_DELIVERED : DELIVERY_RETRYING, f->now, NULL);
        step_claims_free(&c);
    }
}

static void a_kill_loses_nothing_accepted(void **state)
{
    struct store_fixture *f = *state;
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned seed = (unsigned)getpid();
    printf("seed %u\n", seed);
    add_alert(f->store, NULL);
    store_fixture_close(f);
    for (int round = 0; round < 25; round++) {
        int goal = atomic_load(&shared->acked) + 1 + rand_r(&seed) % 200;
        pid_t pid = fork();
        if (pid == 0)
            work_until_killed(f, shared);
        while (atomic_load(&shared->acked) < goal && waitpid(pid, NULL, WNOHANG) == 0)
            sched_yield();
        assert_int_equal(kill(pid, SIGKILL), 0);
        waitpid(pid, NULL, 0);
        int acked = atomic_load(&shared->acked);
        store_fixture_open(f);
        int64_t check;
        assert_true(store_fixture_counts(f).accepted >= acked);
        assert_true(
            db_number(f->reader->db,
                      "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'",
                      DB_NO_ARGS, -1, &check, NULL));
        assert_int_equal(check, 0);
        f->now += 3600000;
        store_fixture_close(f);
    }
    munmap(shared, sizeof *shared);
}

/* ---------------------------------------------------------------- the disk */

static int child_fills_the_disk(struct store *s)
{
    struct rlimit limit = {400000, 400000};
    signal(SIGXFSZ, SIG_IGN);
    if (child_adds_alert(s) || setrlimit(RLIMIT_FSIZE, &limit))
        return 1;
    int accepted = 0;
    struct err err = {0};
    while (step_accept(s, request_of(50), NULL, &err) && accepted < 10000)
        accepted++;
    if (err.code != ERR_FULL || !strstr(err.text, "disk is full")) {
        fprintf(stderr, "%d accepted, then: %s\n", accepted, err.text);
        return 2;
    }
    /* Reading goes on, and the sums are those of what was accepted. */
    struct store_reader *r = store_reader_open(s, NULL);
    struct store_counts c;
    if (!r || !store_counts(r, &c, NULL) || c.accepted != accepted * 50)
        return 3;
    store_reader_close(&r);
    return 0;
}

static void a_full_disk_is_said_in_words(void **state)
{
    assert_int_equal(in_child(*state, child_fills_the_disk), 0);
}

static int64_t wal_size(struct store_fixture *f)
{
    char path[512];
    struct stat st;
    path_in(f, "store.db-wal", path);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

static void accept_many(struct store_fixture *f, int count)
{
    for (int i = 0; i < count; i++)
        assert_true(step_accept(f->store, request_of(2000), NULL, NULL));
    store_drain(f->store);
}

/* Once nobody has written for a second. */
static bool goes_away(struct store_fixture *f)
{
    time_t end = time(NULL) + 10;
    while (wal_size(f) > 0 && time(NULL) < end)
        sched_yield();
    return wal_size(f) == 0;
}

static void only_a_checkpointing_store_keeps_its_log_short(void **state)
{
    struct store_fixture *f = *state;
    const struct store_limits limits = {30000, 1000000, 1 << 30};
    store_set_limits(f->store, &limits);
    add_alert(f->store, NULL);
    accept_many(f, 150);
    int64_t size = wal_size(f);
    assert_true(size > 4 << 20);
    store_set_checkpointing(f->store, true);
    accept_many(f, 150);
    assert_true(wal_size(f) < size + (2 << 20));
    assert_true(goes_away(f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_process_is_seen_at_once),
        TEST(an_idle_store_hears_of_another_process),
        TEST(processes_may_open_a_new_store_at_once),
        TEST(a_kill_loses_nothing_accepted),
        TEST(a_full_disk_is_said_in_words),
        TEST(only_a_checkpointing_store_keeps_its_log_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
