#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "config_watch.h"
#include "host.h"
#include "notify.h"

enum { LOOK_EVERY_MS = 2000 }; /* see host_alive() */

struct serve {
    struct cli *cli;
    struct host *host;
    struct config_watch *watch;
    int changed_fd;       /* eventfd: the host's state changed */
    bool told;            /* the listening line was printed */
    enum host_state last; /* what was said last */
    char url[128];
    struct notify notify;
    bool ready;         /* systemd was told so */
    bool alive;         /* at the last look */
    int64_t looked_at, pinged_at; /* monotonic ms */
};

static void say_log_line(void *arg, enum log_level level, const char *line)
{
    static const char *const names[] = {"error: ", "warning: ", ""};
    (void)arg;
    fprintf(stderr, "opik-alerts: %s%s\n", names[level], line);
}

static void wake(void *fd)
{
    uint64_t one = 1;
    if (write(*(int *)fd, &one, sizeof one) < 0)
        log_write(LOG_LEVEL_WARN, "eventfd: %s", strerror(errno));
}

/* ---------------------------------------------------------------- states */

static void say_waiting(const struct host_status *s)
{
    char since[TIMEFMT_ISO_SIZE];
    timefmt_iso(s->holder_since, since);
    if (s->holder_pid != 0)
        out_error("waiting: process %ld runs the engine of this directory since %s",
                  (long)s->holder_pid, since);
    else
        out_error("waiting: another process runs the engine of this directory");
}

static void say_listening(struct serve *s, const struct host_status *status)
{
    snprintf(s->url, sizeof s->url, "%s", status->url);
    if (s->told) {
        out_error("listening on %s", status->url);
        return;
    }
    s->told = true;
    out_line("listening on %s", status->url);
    if (out_flush())
        return;
    out_drop(); /* it can serve all the same, and ends in order */
    out_error("listening on %s", status->url);
}

/* Ready is also who waits for another one's engine: it does what it was started for. */
static void tell_systemd(struct serve *s, const struct host_status *status)
{
    if (status->state == HOST_RUNNING)
        notify_send(&s->notify, "STATUS=listening on %s%s%s", status->url,
                    status->reason[0] ? ", but the engine waits: " : "", status->reason);
    else if (status->state == HOST_STANDBY && status->holder_pid != 0)
        notify_send(&s->notify, "STATUS=waiting: process %ld runs the engine",
                    (long)status->holder_pid);
    else if (status->state == HOST_STANDBY)
        notify_send(&s->notify, "STATUS=waiting: another process runs the engine");
    else if (status->reason[0])
        notify_send(&s->notify, "STATUS=%s", status->reason);
    if (s->ready || (status->state != HOST_RUNNING && status->state != HOST_STANDBY))
        return;
    notify_send(&s->notify, "READY=1");
    s->ready = true;
}

/* False: it cannot go on. */
static bool say_state(struct serve *s)
{
    struct host_status status;
    host_status(s->host, &status);
    bool same = status.state == s->last;
    s->last = status.state;
    tell_systemd(s, &status);
    switch (status.state) {
    case HOST_RUNNING:
        if (!same || strcmp(s->url, status.url) != 0)
            say_listening(s, &status);
        return true;
    case HOST_STANDBY:
        if (!same)
            say_waiting(&status);
        return true;
    case HOST_DEGRADED:
        if (status.url[0] && strcmp(s->url, status.url) != 0)
            say_listening(s, &status);
        out_error("%s", status.reason);
        return s->told;
    case HOST_STOPPED:
        out_error("%s", status.reason);
        return false;
    default:
        return true;
    }
}

/* ---------------------------------------------------------------- signals */

static void reread_config(struct serve *s)
{
    struct settings next;
    struct err err = {0};
    if (!config_load(s->cli->call, &next, &err)) {
        out_error("the settings stay as they were: %s", err.text);
        return;
    }
    host_set_settings(s->host, &next);
    settings_free(&next);
    out_error("the settings were read again");
}

/* False: it shall stop. */
static bool take_signals(struct serve *s)
{
    struct signalfd_siginfo info;
    while (read(s->cli->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP)
            return false;
        reread_config(s);
    }
    return true;
}

/* Pings while what works moves; returns how long poll() may wait, -1: for ever. */
static int watchdog(struct serve *s)
{
    int64_t now = clock_monotonic_ms(), every = s->notify.every_ms;
    if (every == 0)
        return -1;
    if (now - s->pinged_at >= every) {
        if (now - s->looked_at >= LOOK_EVERY_MS) {
            s->alive = host_alive(s->host);
            s->looked_at = now;
        }
        if (s->alive)
            notify_send(&s->notify, "WATCHDOG=1");
        s->pinged_at = now;
    }
    int64_t left = s->pinged_at + every - now;
    return left > INT_MAX ? INT_MAX : (int)left;
}

static int run(struct serve *s)
{
    struct pollfd p[] = {{.fd = s->cli->signal_fd, .events = POLLIN},
                         {.fd = s->changed_fd, .events = POLLIN},
                         {.fd = config_watch_fd(s->watch), .events = POLLIN}};
    uint64_t count;
    for (;;) {
        if (poll(p, 3, watchdog(s)) < 0 && errno != EINTR) {
            out_error("poll: %s", strerror(errno));
            return EXIT_FAILED;
        }
        if (p[0].revents && !take_signals(s))
            return EXIT_DONE;
        if (p[2].revents && config_watch_read(s->watch))
            reread_config(s);
        if (p[1].revents && read(s->changed_fd, &count, sizeof count) > 0 && !say_state(s))
            return EXIT_FAILED;
    }
}

int cli_serve(struct cli *cli)
{
    struct err err = {0};
    struct serve s = {.cli = cli, .last = HOST_STARTING, .alive = true};
    notify_open(&s.notify);
    s.changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s.changed_fd < 0) {
        out_error("eventfd: %s", strerror(errno));
        return EXIT_FAILED;
    }
    struct host_options options = {
        .dir = cli->call->data_dir,
        .store = cli->store,
        .clock = cli->clock,
        .settings = cli->settings,
        .changed = wake,
        .arg = &s.changed_fd,
    };
    if (cli->call->config)
        config_make_folder(cli->call->config);
    s.watch = config_watch_new(cli->call->config);
    log_set_sink(say_log_line, NULL);
    s.host = host_start(&options, &err);
    int status = s.host ? run(&s) : cli_fail(&err);
    notify_send(&s.notify, "STOPPING=1\nSTATUS=stopping");
    host_stop(&s.host);
    log_set_sink(NULL, NULL);
    config_watch_free(&s.watch);
    close(s.changed_fd);
    notify_close(&s.notify);
    return status;
}
