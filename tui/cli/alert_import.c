#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cli/alert.h"
#include "cli/alert_scopes.h"
#include "cli/alert_secrets.h"
#include "cli/await.h"
#include "cli/input.h"
#include "cli/out.h"
#include "model/alert_json.h"
#include "store/alerts.h"

#define IMPORT_MAX ((size_t)64 << 20)

/* Everything that one import brings, checked before the first is written. */
struct import {
    struct alert *alerts;
    struct passbox *box; /* opens sealed secrets; NULL: no passphrase was given */
    struct alert_scopes scopes;
    size_t count;
};

static void import_free(struct import *im)
{
    for (size_t i = 0; i < im->count; i++)
        alert_free(&im->alerts[i]);
    free(im->alerts);
    alert_scopes_free(&im->scopes);
    passbox_free(&im->box);
}

/* What the alert replaces. *known false: nothing. */
static bool read_stored(struct cli *cli, const struct alert *a, bool *known,
                        struct alert *stored, struct err *err)
{
    struct err why = {0};
    *known = a->id[0] && store_alert_get(cli->reader, NULL, a->id, stored, &why);
    if (!*known)
        return !a->id[0] || why.code == ERR_NOT_FOUND ||
               err_set(err, why.code, "%s", why.text);
    if (strcmp(stored->workspace, cli->workspace) == 0)
        return true;
    err_set(err, ERR_CONFLICT, "an alert of workspace %s has this id", stored->workspace);
    alert_free(stored);
    return false;
}

static bool read_one(struct cli *cli, struct import *im, struct js_value file,
                     struct alert *a, struct err *err)
{
    struct alert stored;
    bool known;
    if (!alert_from_json(file.text, a, err) || !alert_secrets_resolve(im->box, a, err))
        return false;
    if (!alert_set(&a->workspace, cli->workspace))
        return err_memory(err);
    if (!read_stored(cli, a, &known, &stored, err))
        return false;
    a->revision = known ? stored.revision : 0;
    bool done = cli_alert_complete(cli, a, known ? &stored : NULL, err);
    if (known)
        alert_free(&stored);
    return done && alert_scopes_resolve(&im->scopes, cli, file, a, err);
}

static bool read_item(struct cli *cli, struct import *im, struct js_value item)
{
    struct err err = {0};
    char name[32];
    struct alert *a = &im->alerts[im->count++];
    snprintf(name, sizeof name, "alert %zu", im->count);
    alert_init(a);
    if (item.type != JS_OBJECT)
        err_set(&err, ERR_INVALID, "must be an object");
    if (err.code != ERR_NONE || !read_one(cli, im, item, a, &err)) {
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
    if (!im->alerts) {
        out_error("out of memory");
        return false;
    }
    if (!array)
        return read_item(cli, im, root);
    js_iter(&it, root);
    while (im->count < count && js_next(&it, &item))
        fine = read_item(cli, im, item.value) && fine;
    return fine;
}

/* Every alert has its id before it is written, so that all of them can be told. */
static void give_ids(struct cli *cli, struct import *im)
{
    for (size_t i = 0; i < im->count; i++)
        if (!im->alerts[i].id[0])
            uuid_v7(im->alerts[i].id, clock_wall_ms(cli->clock));
}

static int print_ids(struct cli *cli, const struct import *im)
{
    const char **ids = calloc(im->count + 1, sizeof *ids);
    struct err err = {0};
    if (!ids) {
        err_memory(&err);
        return cli_fail(&err);
    }
    for (size_t i = 0; i < im->count; i++)
        ids[i] = im->alerts[i].id;
    for (size_t i = 0; !cli->call->json && i < im->count; i++)
        out_line("%s", ids[i]);
    int status = cli_tell(cli, "id", ids, im->count);
    free(ids);
    return status;
}

static int write_all(struct cli *cli, struct import *im)
{
    struct await answer;
    struct err err = {0};
    if (im->count == 0)
        return print_ids(cli, im);
    give_ids(cli, im);
    if (!alert_scopes_make(&im->scopes, cli, im->alerts, im->count, &err))
        return cli_fail(&err);
    await_init(&answer, AWAIT_ALERT);
    store_alert_put_all(cli->store, im->alerts, im->count, STORE_PUT, cli->user, await_done,
                        &answer);
    if (!await_answer(&answer, &err))
        return cli_fail(&err);
    return print_ids(cli, im);
}

/* ------------------------------------------------------------------ dry run */

static const char *what_happens(struct cli *cli, const struct alert *a)
{
    struct alert stored;
    if (!a->id[0] || !cli_alert_get(cli, a->id, &stored, NULL))
        return "create";
    bool same = alert_same_content(a, &stored);
    alert_free(&stored);
    return same ? "keep" : "replace";
}

static void tell_one(struct out_array *array, const struct alert *a, const char *what)
{
    struct buf json;
    if (!array) {
        out_line("%-8s %-36s %s", what, a->id[0] ? a->id : "(a new id)", a->name);
        return;
    }
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(&json, "{\"action\":\"%s\",\"id\":", what);
    if (a->id[0])
        js_append_string(&json, span_of(a->id));
    else
        buf_add_text(&json, "null");
    buf_add_text(&json, ",\"name\":");
    js_append_string(&json, span_of(a->name));
    buf_add_char(&json, '}');
    out_array_item(array, buf_span(&json));
    buf_free(&json);
}

static int tell_all(struct cli *cli, const struct import *im)
{
    struct out_array array;
    if (cli->call->json)
        out_array_begin(&array);
    for (size_t i = 0; i < im->count; i++)
        tell_one(cli->call->json ? &array : NULL, &im->alerts[i],
                 what_happens(cli, &im->alerts[i]));
    if (cli->call->json)
        out_array_end(&array);
    return EXIT_DONE;
}

/* ------------------------------------------------------------------ the verb */

int cli_alert_import(struct cli *cli)
{
    struct buf text;
    struct js_value root;
    struct import im = {0};
    struct err err = {0};
    int status = EXIT_FAILED;
    const char *name = input_name(cli->args[0]);
    buf_init_secret(&text, IMPORT_MAX);
    if ((cli->call->secrets && !(im.box = alert_secrets_box(cli->call->secrets, &err))) ||
        !input_read(cli->args[0], &text, &err))
        cli_fail(&err);
    else if (!js_parse(buf_span(&text), &root, &err))
        out_error("%s: %s", name, err.text);
    else if (root.type != JS_ARRAY && root.type != JS_OBJECT)
        out_error("%s: must be an array of alerts", name);
    else if (!read_all(cli, &im, root))
        out_error("nothing was imported");
    else
        status = cli->call->dry_run ? tell_all(cli, &im) : write_all(cli, &im);
    import_free(&im);
    buf_free(&text);
    return status;
}
