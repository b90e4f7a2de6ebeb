#include <stdlib.h>

#include "cli/alert.h"
#include "cli/await.h"
#include "cli/input.h"
#include "cli/out.h"
#include "model/alert_json.h"
#include "store/alerts.h"

#define ALERT_FILE_MAX ((size_t)4 << 20)

/* ---------------------------------------------------------------- create and update */

static bool read_alert(struct cli *cli, const char *file, struct alert *out,
                       struct err *err)
{
    struct buf text;
    struct err why = {0};
    alert_init(out);
    buf_init_secret(&text, ALERT_FILE_MAX);
    bool done = input_read(file, &text, err);
    if (done && !alert_from_json(buf_span(&text), out, &why))
        done = err_set(err, why.code, "%s: %s", input_name(file), why.text);
    if (done && !alert_set(&out->workspace, cli->workspace))
        done = err_memory(err);
    if (!done)
        alert_free(out);
    buf_free(&text);
    return done;
}

static bool put(struct cli *cli, const struct alert *a, enum store_put how,
                char id[UUID_SIZE], struct err *err)
{
    struct await answer;
    await_init(&answer, AWAIT_ALERT);
    store_alert_put(cli->store, a, how, cli->user, await_done, &answer);
    if (!await_answer(&answer, err))
        return false;
    memcpy(id, answer.id, UUID_SIZE);
    return true;
}

static int print_written(struct cli *cli, const char *id)
{
    struct alert a;
    struct buf json;
    struct err err = {0};
    if (!cli->call->json) {
        out_line("%s", id);
        return EXIT_DONE;
    }
    if (!cli_alert_get(cli, id, &a, &err))
        return cli_fail(&err);
    buf_init(&json, BUF_UNLIMITED);
    bool done = alert_to_json(&a, ALERT_JSON_HIDDEN, &json) || err_memory(&err);
    if (done)
        out_json(buf_span(&json), true);
    buf_free(&json);
    alert_free(&a);
    return done ? EXIT_DONE : cli_fail(&err);
}

int cli_alert_create(struct cli *cli)
{
    struct alert a;
    struct err err = {0};
    char id[UUID_SIZE];
    const char *file = cli->args[0];
    if (!read_alert(cli, file, &a, &err))
        return cli_fail(&err);
    int status = EXIT_FAILED;
    if (!cli_alert_complete(cli, &a, NULL, &err))
        out_error("%s: %s", input_name(file), err.text);
    else if (cli_alert_checked(&a, input_name(file)))
        status =
            put(cli, &a, STORE_CREATE, id, &err) ? print_written(cli, id) : cli_fail(&err);
    alert_free(&a);
    return status;
}

/* The revision that was read makes a change by somebody else in between an error. */
static bool become(struct cli *cli, struct alert *next, const struct alert *stored, struct err *err)
{
    if (next->id[0] && strcmp(next->id, stored->id) != 0)
        return err_set(err, ERR_CONFLICT, "the file holds another alert, %s", next->id);
    memcpy(next->id, stored->id, UUID_SIZE);
    next->revision = stored->revision;
    return cli_alert_complete(cli, next, stored, err);
}

static int replace(struct cli *cli, const struct alert *stored)
{
    struct alert next;
    struct err err = {0};
    char id[UUID_SIZE];
    const char *file = cli->args[1];
    if (!read_alert(cli, file, &next, &err))
        return cli_fail(&err);
    int status = EXIT_FAILED;
    if (!become(cli, &next, stored, &err))
        out_error("%s: %s", input_name(file), err.text);
    else if (cli_alert_checked(&next, input_name(file)))
        status = put(cli, &next, STORE_REPLACE, id, &err) ? EXIT_DONE : cli_fail(&err);
    if (status == EXIT_DONE && cli->call->json)
        status = print_written(cli, id);
    alert_free(&next);
    return status;
}

int cli_alert_update(struct cli *cli)
{
    struct alert stored;
    struct err err = {0};
    if (!cli_alert_get(cli, cli->args[0], &stored, &err))
        return cli_fail_argument(&err);
    int status = replace(cli, &stored);
    alert_free(&stored);
    return status;
}

/* ---------------------------------------------------------------- by ids */

enum change { CHANGE_ENABLE, CHANGE_DISABLE, CHANGE_DELETE };

static int change_all(struct cli *cli, enum change change, const char *const *ids,
                      size_t count)
{
    struct await answer;
    struct err err = {0};
    await_init(&answer, AWAIT_COUNT);
    if (change == CHANGE_DELETE)
        store_alert_delete(cli->store, cli->workspace, ids, count, cli->user, await_done,
                           &answer);
    else
        store_alert_enable(cli->store, cli->workspace, ids, count, change == CHANGE_ENABLE,
                           cli->user, await_done, &answer);
    if (!await_answer(&answer, &err))
        return cli_fail(&err);
    if (answer.count < (int64_t)count) {
        out_error("%lld of %zu alerts went meanwhile", (long long)count - answer.count,
                  count);
        return EXIT_FAILED;
    }
    return cli_tell(cli, "id", ids, count);
}

/* Nothing is changed when one of them is not there. */
static bool all_there(struct cli *cli, const char *const *ids, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        struct alert a;
        struct err err = {0};
        if (cli_alert_get(cli, ids[i], &a, &err)) {
            alert_free(&a);
            continue;
        }
        cli_fail(&err);
        all = false;
    }
    return all;
}

static int change_alerts(struct cli *cli, enum change change)
{
    size_t count;
    const char **ids = cli_ids(cli, &count);
    if (!ids)
        return EXIT_CALL;
    int status =
        all_there(cli, ids, count) ? change_all(cli, change, ids, count) : EXIT_FAILED;
    free(ids);
    return status;
}

int cli_alert_enable(struct cli *cli)
{
    return change_alerts(cli, CHANGE_ENABLE);
}

int cli_alert_disable(struct cli *cli)
{
    return change_alerts(cli, CHANGE_DISABLE);
}

int cli_alert_delete(struct cli *cli)
{
    return change_alerts(cli, CHANGE_DELETE);
}
