#include "silence_words.h"

#include <stdlib.h>

#include "cli/await.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "store/silences.h"

/* ---------------------------------------------------------------- silence list */

static void list_row(struct out_table *t, const struct silence_at *at, int64_t now)
{
    const struct silence *s = &at->silence;
    char state[64], schedule[256];
    struct buf subject;
    buf_init(&subject, BUF_UNLIMITED);
    silence_subject(s, &subject);
    silence_words_state(at, now, state, sizeof state);
    silence_words_schedule(s, now, schedule, sizeof schedule);
    out_table_cell(t, "%s", s->id);
    out_table_cell(t, "%s", state);
    out_table_cell(t, "%s", silence_mode_name(s->mode));
    out_table_cell(t, "%lld", (long long)s->held);
    out_table_cell(t, "%lld", (long long)s->dropped);
    out_table_cell(t, "%s", schedule);
    out_table_cell(t, "%s", s->created_by);
    out_table_cell(t, "%s%s%s", buf_text(&subject), s->comment ? ": " : "",
                   s->comment ? s->comment : "");
    buf_free(&subject);
}

static void list_for_people(const struct silences *all, int64_t now)
{
    static const char *const heads[] = {"ID",      "STATE", "THEN", "HELD",
                                        "DROPPED", "WHEN",  "BY",   "WHAT"};
    size_t columns = sizeof heads / sizeof *heads;
    struct out_table t;
    out_table_init(&t, columns);
    for (size_t i = 0; i < columns; i++)
        out_table_cell(&t, "%s", heads[i]);
    for (size_t i = 0; i < all->count; i++)
        list_row(&t, &all->items[i], now);
    out_table_print(&t);
}

static bool add_silence(const void *all, size_t i, struct buf *json)
{
    const struct silences *s = all;
    return silence_to_json(&s->items[i].silence, &s->items[i].state, json);
}

int cli_silence_list(struct cli *cli)
{
    struct silences all;
    struct err err = {0};
    int64_t now = clock_wall_ms(cli->clock);
    bool done = true;
    if (!store_silence_list(cli->reader, cli->workspace, now, &all, &err))
        return cli_fail(&err);
    if (cli->call->json)
        done = out_array_of(all.count, add_silence, &all, &err);
    else if (all.count > 0)
        list_for_people(&all, now);
    else
        out_error("no silence in workspace %s", cli->workspace);
    silences_free(&all);
    return done ? EXIT_DONE : cli_fail(&err);
}

/* ---------------------------------------------------------------- silence add */

static void print_id(const struct cli *cli, const char *id)
{
    struct buf json;
    if (!cli->call->json) {
        out_line("%s", id);
        return;
    }
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(&json, "{\"id\":\"%s\"}", id);
    out_json(buf_span(&json), true);
    buf_free(&json);
}

int cli_silence_add(struct cli *cli)
{
    const struct silence_maker maker = {cli->reader, cli->workspace, cli->user,
                                        clock_wall_ms(cli->clock)};
    struct silence silence;
    struct await answer;
    struct err err = {0};
    if (!silence_words_make(&cli->call->silence, &maker, &silence, &err))
        return cli_fail_argument(&err);
    await_init(&answer, AWAIT_SILENCE);
    store_silence_put(cli->store, &silence, await_done, &answer);
    bool done = await_answer(&answer, &err);
    silence_free(&silence);
    if (!done)
        return cli_fail_argument(&err);
    print_id(cli, answer.id);
    return EXIT_DONE;
}

/* ---------------------------------------------------------------- silence end */

int cli_silence_end(struct cli *cli)
{
    size_t count;
    const char **ids = cli_ids(cli, &count);
    struct await answer;
    struct err err = {0};
    if (!ids)
        return EXIT_CALL;
    await_init(&answer, AWAIT_COUNT);
    store_silence_end(cli->store, cli->workspace, ids, count, await_done, &answer);
    int status = EXIT_FAILED;
    if (!await_answer(&answer, &err))
        cli_fail(&err);
    else if (answer.count == (int64_t)count)
        status = cli_tell(cli, "id", ids, count);
    else
        out_error("%lld of %zu silences are ended; the others are over or not there",
                  (long long)answer.count, count);
    free(ids);
    return status;
}
