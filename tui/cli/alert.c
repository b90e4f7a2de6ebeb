#include "cli/alert.h"
#include "cli/alert_secrets.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/timefmt.h"
#include "cli/await.h"
#include "cli/out.h"
#include "filters.h"
#include "model/alert_json.h"
#include "model/condition_text.h"
#include "rules/threshold.h"
#include "scope_names.h"
#include "send/signing.h"
#include "store/alerts.h"
#include "store/audit.h"
#include "store/projects.h"

#define MAX_PROBLEMS 16

bool cli_alert_get(struct cli *cli, const char *id, struct alert *out, struct err *err)
{
    char canonical[UUID_SIZE];
    alert_init(out);
    if (!uuid_read(span_of(id), canonical))
        return err_set(err, ERR_INVALID, "%s: is no id", id);
    struct err why = {0};
    if (store_alert_get(cli->reader, cli->workspace, canonical, out, &why))
        return true;
    if (why.code == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND, "%s: no such alert in workspace %s", canonical,
                       cli->workspace);
    return err_set(err, why.code, "%s", why.text);
}

bool cli_alert_complete(struct cli *cli, struct alert *next, const struct alert *stored,
                        struct err *err)
{
    return alert_keep_masked(next, stored, err) &&
           (signing_settle(next, stored, clock_wall_ms(cli->clock)) || err_memory(err));
}

bool cli_alert_checked(const struct alert *a, const char *name)
{
    struct alert_problem problems[MAX_PROBLEMS];
    size_t count = alert_check(a, false, problems, MAX_PROBLEMS);
    bool fine = true;
    for (size_t i = 0; i < count && i < MAX_PROBLEMS; i++) {
        if (problems[i].field == ALERT_FIELD_TRIGGERS)
            continue; /* a file is what the API takes, and that takes an alert without any */
        out_error("%s: %s", name, problems[i].text);
        fine = false;
    }
    return fine;
}

/* ---------------------------------------------------------------- list */

static void triggers_text(const struct alert_row *row, struct buf *out)
{
    for (int t = 0; t < EVENT_TYPE_COUNT; t++)
        if (row->triggers & (1u << t))
            buf_add_format(out, "%s%s%s", out->len ? " " : "",
                           event_type_name((enum event_type)t),
                           row->scoped & (1u << t) ? "*" : "");
}

static void list_row(struct out_table *t, const struct alert_row *row)
{
    struct buf triggers;
    buf_init(&triggers, BUF_UNLIMITED);
    triggers_text(row, &triggers);
    out_table_cell(t, "%s", row->id);
    out_table_cell(t, "%s", row->enabled ? "enabled" : "disabled");
    out_table_cell(t, "%s", alert_destination_name(row->destination));
    if (row->has_last && row->last_status)
        out_table_cell(t, "%s %d", delivery_state_name(row->last_state), row->last_status);
    else
        out_table_cell(t, "%s", row->has_last ? delivery_state_name(row->last_state) : "-");
    out_table_cell(t, "%s%s", row->insecure ? "INSECURE " : "", row->origin);
    out_table_cell(t, "%s", triggers.len ? buf_text(&triggers) : "-");
    out_table_cell(t, "%s", row->name);
    buf_free(&triggers);
}

static void list_for_people(const struct alert_rows *rows)
{
    static const char *const heads[] = {"ID",       "STATE",    "DESTINATION", "LAST",
                                        "ENDPOINT", "TRIGGERS", "NAME"};
    size_t columns = sizeof heads / sizeof *heads;
    struct out_table t;
    out_table_init(&t, columns);
    for (size_t i = 0; i < columns; i++)
        out_table_cell(&t, "%s", heads[i]);
    for (size_t i = 0; i < rows->count; i++)
        list_row(&t, &rows->items[i]);
    out_table_print(&t);
}

/* Secrets that leave, sealed or not, are told of before the first one does. */
static bool tell_export(struct cli *cli, const struct alert *a, struct err *err)
{
    const struct audit_entry entry = {.action = action_info(ACTION_CLI_ALERT_EXPORT)->name,
                                      .object = a->id,
                                      .name = a->name,
                                      .workspace = a->workspace,
                                      .detail = "with its secrets, sealed"};
    struct await answer;
    await_init(&answer, AWAIT_COUNT);
    store_audit(cli->store, &entry, cli->user, await_done, &answer);
    return await_answer(&answer, err);
}

/* An alert that goes meanwhile is left out. box: seals its secrets; NULL: they are masked.
 * exported: with the names of its projects. */
static bool array_item(struct cli *cli, struct out_array *array, const char *id,
                       bool exported, struct passbox *box, struct err *err)
{
    struct alert a;
    struct buf json;
    struct err why = {0};
    if (!cli_alert_get(cli, id, &a, &why))
        return why.code == ERR_NOT_FOUND || err_set(err, why.code, "%s", why.text);
    buf_init(&json, BUF_UNLIMITED);
    bool done = !box || (tell_export(cli, &a, err) && alert_secrets_seal_all(box, &a, err));
    done = done && (alert_to_json(&a, box ? ALERT_JSON_PLAIN : ALERT_JSON_HIDDEN, &json) ||
                    err_memory(err));
    done = done && (!exported || scope_names_add(cli->reader, &a, &json, err));
    if (done)
        out_array_item(array, buf_span(&json));
    buf_free(&json);
    alert_free(&a);
    return done;
}

static int print_array(struct cli *cli, const struct alert_rows *rows, bool exported,
                       struct passbox *box)
{
    struct out_array array;
    struct err err = {0};
    bool done = true;
    out_array_begin(&array);
    for (size_t i = 0; done && i < rows->count; i++)
        done = array_item(cli, &array, rows->items[i].id, exported, box, &err);
    out_array_end(&array);
    return done ? EXIT_DONE : cli_fail(&err);
}

int cli_alert_list(struct cli *cli)
{
    struct alert_rows rows = {0};
    struct err err = {0};
    int status = EXIT_DONE;
    struct filter filter;
    if (!filter_parse(&filter, filters_alert, filters_alert_count, span_of(cli->call->filter),
                      &err))
        return cli_fail_argument(&err);
    if (!store_alert_list(cli->reader, cli->workspace, &rows, &err))
        return cli_fail(&err);
    filters_keep_alerts(&filter, &rows, clock_wall_ms(cli->clock));
    if (cli->call->json)
        status = print_array(cli, &rows, false, NULL);
    else if (rows.count > 0)
        list_for_people(&rows);
    else if (filter.count > 0)
        out_error("no alert passes the filter");
    else
        out_error("no alert in workspace %s", cli->workspace);
    alert_rows_free(&rows);
    return status;
}

/* ---------------------------------------------------------------- show */

static void show_field(const char *name, const char *value)
{
    out_line("%-12s %s", name, value ? value : "-");
}

static void show_time(const char *name, int64_t at, const char *user)
{
    char iso[TIMEFMT_ISO_SIZE];
    timefmt_iso(at, iso);
    out_line("%-12s %s%s%s", name, iso, user ? " by " : "", user ? user : "");
}

static void show_headers(const struct alert *a)
{
    for (size_t i = 0; i < a->header_count; i++) {
        struct buf mask;
        buf_init(&mask, BUF_UNLIMITED);
        alert_mask(a->headers[i].value, &mask);
        out_line("%-12s %s: %s", "header", a->headers[i].name, buf_text(&mask));
        buf_free(&mask);
    }
}

static void show_set(const char *name, const char *value)
{
    if (value)
        show_field(name, value);
}

/* How it proves who it is and whom it believes; secrets only by being there. */
static void show_trust(const struct alert *a)
{
    if (alert_is_insecure(a))
        show_field("INSECURE", "certificates are not verified: whoever answers gets the token");
    show_set("CA file", alert_metadata(a, ALERT_TLS_CA));
    show_set("client cert", alert_metadata(a, ALERT_TLS_CERT));
    show_set("client key", alert_metadata(a, ALERT_TLS_KEY));
    show_field("signature", alert_metadata(a, ALERT_SIGNING_SECRET) ? "webhook-signature" : "none");
    if (alert_metadata(a, ALERT_SIGNING_PREVIOUS))
        out_line("%-12s the previous secret signs too, until %s", "",
                 alert_metadata(a, ALERT_SIGNING_UNTIL));
}

static void show_trigger(struct cli *cli, const struct alert *a,
                         const struct alert_trigger *t)
{
    bool scoped =
        t->scoped || (a->project_id[0] && event_type_info(t->type)->observability);
    out_line("%-12s %s%s", "trigger", event_type_name(t->type), scoped ? ", only in" : "");
    for (size_t i = 0; i < t->project_count; i++) {
        struct project p = {0};
        bool known =
            store_project_get(cli->reader, cli->workspace, t->projects[i], NULL, &p, NULL);
        out_line("%-12s   %s %s", "", t->projects[i], known ? p.name : "(no such project)");
        project_free(&p);
    }
    if (!t->scoped && scoped)
        out_line("%-12s   %s", "", a->project_id);
}

/* What raises a trigger with conditions, and the value at the last look. */
static void show_conditions(struct cli *cli, const struct alert *a,
                            const struct alert_trigger *t)
{
    struct condition_rows rows = {0};
    struct alert_trigger one = {.type = t->type};
    if (!store_condition_list(cli->reader, a->id, &rows, NULL))
        return;
    for (size_t i = 0; i < t->condition_count; i++) {
        struct buf text;
        char value[THRESHOLD_TEXT_SIZE] = "";
        buf_init(&text, BUF_UNLIMITED);
        one.conditions = &t->conditions[i];
        one.condition_count = 1;
        condition_text_write(&one, &text);
        for (size_t k = 0; k < rows.count; k++)
            if (strcmp(rows.items[k].id, t->conditions[i].id) == 0 && rows.items[k].known)
                threshold_text(rows.items[k].value, value);
        out_line("%-12s   %s%s%s%s", "", buf_text(&text), *value ? " (now " : "", value,
                 *value ? ")" : "");
        buf_free(&text);
    }
    condition_rows_free(&rows);
}

static void show_for_people(struct cli *cli, const struct alert *a)
{
    char origin[300];
    alert_url_origin(a->url, origin, sizeof origin);
    show_field("id", a->id);
    show_field("name", a->name);
    show_field("workspace", a->workspace);
    show_field("state", a->enabled ? "enabled" : "disabled");
    show_field("destination", alert_destination_name(a->destination));
    show_field("endpoint", origin);
    show_field("token", a->token ? "set" : "none");
    show_headers(a);
    show_trust(a);
    for (size_t i = 0; i < a->trigger_count; i++) {
        show_trigger(cli, a, &a->triggers[i]);
        show_conditions(cli, a, &a->triggers[i]);
    }
    show_time("created", a->created_at, a->created_by);
    show_time("updated", a->updated_at, a->updated_by);
}

static int show_one(struct cli *cli, const char *id)
{
    struct alert a;
    struct err err = {0};
    struct buf json;
    if (!cli_alert_get(cli, id, &a, &err))
        return cli_fail(&err);
    buf_init(&json, BUF_UNLIMITED);
    if (!cli->call->json)
        show_for_people(cli, &a);
    else if (alert_to_json(&a, ALERT_JSON_HIDDEN, &json))
        out_json(buf_span(&json), true);
    bool failed = json.failed && err_memory(&err) == false;
    buf_free(&json);
    alert_free(&a);
    return failed ? cli_fail(&err) : EXIT_DONE;
}

int cli_alert_show(struct cli *cli)
{
    return cli_each(cli, show_one, true);
}

/* ---------------------------------------------------------------- export */

static int export_some(struct cli *cli, const char *const *ids, size_t count,
                       struct passbox *box)
{
    struct out_array array;
    struct err err = {0};
    struct alert a;
    for (size_t i = 0; i < count; i++) {
        if (!cli_alert_get(cli, ids[i], &a, &err))
            return cli_fail(&err);
        alert_free(&a);
    }
    bool done = true;
    out_array_begin(&array);
    for (size_t i = 0; done && i < count; i++)
        done = array_item(cli, &array, ids[i], true, box, &err);
    out_array_end(&array);
    return done ? EXIT_DONE : cli_fail(&err);
}

static int export_all(struct cli *cli, struct passbox *box)
{
    struct alert_rows rows = {0};
    struct err err = {0};
    if (!store_alert_list(cli->reader, cli->workspace, &rows, &err))
        return cli_fail(&err);
    int status = print_array(cli, &rows, true, box);
    alert_rows_free(&rows);
    return status;
}

static int export(struct cli *cli, struct passbox *box)
{
    if (cli->arg_count == 0)
        return export_all(cli, box);
    size_t count;
    const char **ids = cli_ids(cli, &count);
    if (!ids)
        return EXIT_CALL;
    int status = export_some(cli, ids, count, box);
    free(ids);
    return status;
}

int cli_alert_export(struct cli *cli)
{
    struct err err = {0};
    struct passbox *box = NULL;
    if (cli->call->secrets && !(box = alert_secrets_box(cli->call->secrets, &err)))
        return cli_fail(&err);
    int status = export(cli, box);
    passbox_free(&box);
    return status;
}
