#include <stdlib.h>

#include "base/timefmt.h"
#include "cli/await.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "store/buckets.h"

/* ---------------------------------------------------------------- bucket list */

static void bucket_table(struct cli *cli, const struct bucket_rows *rows)
{
    struct out_table t;
    int64_t now = clock_steady_ms(cli->clock);
    out_table_init(&t, 4);
    out_table_cell(&t, "DUE IN");
    out_table_cell(&t, "EVENTS");
    out_table_cell(&t, "KEY");
    out_table_cell(&t, "ALERT");
    for (size_t i = 0; i < rows->count; i++) {
        const struct bucket *b = &rows->items[i];
        char due[24];
        duration_human(b->due_at > now ? b->due_at - now : 0, due);
        out_table_cell(&t, "%s", due);
        out_table_cell(&t, "%lld", (long long)b->events);
        out_table_cell(&t, "%s", b->key);
        out_table_cell(&t, "%s", b->alert_name ? b->alert_name : "");
    }
    out_table_print(&t);
}

static bool add_bucket(const void *rows, size_t i, struct buf *json)
{
    return bucket_to_json(&((const struct bucket_rows *)rows)->items[i], json);
}

static bool bucket_array(struct cli *cli, struct bucket_rows *rows, struct err *err)
{
    for (size_t i = 0; i < rows->count; i++)
        bucket_shift(&rows->items[i], clock_shown_ms(cli->clock, 0));
    return out_array_of(rows->count, add_bucket, rows, err);
}

int cli_bucket_list(struct cli *cli)
{
    struct bucket_rows rows = {0};
    struct err err = {0};
    bool done = true;
    if (!store_bucket_list(cli->reader, cli->workspace, INT32_MAX, &rows, &err))
        return cli_fail(&err);
    if (cli->call->json)
        done = bucket_array(cli, &rows, &err);
    else if (rows.count > 0)
        bucket_table(cli, &rows);
    else
        out_error("no open bucket in workspace %s", cli->workspace);
    bucket_rows_free(&rows);
    return done ? EXIT_DONE : cli_fail(&err);
}

/* ---------------------------------------------------------------- bucket send */

static int send_buckets(struct cli *cli, const char *const *keys, size_t count)
{
    struct await answer;
    struct err err = {0};
    await_init(&answer, AWAIT_COUNT);
    store_bucket_send_now(cli->store, cli->workspace, keys, count, await_done, &answer);
    if (!await_answer(&answer, &err))
        return cli_fail_argument(&err);
    if (answer.count == (int64_t)count)
        return cli_tell(cli, "key", keys, count);
    out_error("%lld of %zu buckets are sent; there are no others of these keys",
              (long long)answer.count, count);
    return EXIT_FAILED;
}

int cli_bucket_send(struct cli *cli)
{
    const char **keys = calloc(cli->arg_count + 1, sizeof *keys);
    size_t count = 0;
    if (!keys) {
        out_error("out of memory");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < cli->arg_count; i++)
        count = cli_once(keys, count, cli->args[i]);
    int status = send_buckets(cli, keys, count);
    free(keys);
    return status;
}
