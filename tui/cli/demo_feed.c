#include "cli/demo_feed.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/timefmt.h"
#include "base/uuid.h"
#include "cli/post.h"

#define PAUSE_MS 700

struct demo_feed {
    pthread_t thread;
    struct demo_feed_options options;
    int wake_fd;
    atomic_bool stopped;
    unsigned turn;
};

/* ---------------------------------------------------------------- what it sends */

struct kind {
    const char *path;
    void (*write)(const struct demo_feed *f, struct buf *out);
};

static void write_trace(const struct demo_feed *f, struct buf *out)
{
    static const char *const agents[] = {"checkout-agent", "support-agent", "search-agent"};
    static const char *const errors[][2] = {
        {"TimeoutError", "the model did not answer within 30 s"},
        {"RateLimitError", "429: too many tokens in this minute"},
        {"ValidationError", "the answer is no JSON object"},
    };
    char id[UUID_SIZE], at[TIMEFMT_ISO_SIZE];
    int64_t now = clock_wall_ms(f->options.clock);
    unsigned which = f->turn % 3;
    uuid_v7(id, now);
    timefmt_iso(now, at);
    buf_add_format(out,
                   "{\"traces\":[{\"id\":\"%s\",\"name\":\"%s\",\"project_name\":\"shop\","
                   "\"start_time\":\"%s\",\"end_time\":\"%s\","
                   "\"input\":{\"question\":\"order number %u?\"},"
                   "\"error_info\":{\"exception_type\":\"%s\",\"message\":\"%s\","
                   "\"traceback\":\"agent.py, line %u\"}}]}",
                   id, agents[which], at, at, f->turn, errors[f->turn / 2 % 3][0],
                   errors[f->turn / 2 % 3][1], 10 + f->turn % 80);
}

static void write_guardrail(const struct demo_feed *f, struct buf *out)
{
    char id[UUID_SIZE], second[UUID_SIZE];
    int64_t now = clock_wall_ms(f->options.clock);
    uuid_v7(id, now);
    uuid_v7(second, now);
    buf_add_format(out,
                   "{\"guardrails\":[{\"entity_id\":\"%s\",\"secondary_id\":\"%s\","
                   "\"project_name\":\"shop\",\"name\":\"PII\",\"result\":\"failed\","
                   "\"config\":{\"entities\":[\"EMAIL\"]},\"details\":{\"found\":%u}}]}",
                   id, second, 1 + f->turn % 3);
}

static void write_prompt(const struct demo_feed *f, struct buf *out)
{
    buf_add_format(out,
                   "{\"name\":\"answer-%u\",\"version\":{\"template\":"
                   "\"Answer {{question}} kindly. Version %u.\",\"type\":\"mustache\"}}",
                   f->turn / 20, f->turn);
}

static const struct kind kinds[] = {
    {"/v1/private/traces/batch", write_trace},
    {"/v1/private/guardrails", write_guardrail},
    {"/v1/private/prompts/versions", write_prompt},
    {"/v1/private/traces/batch", write_trace},
    {"/v1/private/traces/batch", write_trace},
};

/* ---------------------------------------------------------------- the thread */

static void pause_ms(struct demo_feed *f, int ms)
{
    struct pollfd p = {.fd = f->wake_fd, .events = POLLIN};
    uint64_t count;
    if (poll(&p, 1, ms) > 0 && read(f->wake_fd, &count, sizeof count) < 0)
        log_write(LOG_LEVEL_WARN, "eventfd: %s", strerror(errno));
}

static bool send_next(struct demo_feed *f, struct post *post, struct err *err)
{
    struct buf body;
    const struct kind *kind = &kinds[f->turn % (sizeof kinds / sizeof *kinds)];
    buf_init(&body, BUF_UNLIMITED);
    kind->write(f, &body);
    bool done =
        body.failed ? err_memory(err) : post_body(post, kind->path, buf_span(&body), err);
    f->turn++;
    buf_free(&body);
    return done;
}

/* As long as the intake is where it is. */
static void send_to(struct demo_feed *f, const char *url)
{
    struct post post;
    struct err err = {0};
    bool done = post_open(&post, url, f->options.settings, f->options.workspace,
                          f->options.clock, &err);
    while (done && !atomic_load(&f->stopped)) {
        done = send_next(f, &post, &err);
        if (done)
            pause_ms(f, PAUSE_MS);
    }
    if (!done && !atomic_load(&f->stopped))
        log_write(LOG_LEVEL_WARN, "demo: %s", err.text);
    post_close(&post);
}

static void *run(void *arg)
{
    struct demo_feed *f = arg;
    while (!atomic_load(&f->stopped)) {
        struct host_status status;
        host_status(f->options.host, &status);
        if (status.state == HOST_RUNNING)
            send_to(f, status.url);
        if (!atomic_load(&f->stopped))
            pause_ms(f, status.state == HOST_RUNNING ? PAUSE_MS : -1);
    }
    return NULL;
}

struct demo_feed *demo_feed_start(const struct demo_feed_options *options, struct err *err)
{
    struct demo_feed *f = calloc(1, sizeof *f);
    int problem = ENOMEM;
    if (f) {
        f->options = *options;
        f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        problem = f->wake_fd < 0 ? errno : pthread_create(&f->thread, NULL, run, f);
    }
    if (problem == 0)
        return f;
    err_set(err, ERR_IO, "the demo's events cannot start: %s", strerror(problem));
    if (f && f->wake_fd >= 0)
        close(f->wake_fd);
    free(f);
    return NULL;
}

void demo_feed_wake(struct demo_feed *f)
{
    uint64_t one = 1;
    if (write(f->wake_fd, &one, sizeof one) < 0)
        log_write(LOG_LEVEL_WARN, "eventfd: %s", strerror(errno));
}

void demo_feed_stop(struct demo_feed **f)
{
    if (!*f)
        return;
    atomic_store(&(*f)->stopped, true);
    demo_feed_wake(*f);
    pthread_join((*f)->thread, NULL);
    close((*f)->wake_fd);
    free(*f);
    *f = NULL;
}
