#include "support/siege.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "support/torture.h"

enum { SETTLE_MS = 60000, SETTLE_STEP_MS = 20 };

/* ---------------------------------------------------------------- alerts */

static const char *const triggers[LEDGER_KINDS] = {"trace:errors", "trace:feedback_score",
                                                   "prompt:created"};

static void add_alert(struct siege *s, unsigned kinds, bool steady, char id[64])
{
    struct buf json;
    char url[128], path[20];
    static unsigned made;
    snprintf(path, sizeof path, "/%u", made++);
    receiver_url(s->receiver, path, url, sizeof url);
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(&json, "{\"name\":\"a\",\"webhook\":{\"url\":\"%s\"},\"triggers\":[",
                   url);
    const char *comma = "";
    for (int k = 0; k < LEDGER_KINDS; k++) {
        if (!(kinds >> k & 1))
            continue;
        buf_add_format(&json, "%s{\"event_type\":\"%s\"}", comma, triggers[k]);
        comma = ",";
    }
    buf_add_text(&json, "]}");
    program_create(s->program, buf_text(&json), id);
    buf_free(&json);
    ledger_alert(s->ledger, id, kinds, steady);
}

/* ---------------------------------------------------------------- begin and end */

void siege_begin(struct siege *s, size_t clients)
{
    char id[64];
    static const unsigned kinds[] = {1 << LEDGER_ERROR,
                                     1 << LEDGER_SCORE | 1 << LEDGER_ERROR,
                                     1 << LEDGER_PROMPT, (1 << LEDGER_KINDS) - 1};
    void *state;
    assert_int_equal(program_setup(&state), 0);
    s->program = state;
    s->receiver = receiver_start();
    s->ledger = ledger_new(s->receiver, &s->random);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        add_alert(s, kinds[i], true, id);
    add_alert(s, (1 << LEDGER_KINDS) - 1, false, s->unsteady);
    s->load = load_start(s->ledger, clients, s->random);
}

static int64_t member(json_t *account, const char *name)
{
    return json_integer_value(json_object_get(account, name));
}

/* Asks until nothing waits any more; returns the last account. */
static json_t *settle(struct siege *s)
{
    const struct timespec pause = {0, SETTLE_STEP_MS * 1000000L};
    long long until = run_now_ms() + SETTLE_MS;
    while (run_now_ms() < until) {
        json_t *account = program_json(s->program, "doctor --json");
        if (member(account, "waiting") == 0)
            return account;
        json_decref(account);
        receiver_release(s->receiver);
        nanosleep(&pause, NULL);
    }
    fail_msg("it does not come to its end");
    return NULL;
}

static void add_sums(struct ledger_sums *to, const struct ledger_sums *one)
{
    to->requests += one->requests;
    to->accepted += one->accepted;
    to->unanswered += one->unanswered;
    to->pairs += one->pairs;
    to->deliveries += one->deliveries;
    to->refused += one->refused;
    to->dead += one->dead;
    to->purged += one->purged;
    to->unknown += one->unknown;
    to->repeated += one->repeated;
    to->kills += one->kills;
}

void siege_end(struct siege *s, struct run_child *holder)
{
    struct ledger_sums sums;
    load_stop(&s->load);
    json_t *account = settle(s);
    kill(holder->pid, SIGTERM);
    assert_int_equal(run_wait_end(holder, RUN_DEADLINE_MS), 0);
    run_kill(holder);
    free(holder);
    siege_check(s);
    ledger_check(s->ledger, s->program->dir, &sums);
    /* The sums of the store, against what is in the bodies of its deliveries. */
    assert_int_equal(member(account, "accepted"),
                     (int64_t)sums.pairs + member(account, "dropped"));
    json_decref(account);
    add_sums(&s->all, &sums);
    receiver_stop(&s->receiver);
    ledger_free(&s->ledger);
    program_teardown((void **)&s->program);
}

/* ---------------------------------------------------------------- processes */

struct run_child *siege_serve(struct siege *s, const char *words)
{
    struct run_child *c = malloc(sizeof *c);
    char line[512];
    assert_non_null(c);
    snprintf(line, sizeof line,
             "serve --set debounce.window=100ms --set retry.initial=10ms "
             "--set retry.max_delay=100ms %s",
             words);
    program_start(s->program, c, line);
    return c;
}

bool siege_listens(struct siege *s, struct run_child *c, int within_ms)
{
    unsigned port;
    if (!run_wait_out(c, "\n", within_ms))
        return false;
    assert_int_equal(sscanf(c->out, "listening on http://127.0.0.1:%u/", &port), 1);
    load_aim(s->load, (uint16_t)port);
    return true;
}

void siege_kill(struct siege *s, struct run_child **c, bool alone)
{
    size_t before = ledger_before_kill(s->ledger);
    run_kill(*c);
    free(*c);
    *c = NULL;
    load_aim(s->load, 0);
    ledger_after_kill(s->ledger, before, alone);
    receiver_release(s->receiver);
}

void siege_check(struct siege *s)
{
    ledger_check_file(s->program->dir);
    json_t *account = program_json(s->program, "doctor --json");
    assert_int_equal(member(account, "difference"), 0);
    json_decref(account);
}

void siege_tell(const struct siege *s, const char *what)
{
    const struct ledger_sums *a = &s->all;
    printf("%s: %zu kills, %zu requests (%zu accepted, %zu without an answer, %zu "
           "refused), %zu "
           "pairs in %zu deliveries (%zu dead), %zu attempts of unknown outcome, %zu "
           "requests for "
           "what had been answered 200\n",
           what, a->kills, a->requests, a->accepted, a->unanswered, a->refused, a->pairs,
           a->deliveries, a->dead, a->unknown, a->repeated);
    fflush(stdout);
}
