#include <stdio.h>

#include "base/json.h"
#include "base/timefmt.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "filters.h"

static void print_table(const struct audit_rows *rows)
{
    struct out_table table;
    static const char *const heads[] = {"TIME", "USER", "HOST",   "VIA",
                                        "FROM", "ACTION", "OBJECT", "DETAIL"};
    out_table_init(&table, 8);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        out_table_cell(&table, "%s", heads[i]);
    for (size_t i = 0; i < rows->count; i++) {
        const struct audit_row *r = &rows->items[i];
        char at[TIMEFMT_ISO_SIZE];
        timefmt_iso(r->at, at);
        out_table_cell(&table, "%s", at);
        out_table_cell(&table, "%s", r->user);
        out_table_cell(&table, "%s", r->host);
        out_table_cell(&table, "%s", r->via);
        out_table_cell(&table, "%s", *r->place ? r->place : "-");
        out_table_cell(&table, "%s", r->action);
        out_table_cell(&table, "%s%s%s", r->object, *r->object && *r->name ? " " : "", r->name);
        out_table_cell(&table, "%s", r->detail);
    }
    out_table_print(&table);
}

static void add(struct buf *json, const char *key, const char *text)
{
    if (!*text)
        return;
    buf_add_format(json, ",\"%s\":", key);
    js_append_string(json, span_of(text));
}

static bool add_row(const void *rows, size_t i, struct buf *json)
{
    const struct audit_row *r = &((const struct audit_rows *)rows)->items[i];
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(r->at, at);
    buf_add_format(json, "{\"at\":\"%s\"", at);
    add(json, "user", r->user);
    add(json, "host", r->host);
    add(json, "via", r->via);
    add(json, "from", r->place);
    add(json, "action", r->action);
    add(json, "object_id", r->object);
    add(json, "object_name", r->name);
    add(json, "workspace", r->workspace);
    add(json, "detail", r->detail);
    return buf_add_char(json, '}');
}

/* --since=1h is the filter since:1h. */
static bool read_filter(const struct call *call, struct filter *out, struct err *err)
{
    struct buf text;
    buf_init(&text, BUF_UNLIMITED);
    if (call->filter)
        buf_add_text(&text, call->filter);
    if (call->since)
        buf_add_format(&text, " since:\"%s\"", call->since);
    bool fine = text.failed ? err_memory(err)
                            : filter_parse(out, filters_audit, filters_audit_count,
                                           buf_span(&text), err);
    buf_free(&text);
    return fine;
}

int cli_audit(struct cli *cli)
{
    struct filter filter;
    struct audit_rows rows;
    struct err err = {0};
    bool done = true;
    if (!read_filter(cli->call, &filter, &err))
        return cli_fail_argument(&err);
    if (!filters_read_audit(cli->reader, cli->workspace, &filter, clock_wall_ms(cli->clock),
                            SIZE_MAX, &rows, &err))
        return cli_fail(&err);
    if (cli->call->json)
        done = out_array_of(rows.count, add_row, &rows, &err);
    else if (rows.count == 0)
        out_error("nothing was changed%s",
                  filter.count ? " that passes the filter" : " in this workspace");
    else
        print_table(&rows);
    audit_rows_free(&rows);
    return done ? EXIT_DONE : cli_fail(&err);
}
