#include "cli/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/timefmt.h"
#include "cli/out.h"
#include "store/log.h"

#define PAGE          500
#define LOOK_AGAIN_MS 1000 /* a store that is read only tells of no changes */

/* Of a retry that will never come its delivery tells what there is in its place. */
static void describe(const struct log_row *r, char *out, size_t size)
{
    char took[24];
    const char *why = r->ended ? r->ended : "";
    const char *state = delivery_state_name(r->ended ? DELIVERY_DEAD : r->state);
    duration_human(r->latency_us / 1000, took);
    if (r->kind == LOG_DROPPED)
        snprintf(out, size, "dropped: %s", r->text ? r->text : "");
    else if (r->kind == LOG_NOTICE)
        snprintf(out, size, "%s", r->text ? r->text : "");
    else if (r->outcome == OUTCOME_RESPONSE)
        snprintf(out, size, "attempt %d/%d  %d in %s  %s%s%s", r->n, r->of, r->status, took,
                 state, *why ? ": " : "", why);
    else
        snprintf(out, size, "attempt %d/%d  %s  %s%s%s", r->n, r->of,
                 r->text ? r->text : outcome_kind_name(r->outcome), state, *why ? ": " : "",
                 why);
}

static bool print_row(struct cli *cli, const struct log_row *r, struct err *err)
{
    if (cli->call->json) {
        struct buf json;
        buf_init(&json, BUF_UNLIMITED);
        bool done = log_row_to_json(r, &json);
        if (done)
            out_json(buf_span(&json), false);
        buf_free(&json);
        return done || err_memory(err);
    }
    char iso[TIMEFMT_ISO_SIZE], words[512];
    timefmt_iso(r->at, iso);
    describe(r, words, sizeof words);
    if (r->kind == LOG_NOTICE) {
        out_line("%s  notice  %s  %s", iso, words, r->alert_name ? r->alert_name : r->alert_id);
        return true;
    }
    out_line("%s  %s  %lld %s  %s  %s", iso, event_type_name(r->type), (long long)r->events,
             r->events == 1 ? "event" : "events", words,
             r->alert_name ? r->alert_name : r->alert_id);
    return true;
}

static bool print_page(struct cli *cli, int64_t *seq, size_t *count, struct err *err)
{
    struct log_rows rows = {0};
    if (!store_log_list(cli->reader, cli->workspace, *seq, INT64_MAX, PAGE, &rows, err))
        return false;
    bool done = true;
    for (size_t i = 0; done && i < rows.count; i++) {
        log_row_shift(&rows.items[i], clock_shown_ms(cli->clock, 0));
        done = print_row(cli, &rows.items[i], err);
        *seq = rows.items[i].seq;
    }
    *count = rows.count;
    log_rows_free(&rows);
    return done;
}

bool follow_print(struct cli *cli, int64_t *seq, struct err *err)
{
    size_t count;
    do
        if (!print_page(cli, seq, &count, err))
            return false;
    while (count == PAGE && !ferror(stdout));
    return true;
}

static void wake(void *fd, unsigned changes)
{
    uint64_t one = 1;
    if ((changes & STORE_CHANGED_LOG) && write(*(int *)fd, &one, sizeof one) < 0)
        log_write(LOG_LEVEL_WARN, "eventfd: %s", strerror(errno));
}

static bool follow_changes(struct cli *cli, int fd, int64_t *seq, struct err *err)
{
    struct pollfd p[] = {{.fd = cli->signal_fd, .events = POLLIN},
                         {.fd = fd, .events = POLLIN},
                         {.fd = STDOUT_FILENO}}; /* a reader that went is an error there */
    uint64_t count;
    for (;;) {
        if (!follow_print(cli, seq, err))
            return false;
        if (fflush(stdout) != 0)
            return true;
        if (poll(p, 3, cli->call->read_only ? LOOK_AGAIN_MS : -1) < 0 && errno != EINTR)
            return err_set(err, ERR_IO, "poll: %s", strerror(errno));
        if (p[0].revents || p[2].revents)
            return true;
        if (p[1].revents && read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
            return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
    }
}

bool follow_run(struct cli *cli, int64_t *seq, struct err *err)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
    bool done = store_subscribe(cli->store, wake, &fd) || err_memory(err);
    if (done) {
        done = follow_changes(cli, fd, seq, err);
        store_unsubscribe(cli->store, wake, &fd);
    }
    close(fd);
    return done;
}
