/* store_accept_passing: which requests may be answered before they are carried out, that
 * they are carried out all the same, in their order, and that nothing of them is lost with
 * others. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/accept.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "store/health.h"
#include "store/projects.h"
#include "support/steps.h"

#define TRACE "0193a000-0000-7000-8000-00000000000a"

static void add_alert(struct store_fixture *f, enum event_type type,
                      const struct alert_condition *c)
{
    struct alert a;
    step_alert_make(&a, "a", "http://127.0.0.1:9/hook", type);
    if (c && !alert_trigger_add_condition(alert_trigger_of(&a, type), c))
        abort();
    if (!step_alert_put(f->store, &a, STORE_CREATE, NULL, NULL))
        abort();
    alert_free(&a);
}

/* A trace without an error. */
static struct accept *trace(const char *project, bool ended)
{
    struct accept *a = step_request("default");
    struct fact *f = step_add_fact(a, EVENT_TRACE_ERRORS, TRACE, project, 1);
    f->is_event = false;
    f->trace_name = arena_span(&a->arena, span_of("\"checkout\""));
    f->measured = ended;
    f->measure = EVENT_TRACE_LATENCY;
    f->value = 2;
    return a;
}

/* The same kind, and nothing to remember. */
static struct accept *untraced(const char *project)
{
    struct accept *a = trace(project, false);
    a->facts[0].trace_id = (struct span){NULL, 0};
    return a;
}

static struct accept *error_by_patch(void)
{
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, TRACE, NULL, 7)->wants_trace_name = true;
    return a;
}

/* Whether it may be answered at once; else it is waited for. */
static bool passes(struct store_fixture *f, struct accept *a)
{
    bool early = store_accept_passing(f->store, a);
    if (!early && !step_accept(f->store, a, NULL, NULL))
        abort();
    return early;
}

static bool has_project(struct store_fixture *f, const char *name)
{
    struct project p;
    bool has = store_project_get(f->reader, "default", NULL, name, &p, NULL);
    if (has)
        project_free(&p);
    return has;
}

/* The only body that waits, which must hold `part`. */
static bool sends(struct store_fixture *f, const char *part)
{
    struct claims claims;
    f->now += f->limits.window_ms;
    bool fine = step_close_due(f->store, f->now, 100) == 1 &&
                step_claim(f->store, f->now, 10, NULL, 0, &claims, NULL);
    fine = fine && strstr(claims.items[0].body, part) != NULL;
    step_claims_free(&claims);
    return fine;
}

/* ---------------------------------------------------------------- the writer stands still
 */

struct hold {
    atomic_bool held, go;
};

static void stand_still(void *arg, const struct err *err, const void *result)
{
    struct hold *h = arg;
    (void)err;
    (void)result;
    atomic_store(&h->held, true);
    while (!atomic_load(&h->go))
        sched_yield();
}

static void hold(struct store_fixture *f, struct hold *h)
{
    *h = (struct hold){0};
    store_accept(f->store, step_request("default"), stand_still, h);
    while (!atomic_load(&h->held))
        sched_yield();
}

static void release(struct hold *h)
{
    atomic_store(&h->go, true);
}

/* ---------------------------------------------------------------- which */

static void the_first_of_its_kind_is_waited_for(void **state)
{
    struct store_fixture *f = *state;
    assert_false(passes(f, trace("shop", false)));
    assert_true(has_project(f, "shop"));
    assert_true(passes(f, trace("shop", false)));
    assert_false(passes(f, trace("shop", true)));
    assert_true(passes(f, trace("shop", true)));
    assert_false(passes(f, trace("other", false)));
    assert_true(has_project(f, "other"));
    assert_true(passes(f, trace("other", false)));
}

/* Its project is the remembered one, or the default project, which may have to be made. */
static void a_trace_without_a_project_needs_the_default_project(void **state)
{
    struct store_fixture *f = *state;
    assert_false(passes(f, trace("shop", false)));
    assert_false(passes(f, trace(NULL, false)));
    assert_false(passes(f, trace(NULL, false)));
    assert_true(step_project(f->store, "default", "Default Project", false, NULL, NULL));
    assert_false(passes(f, trace(NULL, false)));
    assert_true(passes(f, trace(NULL, false)));
}

static void each_workspace_has_kinds_of_its_own(void **state)
{
    struct store_fixture *f = *state;
    passes(f, trace("shop", false));
    struct accept *a = trace("shop", false);
    a->workspace = "other";
    assert_false(passes(f, a));
}

static void events_and_ids_are_always_waited_for(void **state)
{
    struct store_fixture *f = *state;
    char id[UUID_SIZE];
    passes(f, trace("shop", false));
    assert_true(step_project(f->store, "default", "shop", false, id, NULL));
    for (int i = 0; i < 2; i++) {
        struct accept *a = trace("shop", false);
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "shop", 1);
        assert_false(passes(f, a));
        a = trace("shop", false);
        a->facts[0].project_id = span_of(id);
        assert_false(passes(f, a));
    }
}

static void a_value_that_an_alert_counts_is_waited_for(void **state)
{
    const struct alert_condition over = {
        .kind = CONDITION_LATENCY, .threshold = (char[]){"1"}, .window_s = 300};
    struct store_fixture *f = *state;
    passes(f, trace("shop", true));
    assert_true(passes(f, trace("shop", true)));
    add_alert(f, EVENT_TRACE_LATENCY, &over);
    assert_false(passes(f, trace("shop", true)));
    assert_false(passes(f, trace("shop", true)));
    assert_false(passes(f, trace("shop", false))); /* forgotten with the rest */
    assert_true(passes(f, trace("shop", false)));
}

static void another_process_makes_it_ask_again(void **state)
{
    struct store_fixture *f = *state, other = *f;
    passes(f, trace("shop", false));
    assert_true(passes(f, trace("shop", false)));
    store_fixture_open(&other);
    assert_true(step_project(other.store, "default", "another", false, NULL, NULL));
    store_fixture_close(&other);
    store_drain(f->store);
    passes(f, trace("new", false)); /* a transaction sees the change */
    assert_false(passes(f, trace("shop", false)));
}

static void kinds_are_bounded(void **state)
{
    struct store_fixture *f = *state;
    char name[32];
    passes(f, trace("first", false));
    struct accept *a = step_request("default");
    for (int i = 0; i < 1024; i++) {
        snprintf(name, sizeof name, "p%d", i);
        step_add_fact(a, EVENT_TRACE_ERRORS, NULL, name, 1)->is_event = false;
    }
    assert_false(passes(f, a));
    assert_true(passes(f, trace("p1023", false)));
    assert_false(passes(f, trace("first", false)));
    assert_true(passes(f, trace("first", false)));
}

static void too_much_that_waits_is_waited_for(void **state)
{
    struct store_fixture *f = *state;
    struct hold h;
    int early = 0;
    passes(f, trace("shop", false));
    hold(f, &h);
    struct accept *a;
    while (store_accept_passing(f->store, a = trace("shop", false)) && early < 10000)
        early++;
    release(&h);
    assert_in_range(early, 100, 2000);
    assert_true(step_accept(f->store, a, NULL, NULL));
    assert_true(passes(f, trace("shop", false)));
}

/* ---------------------------------------------------------------- carried out */

static void what_comes_later_finds_it(void **state)
{
    struct store_fixture *f = *state;
    struct hold h;
    struct step_wait wait = {0};
    add_alert(f, EVENT_TRACE_ERRORS, NULL);
    passes(f, untraced("shop"));
    hold(f, &h);
    bool early = store_accept_passing(f->store, trace("shop", false));
    store_accept(f->store, error_by_patch(), step_done, &wait);
    release(&h);
    assert_true(early);
    assert_true(step_wait(&wait, NULL));
    assert_true(sends(f, "\"name\":\"checkout\",\"project_id\":"));
}

static void a_close_carries_it_out(void **state)
{
    struct store_fixture *f = *state;
    add_alert(f, EVENT_TRACE_ERRORS, NULL);
    struct accept *a = untraced("shop");
    passes(f, a);
    assert_true(passes(f, trace("shop", false)));
    store_fixture_close(f);
    store_fixture_open(f);
    assert_true(step_accept(f->store, error_by_patch(), NULL, NULL));
    assert_true(sends(f, "\"project_name\":\"shop\"}"));
}

static void a_drain_carries_it_out(void **state)
{
    struct store_fixture *f = *state;
    passes(f, trace("shop", false));
    uint64_t turns = store_turns(f->store);
    for (int i = 0; i < 10; i++)
        assert_true(passes(f, trace("shop", false)));
    store_drain(f->store);
    assert_in_range(store_turns(f->store) - turns, 0, 5); /* nor did each of them before */
}

/* Where there is never a second without work, and nothing else to commit. */
static void it_is_saved_within_a_second_or_two(void **state)
{
    struct store_fixture *f = *state;
    passes(f, untraced("shop"));
    assert_true(passes(f, trace("shop", false)));
    assert_true(step_accept(f->store, step_request("default"), NULL, NULL));
    f->now += 1000;
    assert_true(step_accept(f->store, step_request("default"), NULL, NULL));
    assert_int_equal(store_fixture_number(f, "SELECT count(*) FROM traces"), 1);
}

/* What writes nothing does not fail for what was put off. */
static int child_cannot_save(struct store_fixture *f)
{
    struct rlimit full = {4096, RLIM_INFINITY};
    struct err err = {0};
    signal(SIGXFSZ, SIG_IGN);
    store_fixture_open(f);
    passes(f, untraced("shop"));
    if (!passes(f, trace("shop", false)) ||
        !step_accept(f->store, step_request("default"), NULL, NULL))
        return 1;
    setrlimit(RLIMIT_FSIZE, &full);
    f->now += 2000;
    for (int i = 0; i < 3; i++)
        if (!step_accept(f->store, step_request("default"), NULL, &err))
            return 2;
    store_drain(f->store);
    char trouble[200];
    store_trouble(f->store, trouble, sizeof trouble);
    return trouble[0] ? 0 : 3;
}

/* ---------------------------------------------------------------- beside a failing step */

/* So much that it goes to the disk, which is full, in the middle of its step. */
static void make_large(struct store_fixture *f, struct step_wait *wait)
{
    enum { SIZE = 16 << 20 };
    char *big = calloc(1, SIZE + 1);
    memset(big, 'x', SIZE);
    store_project_ensure(f->store, "default", "large", big, "tester", true, step_done,
                         wait);
    free(big);
}

static int child_fails_beside(struct store_fixture *f, bool early_first)
{
    struct rlimit full = {100000, RLIM_INFINITY}, room = {RLIM_INFINITY, RLIM_INFINITY};
    struct step_wait wait = {0};
    struct hold h;
    struct err err = {0};
    signal(SIGXFSZ, SIG_IGN);
    store_fixture_open(f);
    add_alert(f, EVENT_TRACE_ERRORS, NULL);
    struct accept *a = untraced("shop");
    passes(f, a);
    hold(f, &h);
    setrlimit(RLIMIT_FSIZE, &full);
    bool early = early_first && store_accept_passing(f->store, trace("shop", false));
    make_large(f, &wait);
    early = early || store_accept_passing(f->store, trace("shop", false));
    release(&h);
    if (!early || step_wait(&wait, &err) || err.code != ERR_FULL)
        return 1;
    /* Now that it is in trouble, all wait for their answer, and it stays so. */
    a = untraced("shop");
    if (passes(f, untraced("shop")) || store_accept_passing(f->store, a))
        return 2;
    setrlimit(RLIMIT_FSIZE, &room);
    if (!step_accept(f->store, error_by_patch(), NULL, NULL))
        return 3;
    bool sent = sends(f, "\"project_name\":\"shop\"}");
    if (!step_accept(f->store, a, NULL, NULL) || !passes(f, trace("shop", false)))
        return 4;
    store_fixture_close(f);
    return sent ? 0 : 5;
}

static struct accept *one_event(int n)
{
    struct accept *a = step_request("default");
    step_add_fact(a, EVENT_TRACE_ERRORS, NULL, "shop", n);
    return a;
}

/* The server's style has an element for each request. */
static void an_undone_step_leaves_requests_apart(void **state)
{
    struct store_fixture *f = *state;
    struct step_wait first = {0}, fails = {0}, last = {0};
    struct err err = {0};
    struct hold h;
    f->limits.style = PAYLOAD_SERVER;
    store_set_limits(f->store, &f->limits);
    add_alert(f, EVENT_TRACE_ERRORS, NULL);
    assert_true(step_project(f->store, "default", "shop", false, NULL, NULL));
    hold(f, &h);
    store_accept(f->store, one_event(1), step_done, &first);
    store_project_ensure(f->store, "default", "shop", NULL, "tester", true, step_done,
                         &fails);
    store_accept(f->store, one_event(2), step_done, &last);
    release(&h);
    assert_true(step_wait(&first, NULL));
    assert_false(step_wait(&fails, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_true(step_wait(&last, NULL));
    assert_true(sends(f, "\"eventCount\":2,"));
}

/* The row of a project that came to nothing is another's soon. */
static int child_is_not_anothers(struct store_fixture *f)
{
    struct rlimit full = {100000, RLIM_INFINITY}, room = {RLIM_INFINITY, RLIM_INFINITY};
    struct step_wait wait = {0}, large = {0};
    struct hold h;
    signal(SIGXFSZ, SIG_IGN);
    store_fixture_open(f);
    add_alert(f, EVENT_TRACE_ERRORS, NULL);
    hold(f, &h);
    setrlimit(RLIMIT_FSIZE, &full);
    store_accept(f->store, trace("mine", false), step_done, &wait);
    make_large(f, &large);
    release(&h);
    if (step_wait(&wait, NULL) || step_wait(&large, NULL))
        return 1;
    setrlimit(RLIMIT_FSIZE, &room);
    if (!step_project(f->store, "other", "theirs", false, NULL, NULL) ||
        !step_accept(f->store, error_by_patch(), NULL, NULL))
        return 2;
    bool sent = sends(f, "\"project_name\":\"Default Project\"}");
    store_fixture_close(f);
    return sent ? 0 : 3;
}

static int child_fails_first(struct store_fixture *f)
{
    return child_fails_beside(f, false);
}

static int child_fails_last(struct store_fixture *f)
{
    return child_fails_beside(f, true);
}

static void assert_child(struct store_fixture *f, int (*child)(struct store_fixture *))
{
    int status = -1;
    store_fixture_close(f);
    pid_t pid = store_fixture_fork(f);
    if (pid == 0)
        _exit(child(f));
    waitpid(pid, &status, 0);
    store_fixture_open(f);
    assert_int_equal(status, 0);
}

static void what_cannot_be_saved_fails_nothing_else(void **state)
{
    assert_child(*state, child_cannot_save);
}

static void a_failing_step_takes_nothing_along(void **state)
{
    assert_child(*state, child_fails_first);
}

/* What was carried out already is carried out once more. */
static void nor_what_came_before_it(void **state)
{
    assert_child(*state, child_fails_last);
}

static void nor_leaves_a_trace_in_anothers_project(void **state)
{
    assert_child(*state, child_is_not_anothers);
}

#define TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, store_fixture_set_up, store_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_of_its_kind_is_waited_for),
        TEST(a_trace_without_a_project_needs_the_default_project),
        TEST(each_workspace_has_kinds_of_its_own),
        TEST(events_and_ids_are_always_waited_for),
        TEST(a_value_that_an_alert_counts_is_waited_for),
        TEST(another_process_makes_it_ask_again),
        TEST(kinds_are_bounded),
        TEST(too_much_that_waits_is_waited_for),
        TEST(what_comes_later_finds_it),
        TEST(a_close_carries_it_out),
        TEST(a_drain_carries_it_out),
        TEST(it_is_saved_within_a_second_or_two),
        TEST(what_cannot_be_saved_fails_nothing_else),
        TEST(a_failing_step_takes_nothing_along),
        TEST(nor_what_came_before_it),
        TEST(nor_leaves_a_trace_in_anothers_project),
        TEST(an_undone_step_leaves_requests_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
