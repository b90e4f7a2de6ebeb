#include "base/json.h"
#include "base/timefmt.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/verdict.h"
#include "store/activity.h"

#define SHOWN 10000

static void print_verdict(void *arg, const struct activity_verdict *v)
{
    char words[MATCH_WORDS_SIZE];
    (void)arg;
    verdict_words(v->verdict, v->until, words);
    out_line("  %-3s %s %s: %s", match_takes(v->verdict) ? "yes" : "no", v->alert_id,
             v->alert_name, words);
}

static void print_words(const struct activity_row *r)
{
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(r->at, at);
    out_line("%s  %s%s%s  %lld of %lld alerts", at, event_type_name(r->type),
             r->project ? "  " : "", r->project ? r->project : "", (long long)r->matched,
             (long long)r->considered);
    activity_each_verdict(r, print_verdict, NULL);
    if (r->passed_over)
        out_line("  (%lld events before it are not kept)", (long long)r->passed_over);
}

static void add_verdict(void *arg, const struct activity_verdict *v)
{
    struct buf *json = arg;
    buf_add_format(json, "%s{\"alert_id\":\"%s\",\"alert_name\":",
                   json->data[json->len - 1] == '[' ? "" : ",", v->alert_id);
    js_append_string(json, span_of(v->alert_name));
    buf_add_format(
        json, ",\"matches\":%s,\"reason\":", match_takes(v->verdict) ? "true" : "false");
    verdict_json(v->verdict, v->until, json);
    buf_add_char(json, '}');
}

static bool add_row(const void *rows, size_t i, struct buf *json)
{
    const struct activity_row *r = &((const struct activity_rows *)rows)->items[i];
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(r->at, at);
    buf_add_format(json, "{\"at\":\"%s\",\"event_type\":\"%s\"", at, event_type_name(r->type));
    if (r->project) {
        buf_add_text(json, ",\"project_name\":");
        js_append_string(json, span_of(r->project));
    }
    buf_add_format(json, ",\"matched\":%lld,\"considered\":%lld,\"not_kept_before\":%lld",
                   (long long)r->matched, (long long)r->considered,
                   (long long)r->passed_over);
    if (!buf_add_text(json, ",\"alerts\":["))
        return false;
    activity_each_verdict(r, add_verdict, json);
    return buf_add_text(json, "]}");
}

int cli_activity(struct cli *cli)
{
    struct activity_rows rows;
    struct err err = {0};
    bool done = true;
    if (!store_activity_list(cli->reader, cli->workspace, INT64_MAX, SHOWN, &rows, &err))
        return cli_fail(&err);
    if (cli->call->json)
        done = out_array_of(rows.count, add_row, &rows, &err);
    else if (rows.count == 0)
        out_error("no event in workspace %s", cli->workspace);
    for (size_t i = 0; !cli->call->json && i < rows.count; i++)
        print_words(&rows.items[i]);
    activity_rows_free(&rows);
    return done ? EXIT_DONE : cli_fail(&err);
}
