/* Every N-th call of the disk fails: reads, writes, a full disk, short writes, fsync, locks.
 *
 * A script goes through the life of a store. It is run once to count the calls that a kind of
 * failure can befall, and then again for each of them. What was answered as done is there
 * afterwards, what was answered as failed is there as a whole or not at all (a commit whose sync
 * failed may be found by the next start), the accounts add up, the words are a sentence, and the
 * same store goes on once the disk works again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/sqlite/db.h"
#include "support/accounts.h"
#include "support/faultvfs.h"
#include "support/run.h"
#include "support/steps.h"
#include "support/tempdir.h"
#include "support/torture.h"

#define SCORES EVENT_TRACE_FEEDBACK_SCORE
#define URL    "http://127.0.0.1:9/hook?key=1"
#define DAY    INT64_C(86400000)

enum { WINDOW_MS = 30000, BASE_EVENTS = 3, KNOWN_MAX = 16, WORKERS = 2 };

enum mode {
    ONCE,         /* one call fails */
    UNTIL_HEALED, /* all from it on, until the script is through */
    TO_THE_END,   /* also those of the closing */
    MODES
};

struct known {
    char id[UUID_SIZE];
    enum delivery_state done, asked; /* answered as done last; asked for last */
};

struct life {
    struct store_fixture f;
    const char *what; /* the failure that is tried */
    enum fault fault;
    int64_t at;
    enum mode mode;
    bool by_chance;

    int request;          /* the next one; number i carries 1 << i events */
    int64_t done, asked;  /* sets of requests */
    bool alert_done, purged;
    struct known known[KNOWN_MAX];
    size_t known_count;
};

/* ---------------------------------------------------------------- seams */

static atomic_bool checkpoint_now;

int __real_db_wal_pages(const struct db *db);
int __wrap_db_wal_pages(const struct db *db);

/* The log of changes looks long when it is asked for. */
int __wrap_db_wal_pages(const struct db *db)
{
    return __real_db_wal_pages(db) + (atomic_exchange(&checkpoint_now, false) ? 100000 : 0);
}

/* ---------------------------------------------------------------- judging */

/* Ends the worker that it is in; the test then fails. */
#define REQUIRE(life, condition, ...)                                                      \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s, call %lld, mode %d: ", (life)->what,                      \
                    (long long)(life)->at, (int)(life)->mode);                             \
            fprintf(stderr, __VA_ARGS__);                                                  \
            fprintf(stderr, " (%s:%d)\n", __FILE__, __LINE__);                             \
            exit(1);                                                                       \
        }                                                                                  \
    } while (0)

static bool is_a_sentence(const char *text)
{
    size_t words = 1;
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ')
            return false;
        words += *at == ' ';
    }
    return words >= 3;
}

/* What the intake answers 503 for: the client is to come again. */
static void judge_failure(const struct life *l, const struct err *err)
{
    bool again = err->code == ERR_FULL || err->code == ERR_IO || err->code == ERR_BUSY;
    REQUIRE(l, again && is_a_sentence(err->text), "error %d: %s", (int)err->code, err->text);
    bool full = !l->by_chance && (l->fault == FAULT_FULL || l->fault == FAULT_SHORT);
    REQUIRE(l, !full || (err->code == ERR_FULL && strstr(err->text, "disk is full")),
            "a full disk is said so: %s", err->text);
}

static bool answered(const struct life *l, struct step_wait *wait)
{
    struct err err = {0};
    if (step_wait(wait, &err))
        return true;
    judge_failure(l, &err);
    return false;
}

/* ---------------------------------------------------------------- a store */

static bool open_store(struct life *l)
{
    struct err err = {0};
    const struct store_options options = {l->f.dir, false, &l->f.clock, l->f.limits};
    l->f.store = store_open(&options, &err);
    if (!l->f.store) {
        judge_failure(l, &err);
        return false;
    }
    store_set_checkpointing(l->f.store, true);
    l->f.reader = store_reader_open(l->f.store, &err);
    if (!l->f.reader)
        judge_failure(l, &err);
    return true;
}

static void close_store(struct life *l)
{
    store_reader_close(&l->f.reader);
    store_close(&l->f.store);
}

static void add_alert(struct life *l, enum event_type type)
{
    struct alert a;
    struct step_wait wait = {0};
    step_alert_make(&a, event_type_name(type), URL, type);
    if (!alert_set_secret(&a.token, "t0ken-t0ken") || !alert_add_header(&a, "X-Team", "on-call"))
        abort();
    store_alert_put(l->f.store, &a, STORE_CREATE, "tester", step_done, &wait);
    l->alert_done = answered(l, &wait);
    alert_free(&a);
}

static void copy_accepted(void *to, const void *result)
{
    *(struct accepted *)to = *(const struct accepted *)result;
}

static bool accept_events(struct life *l)
{
    struct accept *a = step_request("default");
    struct accepted accepted = {0};
    struct step_wait wait = {.copy = copy_accepted, .to = &accepted};
    int64_t events = INT64_C(1) << l->request++;
    for (int64_t i = 0; i < events; i++)
        step_add_fact(a, SCORES, NULL, i % 2 ? "even" : "odd", (int)i);
    l->asked |= events;
    store_accept(l->f.store, a, step_done, &wait);
    if (!answered(l, &wait))
        return false;
    REQUIRE(l, accepted.pairs == events || (accepted.pairs == 0 && !l->alert_done),
            "%lld pairs of %lld events", (long long)accepted.pairs, (long long)events);
    l->done |= accepted.pairs;
    return true;
}

static bool close_buckets(struct life *l)
{
    struct step_wait wait = {0};
    l->f.now += WINDOW_MS;
    store_close_due(l->f.store, l->f.now, 100, step_done, &wait);
    return answered(l, &wait);
}

static struct known *known_of(struct life *l, const char *id, enum delivery_state before)
{
    for (size_t i = 0; i < l->known_count; i++)
        if (strcmp(l->known[i].id, id) == 0)
            return &l->known[i];
    if (l->known_count == KNOWN_MAX)
        abort();
    struct known *k = &l->known[l->known_count++];
    snprintf(k->id, sizeof k->id, "%s", id);
    k->done = k->asked = before;
    return k;
}

static bool record(struct life *l, const struct claim *c, enum delivery_state state)
{
    struct err err = {0};
    struct known *k = known_of(l, c->id, DELIVERY_SENDING);
    int status = state == DELIVERY_DELIVERED ? 200 : 500;
    k->done = DELIVERY_SENDING;
    k->asked = state;
    if (!step_record(l->f.store, c, status, state, l->f.now, &err)) {
        judge_failure(l, &err);
        return false;
    }
    k->done = state;
    return true;
}

/* All that can be claimed, and what becomes of it. False: not all of it could be done. */
static bool deliver(struct life *l, enum delivery_state state)
{
    struct claims claims;
    struct err err = {0};
    bool fine = step_claim(l->f.store, l->f.now, 100, NULL, 0, &claims, &err);
    if (!fine)
        judge_failure(l, &err);
    for (size_t i = 0; i < claims.count; i++)
        fine &= record(l, &claims.items[i], state);
    step_claims_free(&claims);
    return fine;
}

static void replay_newest(struct life *l)
{
    const struct delivery_filter finished = {.state = DELIVERY_DELIVERED};
    struct delivery_rows rows;
    struct step_wait wait = {0};
    struct err err = {0};
    if (!l->f.reader)
        return;
    if (!store_delivery_list(l->f.reader, &finished, NULL, 1, &rows, &err)) {
        judge_failure(l, &err);
        return;
    }
    if (rows.count) {
        const char *id = rows.items[0].id;
        struct known *k = known_of(l, id, DELIVERY_DELIVERED);
        k->asked = DELIVERY_WAITING;
        store_replay(l->f.store, "default", &id, 1, 0, step_done, &wait);
        if (answered(l, &wait))
            k->done = DELIVERY_WAITING;
    }
    delivery_rows_free(&rows);
}

/* The two of long ago go: one for the room, one for its age. */
static void purge(struct life *l)
{
    struct step_wait trimmed = {0}, purged = {0};
    if (l->purged)
        return;
    l->purged = true;
    store_trim(l->f.store, 1, 1, step_done, &trimmed);
    answered(l, &trimmed);
    store_purge(l->f.store, l->f.now - DAY, 100, step_done, &purged);
    answered(l, &purged);
}

static void look(struct life *l)
{
    struct store_counts c;
    struct err err = {0};
    if (!l->f.reader)
        return;
    if (!store_counts(l->f.reader, &c, &err)) {
        judge_failure(l, &err);
        return;
    }
    int64_t ended = c.dropped + c.waiting_events;
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        ended += c.events[i];
    REQUIRE(l, c.accepted == ended, "%lld accepted, %lld accounted for",
            (long long)c.accepted, (long long)ended);
}

/* ---------------------------------------------------------------- the script */

static void live(struct life *l)
{
    if (!l->f.store && !open_store(l))
        return;
    accept_events(l);
    accept_events(l);
    add_alert(l, EVENT_TRACE_ERRORS);
    close_buckets(l);
    look(l);
    atomic_store(&checkpoint_now, true);
    accept_events(l);
    deliver(l, DELIVERY_RETRYING);
    deliver(l, DELIVERY_DELIVERED);
    purge(l);
    replay_newest(l);
    deliver(l, DELIVERY_DEAD);
    look(l);
}

/* From nothing: the file is made, all migrations run. */
static void be_born(struct life *l)
{
    if (!l->f.store && !open_store(l))
        return;
    if (!l->alert_done)
        add_alert(l, SCORES);
    accept_events(l);
}

static bool has_alerts(struct life *l)
{
    struct alert_rows rows;
    struct err err = {0};
    REQUIRE(l, store_alert_list(l->f.reader, NULL, &rows, &err), "%s", err.text);
    bool any = rows.count > 0;
    alert_rows_free(&rows);
    return any;
}

static void go_on(struct life *l)
{
    struct err err = {0};
    if (!l->f.store)
        REQUIRE(l, open_store(l), "it does not open again");
    if (!l->f.reader)
        l->f.reader = store_reader_open(l->f.store, &err);
    REQUIRE(l, l->f.reader, "%s", err.text);
    if (!has_alerts(l))
        add_alert(l, SCORES);
    REQUIRE(l, accept_events(l) && close_buckets(l) && deliver(l, DELIVERY_DELIVERED),
            "the store does not go on");
    look(l);
}

/* ---------------------------------------------------------------- afterwards */

static void check_known(struct life *l)
{
    for (size_t i = 0; i < l->known_count; i++) {
        const struct known *k = &l->known[i];
        struct delivery d;
        struct err err = {0};
        REQUIRE(l, store_delivery_get(l->f.reader, "default", k->id, &d, &err),
                "delivery %s: %s", k->id, err.text);
        REQUIRE(l, d.state == k->done || d.state == k->asked, "delivery %s is %s, not %s",
                k->id, delivery_state_name(d.state), delivery_state_name(k->done));
        delivery_free(&d);
    }
}

/* An alert is whole, with its secrets, or not there. */
static void check_alerts(struct life *l, size_t least)
{
    struct alert_rows rows;
    struct err err = {0};
    REQUIRE(l, store_alert_list(l->f.reader, NULL, &rows, &err), "%s", err.text);
    REQUIRE(l, rows.count >= least + l->alert_done, "%zu alerts", rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        struct alert a;
        REQUIRE(l, store_alert_get(l->f.reader, "default", rows.items[i].id, &a, &err), "%s",
                err.text);
        REQUIRE(l, a.trigger_count == 1 && strcmp(a.url, URL) == 0 && a.header_count == 1,
                "half an alert");
        alert_free(&a);
    }
    alert_rows_free(&rows);
}

static void check_events(struct life *l, int64_t base)
{
    struct store_counts c;
    struct err err = {0};
    REQUIRE(l, store_counts(l->f.reader, &c, &err), "%s", err.text);
    int64_t there = c.accepted - base;
    REQUIRE(l, (there & l->done) == l->done && (there & ~l->asked) == 0,
            "requests %llx are there, of %llx done and %llx asked for", (long long)there,
            (long long)l->done, (long long)l->asked);
}

static void check_accounts(struct life *l)
{
    char why[300];
    REQUIRE(l, accounts_add_up(l->f.dir, why, sizeof why), "%s", why);
}

static void judge(struct life *l, size_t alerts, int64_t base)
{
    if (base > 0) /* else there may be no tables yet */
        check_accounts(l);
    REQUIRE(l, open_store(l) && l->f.reader, "it does not open again");
    check_events(l, base);
    check_known(l);
    check_alerts(l, alerts);
    step_recover(l->f.store);
    go_on(l);
    check_events(l, base);
    close_store(l);
    check_accounts(l);
}

/* ---------------------------------------------------------------- directories */

static void copy_file(const char *from, const char *to, const char *name)
{
    char path[512], bytes[65536];
    snprintf(path, sizeof path, "%s/%s", from, name);
    FILE *in = fopen(path, "re");
    snprintf(path, sizeof path, "%s/%s", to, name);
    FILE *out = fopen(path, "wxe");
    size_t n;
    if (!in || !out || fchmod(fileno(out), 0600) != 0)
        abort();
    while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
        if (fwrite(bytes, 1, n, out) != n)
            abort();
    fclose(in);
    if (fclose(out) != 0)
        abort();
}

static char *copy_dir(const char *from)
{
    char *to = tempdir_make();
    DIR *dir = opendir(from);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (entry->d_type == DT_REG)
            copy_file(from, to, entry->d_name);
    closedir(dir);
    return to;
}

/* A store with an alert and three deliveries, two of them of long ago. */
static char *make_grown_up(void)
{
    struct life l = {.what = "nothing"};
    store_fixture_make(&l.f);
    add_alert(&l, SCORES);
    for (int i = 0; i < BASE_EVENTS; i++) {
        l.f.now += i == 2 ? 2 * DAY : 0;
        l.request = 0;
        if (!accept_events(&l) || !close_buckets(&l) || !deliver(&l, DELIVERY_DELIVERED))
            abort();
    }
    close_store(&l);
    return l.f.dir;
}

/* ---------------------------------------------------------------- all of them */

struct proof {
    const char *grown_up; /* NULL: from nothing */
    void (*script)(struct life *l);
    int64_t runs;
    uint64_t chance;
};

static void begin(const struct proof *p, struct life *l)
{
    *l = (struct life){.f.limits = {WINDOW_MS, 10000, 8 << 20}};
    l->f.dir = p->grown_up ? copy_dir(p->grown_up) : tempdir_make();
    atomic_store(&l->f.now, 1767225600000 + (p->grown_up ? 2 * DAY + 10 * WINDOW_MS : 0));
    l->f.clock = clock_driven(&l->f.now);
    atomic_store(&checkpoint_now, false);
}

static void end(const struct proof *p, struct life *l)
{
    bool grown_up = p->grown_up != NULL;
    judge(l, grown_up, grown_up ? BASE_EVENTS : 0);
    tempdir_remove(l->f.dir);
}

/* Returns how many calls the failure could have befallen. */
static int64_t try(struct proof *p, enum fault fault, int64_t at, enum mode mode)
{
    struct life l;
    int64_t failed, seen;
    begin(p, &l);
    l.what = fault_name(fault);
    l.fault = fault;
    l.at = at;
    l.mode = mode;
    faultvfs_arm(fault, at, mode != ONCE);
    p->script(&l);
    if (mode != UNTIL_HEALED)
        close_store(&l);
    seen = faultvfs_heal(&failed);
    if (mode == UNTIL_HEALED) {
        go_on(&l);
        close_store(&l);
    }
    end(p, &l);
    p->runs++;
    return failed || at == 0 ? seen : 0;
}

/* How far apart the calls are that a worker lets fail. */
static int64_t stride_of(enum mode mode)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return torture_size(mode == ONCE ? 8 : 40, 1);
#else
    return torture_size(mode == ONCE ? 1 : 20, 1);
#endif
}

static void try_all(struct proof *p, enum fault fault, int worker)
{
    for (int mode = 0; mode < MODES; mode++) {
        int64_t stride = stride_of((enum mode)mode);
        int64_t first = 1 + (int64_t)torture_random(&p->chance, (uint64_t)stride);
        int64_t at = first + worker * stride;
        while (try(p, fault, at, (enum mode)mode) > 0)
            at += WORKERS * stride;
    }
}

static void try_every_kind(struct proof *p, int worker)
{
    for (int fault = 0; fault < FAULT_KINDS; fault++) {
        int64_t calls = try(p, (enum fault)fault, 0, ONCE);
        if (worker == 0)
            printf("%s: %lld calls\n", fault_name((enum fault)fault), (long long)calls);
        try_all(p, (enum fault)fault, worker);
    }
}

/* The work is shared out among processes, which also tells a crash from a failure. */
static void in_workers(struct proof *p, const char *name,
                       void (*work)(struct proof *p, int worker))
{
    pid_t workers[WORKERS];
    long long started = run_now_ms();
    p->chance = torture_seed(name);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] > 0)
            continue;
        work(p, i);
        printf("%s: worker %d, %lld runs, %lld ms\n", name, i, (long long)p->runs,
               run_now_ms() - started);
        exit(0);
    }
    bool fine = true;
    for (int i = 0; i < WORKERS; i++) {
        int status;
        assert_int_equal(waitpid(workers[i], &status, 0), workers[i]);
        if (WIFSIGNALED(status))
            print_error("worker %d: signal %d\n", i, WTERMSIG(status));
        fine &= status == 0;
    }
    assert_true(fine);
}

static void each_call_fails_in_a_life(void **state)
{
    struct proof p = {.grown_up = *state, .script = live};
    in_workers(&p, "a life", try_every_kind);
}

static void each_call_fails_from_nothing(void **state)
{
    struct proof p = {.script = be_born};
    (void)state;
    in_workers(&p, "from nothing", try_every_kind);
}

static void try_by_chance(struct proof *p, int64_t i)
{
    struct life l;
    begin(p, &l);
    l.what = "by chance";
    l.by_chance = true;
    l.at = i;
    faultvfs_arm_random(torture_random(&p->chance, UINT64_MAX),
                        2 + torture_random(&p->chance, 40));
    p->script(&l);
    if (l.f.store && i % 2)
        p->script(&l);
    if (i % 3)
        close_store(&l);
    faultvfs_heal(NULL);
    if (i % 3 == 0)
        go_on(&l);
    close_store(&l);
    end(p, &l);
    p->runs++;
}

static void try_many_by_chance(struct proof *p, int worker)
{
    p->chance += (uint64_t)worker;
    for (int64_t i = torture_size(100, 20000); i > 0; i--)
        try_by_chance(p, i);
}

static void many_fail_by_chance(void **state)
{
    struct proof p = {.grown_up = *state, .script = live};
    in_workers(&p, "by chance", try_many_by_chance);
}

static int set_up(void **state)
{
    faultvfs_install();
    *state = make_grown_up();
    return 0;
}

static int tear_down(void **state)
{
    tempdir_remove(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails_in_a_life),
        cmocka_unit_test(each_call_fails_from_nothing),
        cmocka_unit_test(many_fail_by_chance),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
