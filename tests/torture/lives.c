#include "torture/lives.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "support/torture.h"
#include "torture/doomed.h"
#include "torture/kill_plan.h"

enum { REPLAYED = 3 };

#define BEYOND_RETENTION_MS INT64_C(3000000000)

void lives_rest_ms(int64_t ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* It ended, and by itself at that step: a step that is never reached proves nothing. */
static void expect_reached(struct run_child *c, const char *step)
{
    char words[100];
    snprintf(words, sizeof words, "reached: %s\n", step);
    int status = run_wait_end(c, RUN_DEADLINE_MS);
    if (status != -1 || !strstr(c->err, words))
        fail_msg("'%s' is not reached (%d): %s%s", step, status, c->out, c->err);
}

void lives_serve_until(struct siege *s, const char *step, int64_t count)
{
    plan_make(step, count);
    struct run_child *c = siege_serve(s, "");
    plan_drop();
    siege_listens(s, c, RUN_DEADLINE_MS);
    expect_reached(c, step);
    siege_kill(s, &c, true);
}

void lives_run_until(const struct program *p, const char *step, int64_t count,
                     const char *words)
{
    struct run_child c;
    plan_make(step, count);
    program_start(p, &c, words);
    plan_drop();
    expect_reached(&c, step);
    run_kill(&c);
}

struct run_child *lives_serve(struct siege *s)
{
    struct run_child *c = siege_serve(s, "");
    if (!siege_listens(s, c, RUN_DEADLINE_MS))
        fail_msg("serve does not start: %s%s", c->out, c->err);
    return c;
}

int64_t lives_chance(struct siege *s, int64_t bound)
{
    return (int64_t)torture_random(&s->random, (uint64_t)bound);
}

void lives_stop(struct siege *s, struct run_child **c)
{
    int status;
    load_aim(s->load, 0);
    size_t before = ledger_before_kill(s->ledger);
    kill((*c)->pid, SIGTERM);
    while ((status = run_wait_end(*c, LIFE_MS)) == -2)
        receiver_release(s->receiver);
    assert_int_equal(status, 0);
    run_kill(*c);
    free(*c);
    *c = NULL;
    ledger_after_kill(s->ledger, before, true);
}

static void under_load(struct siege *s, const struct point *point, int64_t count)
{
    lives_serve_until(s, point->name, count);
}

static void twice(struct siege *s, const struct point *point, int64_t count)
{
    lives_serve_until(s, "before the POST", count);
    lives_serve_until(s, point->name, count);
}

static void months_later(struct siege *s, const struct point *point, int64_t count)
{
    struct run_child *c = lives_serve(s);
    ledger_allow_purge(s->ledger);
    lives_rest_ms(LOADED_MS);
    siege_kill(s, &c, true);
    doomed_set_ahead(BEYOND_RETENTION_MS);
    lives_serve_until(s, point->name, count);
    doomed_set_ahead(0);
}

static void while_disabled(struct siege *s, const struct point *point, int64_t count)
{
    char words[100];
    struct run r;
    struct run_child *c = lives_serve(s);
    lives_rest_ms(LIFE_MS + lives_chance(s, LOADED_MS));
    snprintf(words, sizeof words, "alert disable %s", s->unsteady);
    lives_run_until(s->program, point->name, count, words);
    siege_check(s);
    snprintf(words, sizeof words, "alert enable %s", s->unsteady);
    program_expect(s->program, &r, 0, NULL, words);
    run_free(&r);
    siege_kill(s, &c, true);
}

/* Appends the ids of some dead deliveries; returns how many. Those that the end of their
 * alert took away while they were sent may have arrived. */
static int add_dead(struct siege *s, struct buf *words)
{
    int count = 0;
    json_t *dead = program_json(s->program, "delivery list --json --filter status:dead");
    for (size_t i = 0; i < json_array_size(dead) && count < REPLAYED; i++) {
        const json_t *d = json_array_get(dead, i);
        if (strcmp(json_string_value(json_object_get(d, "alert_id")), s->unsteady) == 0)
            continue;
        buf_add_format(words, " %s", json_string_value(json_object_get(d, "id")));
        count++;
    }
    json_decref(dead);
    return count;
}

static void while_replayed(struct siege *s, const struct point *point, int64_t count)
{
    struct buf words;
    struct run r;
    struct run_child *c = lives_serve(s);
    buf_init(&words, BUF_UNLIMITED);
    buf_add_text(&words, "delivery replay");
    while (add_dead(s, &words) == 0) {
        lives_rest_ms(LIFE_MS);
        receiver_release(s->receiver);
    }
    lives_run_until(s->program, point->name, count, buf_text(&words));
    siege_check(s);
    if (count == 1) { /* it was not replayed yet */
        program_expect(s->program, &r, 0, NULL, buf_text(&words));
        run_free(&r);
    }
    buf_free(&words);
    siege_kill(s, &c, true);
}

static const struct point events[] = {
    {"accept", 20, under_load},
    {"before the commit", 20, under_load},
    {"commit", 40, under_load},
    {"after the commit", 20, under_load},
    {"close bucket", 8, under_load},
    {"bucket closed", 4, under_load},
    {"claim", 8, under_load},
    {"claimed", 4, under_load},
    {"before the POST", 8, under_load},
    {"during the POST", 8, under_load},
    {"after the POST", 8, under_load},
    {"before recording", 8, under_load},
    {"recording", 8, under_load},
    {"after recording", 4, under_load},
    {"checkpoint", 40, under_load},
    {"end of checkpoint", 4, under_load},
    {"recovery", 2, twice},
};
static const struct point changes[] = {
    {"alert change", 2, while_disabled},
    {"replay", 2, while_replayed},
};
static const struct point purges[] = {{"purge", 2, months_later}};

const struct points lives_events = {events, sizeof events / sizeof *events};
const struct points lives_changes = {changes, sizeof changes / sizeof *changes};
const struct points lives_purges = {purges, sizeof purges / sizeof *purges};
