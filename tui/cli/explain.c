#include <stdlib.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/verdict.h"
#include "store/alerts.h"
#include "store/projects.h"
#include "store/silences.h"

#define EVENTS_MAX ((size_t)256 << 20)
#define NO_PROJECT "00000000-0000-0000-0000-000000000000" /* one that no scope can name */

/* What events are held against. */
struct known {
    struct alerts alerts;
    struct silences silences;
};

struct verdict {
    struct event_ref ref;
    size_t line;
    struct buf project;
    char project_id[UUID_SIZE];
};

/* As the intake finds it: an empty name is none. One never seen would make a new project,
 * which only alerts without a scope want. */
static bool find_project(struct cli *cli, const struct event_line *e, struct verdict *v,
                         struct err *err)
{
    struct project p = {0};
    struct err why = {0};
    if (js_is_set(e->project_name) && !js_string(e->project_name, &v->project))
        return err_set(err, ERR_INVALID, "project_name is longer than %d bytes",
                       PROJECT_NAME_MAX);
    if (v->project.len == 0 && !buf_add_text(&v->project, PROJECT_DEFAULT_NAME))
        return err_memory(err);
    if (memchr(buf_text(&v->project), 0, v->project.len))
        return err_set(err, ERR_INVALID, "project_name holds a zero byte");
    memcpy(v->project_id, NO_PROJECT, UUID_SIZE);
    if (store_project_get(cli->reader, cli->workspace, NULL, buf_text(&v->project), &p,
                          &why))
        memcpy(v->project_id, p.id, UUID_SIZE);
    else if (why.code != ERR_NOT_FOUND)
        return err_set(err, why.code, "%s", why.text);
    project_free(&p);
    return true;
}

static void print_words(const struct verdict *v, const struct known *known)
{
    const char *type = event_type_name(v->ref.type);
    if (v->ref.project_id)
        out_line("line %zu: %s in %s", v->line, type, buf_text(&v->project));
    else
        out_line("line %zu: %s", v->line, type);
    for (size_t i = 0; i < known->alerts.count; i++) {
        const struct alert *a = &known->alerts.items[i];
        int64_t until;
        enum match_verdict m = silences_judge(&known->silences, a, &v->ref, &until);
        char words[MATCH_WORDS_SIZE];
        verdict_words(m, until, words);
        out_line("  %-3s %s %s: %s", match_takes(m) ? "yes" : "no", a->id, a->name, words);
    }
    if (known->alerts.count == 0)
        out_line("  no: there are no alerts");
}

static bool print_json(const struct verdict *v, const struct known *known)
{
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(&json, "{\"line\":%zu,\"event_type\":\"%s\"", v->line,
                   event_type_name(v->ref.type));
    if (v->ref.project_id) {
        buf_add_text(&json, ",\"project_name\":");
        js_append_string(&json, buf_span(&v->project));
    }
    buf_add_text(&json, ",\"alerts\":[");
    for (size_t i = 0; i < known->alerts.count; i++) {
        const struct alert *a = &known->alerts.items[i];
        int64_t until;
        enum match_verdict m = silences_judge(&known->silences, a, &v->ref, &until);
        buf_add_format(&json, "%s{\"alert_id\":\"%s\",\"alert_name\":", i ? "," : "",
                       a->id);
        js_append_string(&json, span_of(a->name));
        buf_add_format(&json,
                       ",\"matches\":%s,\"reason\":", match_takes(m) ? "true" : "false");
        verdict_json(m, until, &json);
        buf_add_char(&json, '}');
    }
    buf_add_text(&json, "]}");
    bool done = !json.failed;
    if (done)
        out_json(buf_span(&json), false);
    buf_free(&json);
    return done;
}

static bool explain_line(struct cli *cli, struct span line, size_t number,
                         const struct known *known, struct err *err)
{
    struct event_line event;
    struct verdict v = {.line = number};
    if (!event_line_read(line, &event, err))
        return false;
    bool scoped = event_type_info(event.type)->observability;
    buf_init(&v.project, PROJECT_NAME_MAX);
    v.ref = (struct event_ref){.type = event.type, .workspace = cli->workspace};
    bool done = !scoped || find_project(cli, &event, &v, err);
    if (done && scoped)
        v.ref.project_id = v.project_id;
    if (done && !cli->call->json)
        print_words(&v, known);
    else if (done && !print_json(&v, known))
        done = err_memory(err);
    buf_free(&v.project);
    return done;
}

static int explain_all(struct cli *cli, struct span text, const struct known *known)
{
    struct span line;
    size_t number = 0;
    int status = EXIT_DONE;
    while (input_line(&text, &line, &number)) {
        struct err err = {0};
        if (explain_line(cli, line, number, known, &err))
            continue;
        out_error("line %zu: %s", number, err.text);
        status = EXIT_FAILED;
    }
    return status;
}

int cli_explain(struct cli *cli)
{
    struct known known = {0};
    struct buf text;
    struct err err = {0};
    int status = EXIT_FAILED;
    buf_init(&text, EVENTS_MAX);
    if (!input_read(cli->arg_count > 0 ? cli->args[0] : NULL, &text, &err) ||
        !store_alerts_all(cli->reader, &known.alerts, &err) ||
        !store_silence_list(cli->reader, cli->workspace, clock_wall_ms(cli->clock),
                            &known.silences, &err))
        cli_fail(&err);
    else
        status = explain_all(cli, buf_span(&text), &known);
    alerts_free(&known.alerts);
    silences_free(&known.silences);
    buf_free(&text);
    return status;
}
