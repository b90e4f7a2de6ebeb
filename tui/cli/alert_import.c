#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/alert.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/await.h"
#include "model/alert_json.h"

#define IMPORT_MAX ((size_t)64 << 20)

/* Everything that one import brings, checked before the first is written. */
struct import {
    struct alert *alerts;
    struct await *answers;
    size_t count;
};

static void import_free(struct import *im)
{
    for (size_t i = 0; i < im->count; i++)
        alert_free(&im->alerts[i]);
    free(im->alerts);
    free(im->answers);
}

static bool check_scopes(struct cli *cli, const struct alert *a, struct err *err)
{
    for (size_t i = 0; i < a->trigger_count; i++) {
        const struct alert_trigger *t = &a->triggers[i];
        for (size_t j = 0; j < t->project_count; j++) {
            struct project p = {0};
            struct err why = {0};
            if (!store_project_get(cli->reader, cli->workspace, t->projects[j], NULL, &p,
                                   &why))
                return err_set(err, why.code, "project %s: %s", t->projects[j], why.text);
            project_free(&p);
        }
    }
    return true;
}

static bool read_one(struct cli *cli, struct span text, struct alert *a, struct err *err)
{
    struct alert stored;
    struct err why = {0};
    if (!alert_from_json(text, a, err))
        return false;
    if (!alert_set(&a->workspace, cli->workspace))
        return err_memory(err);
    bool known = a->id[0] && cli_alert_get(cli, a->id, &stored, &why);
    if (a->id[0] && !known && why.code != ERR_NOT_FOUND)
        return err_set(err, why.code, "%s", why.text);
    a->revision = known ? stored.revision : 0;
    bool done = alert_keep_masked(a, known ? &stored : NULL, err);
    if (known)
        alert_free(&stored);
    return done && check_scopes(cli, a, err);
}

static bool read_item(struct cli *cli, struct import *im, struct span text)
{
    struct err err = {0};
    char name[32];
    struct alert *a = &im->alerts[im->count++];
    snprintf(name, sizeof name, "alert %zu", im->count);
    alert_init(a);
    if (!read_one(cli, text, a, &err)) {
        out_error("%s: %s", name, err.text);
        return false;
    }
    for (size_t i = 0; a->id[0] && i + 1 < im->count; i++) {
        if (strcmp(im->alerts[i].id, a->id) == 0) {
            out_error("%s: has the same id as alert %zu", name, i + 1);
            return false;
        }
    }
    return cli_alert_checked(a, name);
}

static bool read_all(struct cli *cli, struct import *im, struct js_value root)
{
    bool fine = true, array = root.type == JS_ARRAY;
    size_t count = array ? js_count(root) : 1;
    struct js_iter it;
    struct js_item item = {.value = root};
    im->alerts = calloc(count + 1, sizeof *im->alerts);
    im->answers = calloc(count + 1, sizeof *im->answers);
    if (!im->alerts || !im->answers) {
        out_error("out of memory");
        return false;
    }
    if (!array)
        return read_item(cli, im, root.text);
    js_iter(&it, root);
    while (im->count < count && js_next(&it, &item))
        fine = read_item(cli, im, item.value.text) && fine;
    return fine;
}

static void print_ids(const struct import *im)
{
    struct out_array array;
    out_array_begin(&array);
    for (size_t i = 0; i < im->count; i++) {
        char json[UUID_SIZE + 16];
        snprintf(json, sizeof json, "{\"id\":\"%s\"}", im->answers[i].id);
        if (im->answers[i].err.code == ERR_NONE)
            out_array_item(&array, span_of(json));
    }
    out_array_end(&array);
}

/* All steps are asked for before the first is waited for, so they are committed together.
 */
static int write_all(struct cli *cli, struct import *im)
{
    int status = EXIT_DONE;
    for (size_t i = 0; i < im->count; i++) {
        await_init(&im->answers[i], AWAIT_ALERT);
        store_alert_put(cli->store, &im->alerts[i], STORE_PUT, cli->user, await_done,
                        &im->answers[i]);
    }
    for (size_t i = 0; i < im->count; i++) {
        struct err err = {0};
        if (!await_answer(&im->answers[i], &err)) {
            out_error("alert %zu: %s", i + 1, err.text);
            status = EXIT_FAILED;
        } else if (!cli->call->json) {
            out_line("%s", im->answers[i].id);
        }
    }
    if (cli->call->json)
        print_ids(im);
    return status;
}

int cli_alert_import(struct cli *cli)
{
    struct buf text;
    struct js_value root;
    struct import im = {0};
    struct err err = {0};
    int status = EXIT_FAILED;
    buf_init(&text, IMPORT_MAX);
    if (!input_read(cli->args[0], &text, &err) || !js_parse(buf_span(&text), &root, &err))
        cli_fail(&err);
    else if (root.type != JS_ARRAY && root.type != JS_OBJECT)
        out_error("%s: must be an array of alerts", cli->args[0]);
    else if (!read_all(cli, &im, root))
        out_error("nothing was imported");
    else
        status = write_all(cli, &im);
    import_free(&im);
    buf_wipe(&text);
    return status;
}
