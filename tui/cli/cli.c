#include "cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/out.h"
#include "store/datadir.h"
#include "tuning.h"

enum need { NEEDS_STORE = 1, NEEDS_SIGNALS = 2 };

static const struct verb {
    enum action action;
    int (*run)(struct cli *cli);
    unsigned needs;
} verbs[] = {
    {ACTION_CLI_SERVE, cli_serve, NEEDS_STORE | NEEDS_SIGNALS},
    {ACTION_CLI_ALERT_LIST, cli_alert_list, NEEDS_STORE},
    {ACTION_CLI_ALERT_SHOW, cli_alert_show, NEEDS_STORE},
    {ACTION_CLI_ALERT_CREATE, cli_alert_create, NEEDS_STORE},
    {ACTION_CLI_ALERT_UPDATE, cli_alert_update, NEEDS_STORE},
    {ACTION_CLI_ALERT_ENABLE, cli_alert_enable, NEEDS_STORE},
    {ACTION_CLI_ALERT_DISABLE, cli_alert_disable, NEEDS_STORE},
    {ACTION_CLI_ALERT_DELETE, cli_alert_delete, NEEDS_STORE},
    {ACTION_CLI_ALERT_TEST, cli_alert_test, NEEDS_STORE},
    {ACTION_CLI_ALERT_EXPORT, cli_alert_export, NEEDS_STORE},
    {ACTION_CLI_ALERT_IMPORT, cli_alert_import, NEEDS_STORE},
    {ACTION_CLI_DELIVERY_LIST, cli_delivery_list, NEEDS_STORE},
    {ACTION_CLI_DELIVERY_SHOW, cli_delivery_show, NEEDS_STORE},
    {ACTION_CLI_DELIVERY_REPLAY, cli_delivery_replay, NEEDS_STORE},
    {ACTION_CLI_LOG, cli_log, NEEDS_STORE},
    {ACTION_CLI_BUCKET_LIST, cli_bucket_list, NEEDS_STORE},
    {ACTION_CLI_BUCKET_SEND, cli_bucket_send, NEEDS_STORE},
    {ACTION_CLI_SILENCE_LIST, cli_silence_list, NEEDS_STORE},
    {ACTION_CLI_SILENCE_ADD, cli_silence_add, NEEDS_STORE},
    {ACTION_CLI_SILENCE_END, cli_silence_end, NEEDS_STORE},
    {ACTION_CLI_ACTIVITY, cli_activity, NEEDS_STORE},
    {ACTION_CLI_AUDIT, cli_audit, NEEDS_STORE},
    {ACTION_CLI_EXPLAIN, cli_explain, NEEDS_STORE},
    {ACTION_CLI_SEND, cli_send, 0},
    {ACTION_CLI_DEMO, cli_demo, NEEDS_SIGNALS},
    {ACTION_CLI_CONFIG, cli_config, 0},
    {ACTION_CLI_DOCTOR, cli_doctor, NEEDS_STORE},
    {ACTION_CLI_REKEY, cli_rekey, NEEDS_STORE},
    {ACTION_CLI_COMPLETION, cli_completion, 0},
    {ACTION_CLI_MAN, cli_man, 0},
};

int cli_fail(const struct err *err)
{
    out_error("%s", err->text);
    return EXIT_FAILED;
}

int cli_fail_argument(const struct err *err)
{
    cli_fail(err);
    return err->code == ERR_INVALID ? EXIT_CALL : EXIT_FAILED;
}

bool cli_open(struct cli *cli, const char *dir, struct err *err)
{
    struct store_options options = {
        .dir = dir,
        .read_only = cli->call->read_only,
        .clock = cli->clock,
        .limits = tuning_limits(cli->settings),
        .actor = cli->actor,
    };
    if (!datadir_prepare(dir, options.read_only, err))
        return false;
    cli->store = store_open(&options, err);
    if (!cli->store)
        return false;
    cli->reader = store_reader_open(cli->store, err);
    if (!cli->reader)
        store_close(&cli->store);
    return cli->reader != NULL;
}

void cli_close(struct cli *cli)
{
    if (cli->reader)
        store_reader_close(&cli->reader);
    if (cli->store)
        store_close(&cli->store);
}

size_t cli_once(const char **texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(texts[i], text) == 0)
            return count;
    texts[count] = text;
    return count + 1;
}

const char **cli_ids(const struct cli *cli, size_t *count)
{
    const char **ids = calloc(cli->arg_count + 1, sizeof *ids + UUID_SIZE);
    char(*texts)[UUID_SIZE] = ids ? (void *)(ids + cli->arg_count + 1) : NULL;
    *count = 0;
    if (!ids)
        out_error("out of memory");
    for (size_t i = 0; ids && i < cli->arg_count; i++) {
        if (!uuid_read(span_of(cli->args[i]), texts[*count])) {
            out_error("%s: is no id", cli->args[i]);
            free(ids);
            *count = 0;
            return NULL;
        }
        *count = cli_once(ids, *count, texts[*count]);
    }
    return ids;
}

int cli_each(struct cli *cli, int (*one)(struct cli *cli, const char *id), bool apart)
{
    size_t count;
    const char **ids = cli_ids(cli, &count);
    int status = ids ? EXIT_DONE : EXIT_CALL;
    for (size_t i = 0; i < count; i++) {
        if (i && apart && !cli->call->json)
            out_line("%s", "");
        if (one(cli, ids[i]) != EXIT_DONE)
            status = EXIT_FAILED;
    }
    free(ids);
    return status;
}

struct told {
    const char *key;
    const char *const *values;
};

static bool add_told(const void *told, size_t i, struct buf *json)
{
    const struct told *t = told;
    buf_add_format(json, "{\"%s\":", t->key);
    js_append_string(json, span_of(t->values[i]));
    return buf_add_char(json, '}');
}

int cli_tell(const struct cli *cli, const char *key, const char *const *values,
             size_t count)
{
    const struct told told = {key, values};
    struct err err = {0};
    bool done = !cli->call->json || out_array_of(count, add_told, &told, &err);
    return done ? EXIT_DONE : cli_fail(&err);
}

/* Before any thread is there, so that all threads have them blocked. */
static bool watch_signals(struct cli *cli, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    cli->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return cli->signal_fd >= 0 || err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
}

static int run_verb(const struct verb *verb, struct cli *cli)
{
    struct err err = {0};
    bool runs_on = (verb->needs & NEEDS_SIGNALS) || cli->call->follow;
    if (runs_on && !watch_signals(cli, &err))
        return cli_fail(&err);
    if ((verb->needs & NEEDS_STORE) && !cli_open(cli, cli->call->data_dir, &err))
        return cli_fail(&err);
    int status = verb->run(cli);
    cli_close(cli);
    if (cli->signal_fd >= 0)
        close(cli->signal_fd);
    return status;
}

int cli_run(enum action action, struct cli *cli)
{
    cli->signal_fd = -1;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].action != action)
            continue;
        int status = run_verb(&verbs[i], cli);
        return out_flush() || status != EXIT_DONE ? status : EXIT_FAILED;
    }
    out_error("the command is not there");
    return EXIT_FAILED;
}
