#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/alert.h"
#include "cli/out.h"
#include "tester.h"

static void wake(void *arg)
{
    uint64_t one = 1;
    if (write(*(int *)arg, &one, sizeof one) < 0)
        perror("opik-alerts");
}

static void print_json(const struct outcome *o, const char *id, const char *body,
                       bool success)
{
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(
        &json,
        "{\"alert_id\":\"%s\",\"status\":\"%s\",\"status_code\":%d,\"latency_ms\":%lld", id,
        success ? "success" : "failure", o->status, (long long)(o->total_us / 1000));
    buf_add_text(&json, ",\"request_body\":");
    js_append_string(&json, span_of(body));
    if (o->error[0]) {
        buf_add_text(&json, ",\"error_message\":");
        js_append_string(&json, span_of(o->error));
    }
    buf_add_char(&json, '}');
    out_json(buf_span(&json), true);
    buf_free(&json);
}

static int report(struct cli *cli, const char *id, struct tester *tester)
{
    char words[320];
    const struct outcome *o = tester_outcome(tester);
    bool success = tester_words(o, words, sizeof words);
    if (cli->call->json)
        print_json(o, id, tester_body(tester), success);
    else if (cli->arg_count > 1)
        out_line("%s  %s", id, words);
    else
        out_line("%s", words);
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
        tester = tester_start(a, type, (struct span){0}, cli->settings, cli->clock, wake, &fd, &err);
    int status = EXIT_FAILED;
    if (tester) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        while (!tester_outcome(tester))
            poll(&p, 1, -1);
        status = report(cli, a->id, tester);
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
