#include "cli/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cli/out.h"
#include "quiet.h"

void session_init(struct session *s)
{
    pthread_mutex_init(&s->mutex, NULL);
    s->console = NULL;
}

void session_wake(void *session)
{
    struct session *s = session;
    pthread_mutex_lock(&s->mutex);
    if (s->console)
        console_wake(s->console);
    pthread_mutex_unlock(&s->mutex);
}

static void set_console(struct session *s, struct console *console)
{
    pthread_mutex_lock(&s->mutex);
    s->console = console;
    pthread_mutex_unlock(&s->mutex);
}

/* ---------------------------------------------------------------- messages as toasts */

struct message {
    struct console *console;
    enum log_level level;
    char text[200];
};

static void show_message(void *arg)
{
    struct message *m = arg;
    console_toast(m->console, m->level == LOG_LEVEL_ERROR ? STYLE_ERROR : STYLE_WARN, "%s",
                  m->text);
    free(m);
}

/* A line on the screen would tear it; a message for nobody is dropped. */
static void take_message(void *session, enum log_level level, const char *line)
{
    struct session *s = session;
    if (level == LOG_LEVEL_INFO)
        return;
    pthread_mutex_lock(&s->mutex);
    struct message *m = s->console ? malloc(sizeof *m) : NULL;
    if (m) {
        m->console = s->console;
        m->level = level;
        snprintf(m->text, sizeof m->text, "%s", line);
        console_post(s->console, show_message, free, m);
    }
    pthread_mutex_unlock(&s->mutex);
}

/* ---------------------------------------------------------------- running */

int session_run(struct session *s, struct cli *cli, struct host *host, const char *dir,
                const char *banner)
{
    struct err err = {0};
    struct console_options options = {
        .store = cli->store,
        .host = host,
        .settings = cli->settings,
        .clock = cli->clock,
        .workspace = cli->call->workspace,
        .dir = dir,
        .read_only = cli->call->read_only,
        .call = cli->call,
        .banner = banner,
    };
    struct console *console = console_new(&options, &err);
    if (!console)
        return cli_fail(&err);
    set_console(s, console);
    log_set_sink(take_message, s);
    bool done = console_run(console, &err);
    log_set_sink(NULL, NULL);
    set_console(s, NULL);
    console_free(&console);
    return done ? EXIT_DONE : cli_fail(&err);
}

static int run_hosted(struct session *s, struct cli *cli, const sigset_t *mask)
{
    struct err err = {0};
    struct host *host = NULL;
    struct host_options options = {
        .dir = cli->call->data_dir,
        .store = cli->store,
        .clock = cli->clock,
        .settings = cli->settings,
        .changed = session_wake,
        .arg = s,
    };
    if (!cli->call->read_only && !(host = host_start(&options, &err)))
        return cli_fail(&err);
    quiet_end(mask);
    int status = session_run(s, cli, host, cli->call->data_dir, NULL);
    host_stop(&host);
    return status;
}

int session_main(struct cli *cli)
{
    struct session s;
    struct err err = {0};
    sigset_t before;
    session_init(&s);
    /* Threads that start now must leave the signals to the console. */
    quiet_begin(&before);
    bool opened = cli_open(cli, cli->call->data_dir, &err);
    int status = opened ? run_hosted(&s, cli, &before) : cli_fail(&err);
    cli_close(cli);
    quiet_end(&before);
    return status;
}
