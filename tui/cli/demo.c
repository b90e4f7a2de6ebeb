#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/await.h"
#include "cli/demo_feed.h"
#include "cli/demo_receiver.h"
#include "cli/follow.h"
#include "cli/out.h"
#include "cli/session.h"
#include "quiet.h"
#include "store/alerts.h"

struct demo {
    struct cli *cli;
    char dir[PATH_MAX];
    struct call call; /* the person's, with a config file and settings of our own */
    const char **set;
    char config[PATH_MAX + 16];
    struct settings settings;
    struct session session;
    struct demo_receiver *receiver;
    struct host *host;
    pthread_mutex_t mutex; /* for feed, which the host's thread wakes */
    struct demo_feed *feed;
};

static const struct sample {
    const char *name, *path, *token;
    enum event_type types[2];
    size_t count;
} samples[] = {
    {"Production errors", "errors", "demo-token", {EVENT_TRACE_ERRORS}, 1},
    {"Guardrails for security", "security", NULL, {EVENT_GUARDRAILS_TRIGGERED}, 1},
    {"Prompt changes", "prompts", NULL, {EVENT_PROMPT_CREATED, EVENT_PROMPT_COMMITTED}, 2},
};

/* ---------------------------------------------------------------- directory and settings
 */

static bool make_dir(struct demo *d, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(d->dir, sizeof d->dir, "%.4000s/opik-alerts-demo-XXXXXX",
             tmp && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(d->dir))
        return true;
    err_set(err, ERR_IO, "%s: %s", d->dir, strerror(errno));
    d->dir[0] = 0;
    return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_dir(struct demo *d)
{
    if (d->dir[0] && nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        out_error("%s: could not be removed whole: %s", d->dir, strerror(errno));
}

/* The person's config file stays out of it, also when a setting is changed and all are read
 * again; and only --set is stronger than what is set here. */
static bool make_settings(struct demo *d, struct err *err)
{
    static const char *const own[] = {"intake.listen=127.0.0.1:0", "debounce.window=3s"};
    enum { OWN = sizeof own / sizeof *own };
    d->call = *d->cli->call;
    d->set = calloc(OWN + d->call.set_count, sizeof *d->set);
    if (!d->set)
        return err_memory(err);
    memcpy(d->set, own, sizeof own);
    for (size_t i = 0; i < d->call.set_count; i++)
        d->set[OWN + i] = d->call.set[i];
    d->call.set = d->set;
    d->call.set_count += OWN;
    snprintf(d->config, sizeof d->config, "%s/config.ini", d->dir);
    d->call.config = d->config;
    d->call.config_given = false;
    return config_load(&d->call, &d->settings, err);
}

/* ---------------------------------------------------------------- alerts */

static bool fill_alert(const struct demo *d, const struct sample *s, struct alert *a)
{
    char url[96];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/%s", demo_receiver_port(d->receiver),
             s->path);
    bool done = alert_set(&a->workspace, d->cli->workspace) &&
                alert_set(&a->name, s->name) && alert_set_secret(&a->url, url) &&
                alert_set_secret(&a->token, s->token);
    for (size_t i = 0; done && i < s->count; i++)
        done = alert_add_trigger(a, s->types[i]) != NULL;
    return done;
}

static bool make_alerts(struct demo *d, struct err *err)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct alert a;
        struct await answer;
        alert_init(&a);
        bool done = fill_alert(d, &samples[i], &a) || err_memory(err);
        if (done) {
            await_init(&answer, AWAIT_ALERT);
            store_alert_put(d->cli->store, &a, STORE_CREATE, d->cli->user, await_done,
                            &answer);
            done = await_answer(&answer, err);
        }
        alert_free(&a);
        if (!done)
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- running */

static void host_changed(void *arg)
{
    struct demo *d = arg;
    pthread_mutex_lock(&d->mutex);
    if (d->feed)
        demo_feed_wake(d->feed);
    pthread_mutex_unlock(&d->mutex);
    session_wake(&d->session);
}

static bool start_feed(struct demo *d, struct err *err)
{
    struct demo_feed_options options = {
        .host = d->host,
        .settings = &d->settings,
        .clock = d->cli->clock,
        .workspace = d->cli->workspace,
    };
    pthread_mutex_lock(&d->mutex);
    d->feed = demo_feed_start(&options, err);
    pthread_mutex_unlock(&d->mutex);
    return d->feed != NULL;
}

static bool start(struct demo *d, struct err *err)
{
    struct host_options options = {
        .dir = d->dir,
        .clock = d->cli->clock,
        .settings = &d->settings,
        .changed = host_changed,
        .arg = d,
    };
    if (!make_dir(d, err) || !make_settings(d, err))
        return false;
    d->cli->settings = &d->settings;
    d->cli->call = &d->call;
    if (!cli_open(d->cli, d->dir, err))
        return false;
    options.store = d->cli->store;
    d->receiver = demo_receiver_start(err);
    if (!d->receiver || !make_alerts(d, err))
        return false;
    d->host = host_start(&options, err);
    return d->host && start_feed(d, err);
}

static void stop(struct demo *d)
{
    pthread_mutex_lock(&d->mutex);
    struct demo_feed *feed = d->feed;
    d->feed = NULL;
    pthread_mutex_unlock(&d->mutex);
    demo_feed_stop(&feed);
    host_stop(&d->host);
    demo_receiver_stop(&d->receiver);
    cli_close(d->cli);
    remove_dir(d);
}

static int show(struct demo *d)
{
    struct err err = {0};
    int64_t seq = 0;
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return session_run(&d->session, d->cli, d->host, d->dir, "demo");
    out_error("no terminal: printing the log until SIGTERM or SIGINT");
    return follow_run(d->cli, &seq, &err) ? EXIT_DONE : cli_fail(&err);
}

static int run(struct demo *d)
{
    struct err err = {0};
    sigset_t before;
    /* Threads that start now must leave the signals to the console. */
    quiet_begin(&before);
    bool started = start(d, &err);
    quiet_end(&before);
    int status = started ? show(d) : cli_fail(&err);
    stop(d);
    return status;
}

int cli_demo(struct cli *cli)
{
    const struct settings *own = cli->settings;
    const struct call *call = cli->call;
    struct demo *d = calloc(1, sizeof *d);
    if (!d) {
        out_error("out of memory");
        return EXIT_FAILED;
    }
    d->cli = cli;
    session_init(&d->session);
    pthread_mutex_init(&d->mutex, NULL);
    int status = run(d);
    cli->settings = own;
    cli->call = call;
    settings_free(&d->settings);
    free(d->set);
    free(d);
    return status;
}
