#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/alert.h"
#include "cli/out.h"
#include "diagnosis.h"
#include "tester.h"

enum { SAID_COLUMNS = 200, SAID_SIZE = 4 * SAID_COLUMNS + 1 };

static void wake(void *arg)
{
    uint64_t one = 1;
    if (write(*(int *)arg, &one, sizeof one) < 0)
        perror("opik-alerts");
}

/* The error, or what the receiver said instead of taking it; then what to look at. */
static void add_failure(const struct outcome *o, const char *said, const char *advice,
                        struct buf *json)
{
    char words[SAID_SIZE + 40];
    snprintf(words, sizeof words, "answered %d%s%s", o->status, *said ? ": " : "", said);
    buf_add_text(json, ",\"error_message\":");
    js_append_string(json, span_of(o->kind == OUTCOME_RESPONSE ? words : o->error));
    if (!advice)
        return;
    buf_add_text(json, ",\"advice\":");
    js_append_string(json, span_of(advice));
}

static void print_json(const struct outcome *o, const struct alert *a, const char *body,
                       bool success)
{
    char said[SAID_SIZE];
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(
        &json,
        "{\"alert_id\":\"%s\",\"status\":\"%s\",\"status_code\":%d,\"latency_ms\":%lld",
        a->id, success ? "success" : "failure", o->status, (long long)(o->total_us / 1000));
    buf_add_text(&json, ",\"request_body\":");
    js_append_string(&json, span_of(body));
    if (!success) {
        diagnosis_said(o, SAID_COLUMNS, said, sizeof said);
        add_failure(o, said, diagnosis_advice(o, a->destination), &json);
    }
    buf_add_char(&json, '}');
    out_json(buf_span(&json), true);
    buf_free(&json);
}

static void print_words(const struct cli *cli, const struct outcome *o,
                        const struct alert *a, const char *words, bool success)
{
    char said[SAID_SIZE] = "";
    bool many = cli->arg_count > 1;
    const char *advice = success ? NULL : diagnosis_advice(o, a->destination);
    if (!success)
        diagnosis_said(o, SAID_COLUMNS, said, sizeof said);
    out_line("%s%s%s%s%s", many ? a->id : "", many ? "  " : "", words, said[0] ? ": " : "",
             said);
    if (advice)
        out_error("%s", advice);
}

static int report(struct cli *cli, const struct alert *a, struct tester *tester)
{
    char words[320];
    const struct outcome *o = tester_outcome(tester);
    bool success = tester_words(o, words, sizeof words);
    if (cli->call->json)
        print_json(o, a, tester_body(tester), success);
    else
        print_words(cli, o, a, words, success);
    return success ? EXIT_DONE : EXIT_FAILED;
}

static int test_alert(struct cli *cli, const struct alert *a)
{
    struct err err = {0};
    enum event_type type = a->trigger_count ? a->triggers[0].type : EVENT_TRACE_ERRORS;
    int fd = eventfd(0, EFD_CLOEXEC);
    struct tester *tester = NULL;
    if (fd < 0)
        err_set(&err, ERR_IO, "eventfd: no descriptor");
    else
        tester =
            tester_start(a, type, (struct span){0}, cli->settings, cli->clock, wake, &fd, &err);
    int status = EXIT_FAILED;
    if (tester) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        while (!tester_outcome(tester))
            poll(&p, 1, -1);
        status = report(cli, a, tester);
        tester_free(&tester);
    } else {
        cli_fail(&err);
    }
    if (fd >= 0)
        close(fd);
    return status;
}

static int test_one(struct cli *cli, const char *id)
{
    struct alert a;
    struct err err = {0};
    if (!cli_alert_get(cli, id, &a, &err))
        return cli_fail(&err);
    if (alert_is_insecure(&a))
        out_error("INSECURE: nobody verifies who answers");
    int status = test_alert(cli, &a);
    alert_free(&a);
    return status;
}

int cli_alert_test(struct cli *cli)
{
    return cli_each(cli, test_one, false);
}
