#include <stdio.h>
#include <stdlib.h>

#include "base/timefmt.h"
#include "cli/await.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "filters.h"
#include "store/deliveries.h"
#include "tuning.h"

#define PAGE 500

/* ---------------------------------------------------------------- delivery list */

static void list_row(const struct delivery *d)
{
    char iso[TIMEFMT_ISO_SIZE];
    timefmt_iso(d->created_at, iso);
    out_line("%s  %s  %-9s  %-28s  %6lld  %s", d->id, iso, delivery_state_name(d->state),
             event_type_name(d->type), (long long)d->event_count,
             d->alert_name ? d->alert_name : d->alert_id);
}

/* Its times are still those of the store. */
static bool add_item(struct cli *cli, struct delivery *d, struct out_array *array,
                     struct err *err)
{
    struct buf json;
    if (!store_delivery_attempts(cli->reader, d, err))
        return false;
    delivery_shift(d, clock_shown_ms(cli->clock, 0));
    buf_init(&json, BUF_UNLIMITED);
    bool done = delivery_to_json(d, &json);
    if (done)
        out_array_item(array, buf_span(&json));
    buf_free(&json);
    return done || err_memory(err);
}

struct page {
    char last[UUID_SIZE]; /* what was read last; empty: nothing yet */
    size_t count;         /* read just now */
    size_t shown;         /* in all */
};

static bool print_page(struct cli *cli, const struct filter *passing, struct page *page,
                       struct out_array *array, struct err *err)
{
    int64_t now = clock_wall_ms(cli->clock), shown = clock_shown_ms(cli->clock, 0);
    const struct delivery_filter filter = filters_for_store(passing, cli->workspace, now);
    struct delivery_rows rows = {0};
    const char *last = page->last[0] ? page->last : NULL;
    if (!store_delivery_list(cli->reader, &filter, last, PAGE, &rows, err))
        return false;
    page->count = rows.count;
    bool done = true;
    for (size_t i = 0; done && i < rows.count; i++) {
        struct delivery seen = rows.items[i];
        delivery_shift(&seen, shown);
        if (!filters_match_delivery(passing, &seen, now))
            continue;
        page->shown++;
        if (array)
            done = add_item(cli, &rows.items[i], array, err);
        else
            list_row(&seen);
    }
    if (rows.count > 0)
        memcpy(page->last, rows.items[rows.count - 1].id, UUID_SIZE);
    delivery_rows_free(&rows);
    return done;
}

int cli_delivery_list(struct cli *cli)
{
    struct out_array array;
    struct err err = {0};
    struct page page = {0};
    bool json = cli->call->json, done = true;
    struct filter filter;
    if (!filter_parse(&filter, filters_delivery, filters_delivery_count,
                      span_of(cli->call->filter), &err))
        return cli_fail_argument(&err);
    if (json)
        out_array_begin(&array);
    do
        done = print_page(cli, &filter, &page, json ? &array : NULL, &err);
    while (done && page.count == PAGE && !ferror(stdout));
    if (json)
        out_array_end(&array);
    else if (done && page.shown == 0 && filter.count > 0)
        out_error("no delivery passes the filter");
    else if (done && page.shown == 0)
        out_error("no delivery in workspace %s", cli->workspace);
    return done ? EXIT_DONE : cli_fail(&err);
}

/* ---------------------------------------------------------------- delivery show */

static void show_attempt(const struct attempt *a)
{
    char iso[TIMEFMT_ISO_SIZE], took[24], wait[24], why[80];
    const struct outcome *o = &a->outcome;
    timefmt_iso(o->started_at, iso);
    duration_human(o->total_us / 1000, took);
    if (o->kind == OUTCOME_RESPONSE)
        out_line("%-12s %d  %s  %d in %s", "attempt", a->n, iso, o->status, took);
    else
        out_line("%-12s %d  %s  %s", "attempt", a->n, iso,
                 o->error[0] ? o->error : outcome_kind_name(o->kind));
    if (a->next_at) {
        attempt_why_next(a, why, sizeof why);
        duration_human(a->next_at - o->started_at, wait);
        out_line("%-12s the next one %s after it began: %s", "", wait, why);
    }
}

static void show_for_people(struct cli *cli, const struct delivery *d)
{
    char iso[TIMEFMT_ISO_SIZE], wait[24];
    int64_t now = clock_wall_ms(cli->clock);
    timefmt_iso(d->created_at, iso);
    out_line("%-12s %s", "id", d->id);
    out_line("%-12s %s %s", "alert", d->alert_id, d->alert_name ? d->alert_name : "");
    out_line("%-12s %s", "workspace", d->workspace ? d->workspace : "");
    out_line("%-12s %s", "event type", event_type_name(d->type));
    out_line("%-12s %lld", "events", (long long)d->event_count);
    if (d->truncated > 0)
        out_line("%-12s %lld over the limit", "left out", (long long)d->truncated);
    out_line("%-12s %s", "created", iso);
    out_line("%-12s %s", "state", delivery_state_name(d->state));
    if (d->reason)
        out_line("%-12s %s", "reason", d->reason);
    if (d->next_at > 0) {
        duration_human(d->next_at > now ? d->next_at - now : 0, wait);
        out_line("%-12s in %s", "next attempt", wait);
    }
    for (int i = 0; d->attempts && i < d->attempt_count; i++)
        show_attempt(&d->attempts[i]);
}

static int show_one(struct cli *cli, const char *id)
{
    struct delivery d = {0};
    struct buf json;
    struct err err = {0};
    if (!store_delivery_get(cli->reader, cli->workspace, id, &d, &err)) {
        out_error("%s: %s", id, err.text);
        return EXIT_FAILED;
    }
    buf_init(&json, BUF_UNLIMITED);
    bool done = true;
    delivery_shift(&d, clock_shown_ms(cli->clock, 0));
    if (!cli->call->json)
        show_for_people(cli, &d);
    else if ((done = delivery_to_json(&d, &json)))
        out_json(buf_span(&json), true);
    buf_free(&json);
    delivery_free(&d);
    return done || err_memory(&err) ? EXIT_DONE : cli_fail(&err);
}

int cli_delivery_show(struct cli *cli)
{
    return cli_each(cli, show_one, true);
}

/* ---------------------------------------------------------------- delivery replay */

/* Why one of them cannot be replayed, said; nothing is replayed then. */
static bool can_replay(struct cli *cli, const char *id)
{
    struct delivery d = {0};
    struct err err = {0};
    if (!store_delivery_get(cli->reader, cli->workspace, id, &d, &err)) {
        out_error("%s: %s", id, err.text);
        return false;
    }
    bool finished = delivery_state_ended(d.state);
    if (!finished)
        out_error("%s: is still %s", id, delivery_state_name(d.state));
    delivery_free(&d);
    return finished;
}

static void say_state(struct cli *cli, struct delivery *d)
{
    char wait[24];
    delivery_shift(d, clock_shown_ms(cli->clock, 0));
    int64_t left = d->next_at - clock_wall_ms(cli->clock);
    bool queued = d->state != DELIVERY_DELIVERED && d->state != DELIVERY_DEAD;
    duration_human(left > 0 ? left : 0, wait);
    if (queued)
        out_line("%s  again %s%s", d->id, left > 0 ? "in " : "now", left > 0 ? wait : "");
    else
        out_line("%s  %s", d->id, delivery_state_name(d->state));
}

/* What became of each right after the step: the engine sends them one after the other. */
static void say_result(struct cli *cli, struct out_array *array, const char *id)
{
    struct delivery d;
    struct err err;
    if (!store_delivery_row(cli->reader, cli->workspace, id, &d, &err))
        return;
    if (array)
        add_item(cli, &d, array, &err);
    else
        say_state(cli, &d);
    delivery_free(&d);
}

static void say_results(struct cli *cli, const char *const *ids, size_t count)
{
    struct out_array array;
    bool json = cli->call->json;
    if (json)
        out_array_begin(&array);
    for (size_t i = 0; i < count; i++)
        say_result(cli, json ? &array : NULL, ids[i]);
    if (json)
        out_array_end(&array);
}

static int replay_all(struct cli *cli, const char *const *ids, size_t count)
{
    struct await answer;
    struct err err = {0};
    await_init(&answer, AWAIT_COUNT);
    int64_t spacing = tuning_replay_spacing(cli->settings);
    store_replay(cli->store, cli->workspace, ids, count, count > 1 ? spacing : 0, await_done,
                 &answer);
    if (!await_answer(&answer, &err))
        return cli_fail(&err);
    say_results(cli, ids, count);
    if (answer.count == (int64_t)count)
        return EXIT_DONE;
    out_error("%lld of %zu deliveries were replayed; the others cannot be now",
              (long long)answer.count, count);
    return EXIT_FAILED;
}

/* Those of the filter that have ended: all of them, or the newest FILTERS_LOOKED_AT. */
static int replay_filtered(struct cli *cli)
{
    struct filter filter;
    struct delivery_rows rows = {0};
    struct err err = {0};
    size_t searched, count = 0;
    if (!filter_parse(&filter, filters_delivery, filters_delivery_count,
                      span_of(cli->call->filter), &err))
        return cli_fail_argument(&err);
    if (!filters_read_deliveries(cli->reader, cli->workspace, &filter,
                                 clock_wall_ms(cli->clock), FILTERS_LOOKED_AT, &rows, &searched,
                                 &err))
        return cli_fail(&err);
    const char **ids = calloc(rows.count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < rows.count; i++)
        if (delivery_state_ended(rows.items[i].state))
            ids[count++] = rows.items[i].id;
    int status = EXIT_DONE;
    if (!ids) {
        err_memory(&err);
        status = cli_fail(&err);
    } else if (count > 0 && !cli->call->dry_run) {
        status = replay_all(cli, ids, count);
    } else {
        if (count == 0)
            out_error("no delivery that has ended passes the filter");
        say_results(cli, ids, count);
    }
    free(ids);
    delivery_rows_free(&rows);
    return status;
}

static int replay_named(struct cli *cli)
{
    size_t count;
    const char **ids = cli_ids(cli, &count);
    if (!ids)
        return EXIT_CALL;
    bool fine = true;
    for (size_t i = 0; i < count; i++)
        fine = can_replay(cli, ids[i]) && fine;
    int status = !fine ? EXIT_FAILED : EXIT_DONE;
    if (fine && cli->call->dry_run)
        say_results(cli, ids, count);
    else if (fine)
        status = replay_all(cli, ids, count);
    free(ids);
    return status;
}

int cli_delivery_replay(struct cli *cli)
{
    bool named = cli->arg_count > 0;
    if (named == (cli->call->filter != NULL)) {
        out_error("delivery replay: give IDs or --filter");
        return EXIT_CALL;
    }
    return named ? replay_named(cli) : replay_filtered(cli);
}
