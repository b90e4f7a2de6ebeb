#include "host.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/engine.h"
#include "intake/intake.h"
#include "portowner.h"
#include "quiet.h"
#include "store/aside.h"
#include "store/datadir.h"
#include "store/health.h"
#include "tuning.h"

#define GRACE_MS        5000 /* for requests under way when it stops */
#define AGAIN_MS        5000 /* until a start that failed is tried again */
#define HANDOVER_MS     1500 /* a killed holder's port may close after its lock */
#define HANDOVER_TRY_MS 50

struct host {
    pthread_t thread;
    bool has_thread;
    char *dir;
    struct store *store;
    const struct clock *clock;
    void (*changed)(void *arg);
    void *arg;
    int stop_fd; /* eventfd, readable for good once it must stop */
    int wake_fd; /* eventfd: there are new settings */

    pthread_mutex_t mutex; /* for what follows */
    struct host_status status;
    struct settings settings;
    bool settings_new;
    struct engine *engine; /* changed by the thread only */

    const struct engine *asked; /* host_alive()'s own: what it saw last */
    uint64_t engine_turns, writer_turns;

    /* The thread's own. */
    struct settings used; /* what engine and intake run with */
    struct datadir_lock *lock;
    struct intake *intake;
    char listened[300]; /* the intake.listen that it last ran with, */
    uint16_t port;      /* and the port that this was */
    bool took_over;
};

/* ---------------------------------------------------------------- state */

static void set_state(struct host *h, enum host_state state, const char *url,
                      const char *reason)
{
    pthread_mutex_lock(&h->mutex);
    struct host_status *s = &h->status;
    bool same = s->state == state && strcmp(s->url, url) == 0 &&
                strncmp(s->reason, reason, sizeof s->reason - 1) == 0;
    if (s->state != state)
        s->since = clock_wall_ms(h->clock);
    s->state = state;
    snprintf(s->url, sizeof s->url, "%s", url);
    snprintf(s->reason, sizeof s->reason, "%s", reason);
    pthread_mutex_unlock(&h->mutex);
    if (!same && h->changed)
        h->changed(h->arg);
}

static bool stop_asked(struct host *h)
{
    struct pollfd p = {.fd = h->stop_fd, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* Until it must stop, has new settings, or the time is over (-1: never). */
static void wait_ms(struct host *h, int ms)
{
    struct pollfd p[] = {{.fd = h->stop_fd, .events = POLLIN},
                         {.fd = h->wake_fd, .events = POLLIN}};
    uint64_t count;
    if (poll(p, 2, ms) > 0 && p[1].revents && read(h->wake_fd, &count, sizeof count) < 0)
        log_write(LOG_LEVEL_WARN, "eventfd: %s", strerror(errno));
}

/* Takes what host_set_settings() left, and the settings before in *old (to be freed). */
static bool take_settings(struct host *h, struct settings *old)
{
    struct settings next;
    struct err err;
    pthread_mutex_lock(&h->mutex);
    bool taken = h->settings_new && settings_copy(&next, &h->settings, &err);
    h->settings_new = h->settings_new && !taken;
    pthread_mutex_unlock(&h->mutex);
    if (!taken)
        return false;
    *old = h->used;
    h->used = next;
    struct store_limits limits = tuning_limits(&h->used);
    store_set_limits(h->store, &limits);
    return true;
}

/* ---------------------------------------------------------------- lock */

static void fail(struct host *h, const struct err *err)
{
    set_state(h, HOST_STOPPED, "", err->text);
}

static bool take_lock(struct host *h)
{
    struct err err = {0};
    h->took_over = false;
    h->lock = datadir_lock_try(h->dir, &err);
    if (!h->lock && err.code == ERR_BUSY) {
        set_state(h, HOST_STANDBY, "", "");
        h->lock = datadir_lock_wait(h->dir, h->stop_fd, &err);
        h->took_over = true;
    }
    if (h->lock)
        return true;
    if (!stop_asked(h))
        fail(h, &err);
    return false;
}

/* An engine of an older version than the store's would do nothing, and keep the lock from
 * one that fits. */
static bool fits(struct host *h)
{
    struct err err = {0};
    if (store_fits(h->store, &err))
        return true;
    fail(h, &err);
    return false;
}

/* ---------------------------------------------------------------- engine */

static void set_engine(struct host *h, struct engine *engine)
{
    pthread_mutex_lock(&h->mutex);
    h->engine = engine;
    pthread_mutex_unlock(&h->mutex);
}

static bool start_engine(struct host *h)
{
    struct err err = {0};
    struct engine_options options = {
        .store = h->store,
        .clock = h->clock,
        .policy = tuning_policy(&h->used),
        .proxy = h->used.text[SETTING_DELIVERY_PROXY],
        .ca_file = h->used.text[SETTING_DELIVERY_CA_FILE],
        .refuse_private = tuning_refuse_private(&h->used),
    };
    struct engine *engine = engine_new(&options, &err);
    if (engine && engine_start(engine, &err)) {
        set_engine(h, engine);
        return true;
    }
    if (engine)
        engine_free(&engine, 0);
    fail(h, &err);
    return false;
}

static void stop_engine(struct host *h, int64_t grace_ms)
{
    struct engine *engine = h->engine;
    set_engine(h, NULL);
    if (engine)
        engine_free(&engine, grace_ms);
}

/* ---------------------------------------------------------------- intake */

/* Whose it is stands first: a narrow screen cuts the rest. */
static void describe_busy(uint16_t port, char *out, size_t size)
{
    pid_t pid;
    char name[64];
    if (port_owner(port, &pid, name, sizeof name))
        snprintf(out, size, "port in use by %s (process %ld): %u", name, (long)pid, port);
    else
        snprintf(out, size, "port in use by another process: %u", port);
}

/* For those who ask the intake how it goes. */
static void tell_engine(void *arg, struct intake_engine *out)
{
    struct host *h = arg;
    struct engine_status status = {0};
    pthread_mutex_lock(&h->mutex);
    if (h->engine)
        engine_status(h->engine, &status);
    pthread_mutex_unlock(&h->mutex);
    *out = (struct intake_engine){
        .running = status.running, .sending = status.sending, .attempts = status.attempts};
    snprintf(out->problem, sizeof out->problem, "%s", status.problem);
}

/* host: room for the host part of intake.listen, which the options borrow. */
static bool intake_options(struct host *h, char *host, size_t size,
                           struct intake_options *out, struct err *err)
{
    const struct settings *s = &h->used;
    *out = (struct intake_options){
        .store = h->store,
        .clock = h->clock,
        .host = host,
        .api_key = s->text[SETTING_INTAKE_API_KEY],
        .hosts = s->text[SETTING_INTAKE_HOSTS],
        .max_body = (size_t)s->number[SETTING_INTAKE_MAX_BODY],
        .max_headers = (size_t)s->number[SETTING_INTAKE_MAX_HEADERS],
        .connections = (unsigned)s->number[SETTING_INTAKE_CONNECTIONS],
        .timeout_ms = s->number[SETTING_INTAKE_TIMEOUT],
        .proxy = s->text[SETTING_DELIVERY_PROXY],
        .ca_file = s->text[SETTING_DELIVERY_CA_FILE],
        .refuse_private = tuning_refuse_private(s),
        .send_timeout_ms = s->number[SETTING_DELIVERY_TIMEOUT],
        .send_connect_timeout_ms = s->number[SETTING_DELIVERY_CONNECT_TIMEOUT],
        .style = tuning_style(s),
        .retries = (int)s->number[SETTING_RETRY_MAX],
        .engine = tell_engine,
        .engine_arg = h,
    };
    return settings_listen(s, host, size, &out->port, err);
}

/* Port 0 is the one it was before, if it is still free: who sends to it is not cut off
 * because another setting changed, or by ^Z and fg. */
static bool start_where_it_was(struct host *h, struct intake_options *options,
                               struct err *err)
{
    const char *listen = h->used.text[SETTING_INTAKE_LISTEN];
    if (options->port == 0 && h->port != 0 && strcmp(listen, h->listened) == 0) {
        struct intake_options again = *options;
        again.port = h->port;
        h->intake = intake_start(&again, err);
    }
    if (!h->intake)
        h->intake = intake_start(options, err);
    if (!h->intake)
        return false;
    h->port = intake_port(h->intake);
    snprintf(h->listened, sizeof h->listened, "%s", listen);
    return true;
}

static bool listen_once(struct host *h, struct err *err)
{
    char host[256];
    struct intake_options options;
    if (!intake_options(h, host, sizeof host, &options, err))
        return false;
    if (!start_where_it_was(h, &options, err) && err->code == ERR_BUSY &&
        options.port != 0) {
        char words[160];
        describe_busy(options.port, words, sizeof words);
        err_set(err, ERR_BUSY, "%s", words);
    }
    return h->intake != NULL;
}

static void set_sending(struct host *h)
{
    char host[256];
    struct intake_options options;
    struct err err;
    if (h->intake && (!intake_options(h, host, sizeof host, &options, &err) ||
                      !intake_set_sending(h->intake, &options, &err)))
        log_write(LOG_LEVEL_WARN, "connection tests: %s", err.text);
}

/* To those who look for it: other consoles, and who sends without being told where. */
static void announce(struct host *h, const char *url)
{
    struct err err = {0};
    if (!datadir_lock_announce(h->lock, url, &err))
        log_write(LOG_LEVEL_WARN, "%s", err.text);
}

static void start_intake(struct host *h)
{
    struct err err = {0};
    int64_t until = clock_monotonic_ms() + (h->took_over ? HANDOVER_MS : 0);
    bool done = listen_once(h, &err);
    while (!done && err.code == ERR_BUSY && clock_monotonic_ms() < until &&
           !stop_asked(h)) {
        wait_ms(h, HANDOVER_TRY_MS);
        done = listen_once(h, &err);
    }
    if (!done) {
        set_state(h, HOST_DEGRADED, "", err.text);
        return;
    }
    char url[sizeof h->status.url];
    intake_url(h->intake, url, sizeof url);
    announce(h, url);
    set_state(h, HOST_RUNNING, url, "");
}

static void stop_intake(struct host *h, int64_t grace_ms)
{
    if (!h->intake)
        return;
    announce(h, "");
    intake_stop(&h->intake, grace_ms);
}

/* ---------------------------------------------------------------- running */

static bool differs(const struct settings *a, const struct settings *b,
                    const enum setting *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(a->text[keys[i]], b->text[keys[i]]) != 0)
            return true;
    return false;
}

/* False: the engine could not be started again. */
static bool apply_settings(struct host *h)
{
    static const enum setting intake_keys[] = {
        SETTING_INTAKE_LISTEN,      SETTING_INTAKE_API_KEY, SETTING_INTAKE_MAX_BODY,
        SETTING_INTAKE_MAX_HEADERS, SETTING_INTAKE_CONNECTIONS, SETTING_INTAKE_TIMEOUT,
        SETTING_INTAKE_HOSTS};
    static const enum setting sender_keys[] = {
        SETTING_DELIVERY_PROXY, SETTING_DELIVERY_CA_FILE, SETTING_DELIVERY_PRIVATE};
    static const enum setting test_keys[] = {
        SETTING_DELIVERY_TIMEOUT, SETTING_DELIVERY_CONNECT_TIMEOUT, SETTING_PAYLOAD_STYLE,
        SETTING_RETRY_MAX};
    struct settings old;
    if (!take_settings(h, &old))
        return true;
    struct engine_policy policy = tuning_policy(&h->used);
    bool done = true;
    engine_set_policy(h->engine, &policy);
    bool sender = differs(&old, &h->used, sender_keys, sizeof sender_keys / sizeof *sender_keys);
    if (differs(&old, &h->used, intake_keys, sizeof intake_keys / sizeof *intake_keys))
        stop_intake(h, GRACE_MS);
    else if (sender || differs(&old, &h->used, test_keys, sizeof test_keys / sizeof *test_keys))
        set_sending(h); /* its connection tests go by the same rules */
    if (sender) {
        stop_engine(h, GRACE_MS);
        done = start_engine(h);
    }
    settings_free(&old);
    return done;
}

static void run_both(struct host *h)
{
    bool fine = true;
    start_intake(h);
    h->took_over = false;
    while (fine && !stop_asked(h)) {
        wait_ms(h, h->intake ? -1 : AGAIN_MS);
        if (stop_asked(h))
            break;
        fine = apply_settings(h);
        if (fine && !h->intake)
            start_intake(h);
    }
}

/* Requests of both kinds share one grace period. */
static void give_back(struct host *h)
{
    int64_t until = clock_monotonic_ms() + GRACE_MS;
    store_hurry(h->store, true);
    stop_intake(h, GRACE_MS);
    int64_t left = until - clock_monotonic_ms();
    stop_engine(h, left > 0 ? left : 0);
    if (h->lock) {
        store_set_checkpointing(h->store, false);
        store_park(h->store); /* one that is under way would be beside the next holder's */
        store_unpark(h->store);
        datadir_unlock(&h->lock);
    }
}

static void *host_main(void *arg)
{
    struct host *h = arg;
    store_hurry(h->store, false); /* it may have been paused */
    while (!stop_asked(h)) {
        struct settings old;
        if (take_settings(h, &old))
            settings_free(&old);
        if (take_lock(h) && fits(h)) {
            store_set_checkpointing(h->store, true);
            if (take_settings(h, &old))
                settings_free(&old);
            if (start_engine(h))
                run_both(h);
        }
        give_back(h);
        if (stop_asked(h))
            break;
        store_hurry(h->store, false);
        wait_ms(h, AGAIN_MS);
    }
    set_state(h, HOST_STOPPED, "", "");
    return NULL;
}

/* ---------------------------------------------------------------- start and stop */

static void store_has_changed(void *arg, unsigned changes)
{
    struct host *h = arg;
    if ((changes & STORE_CHANGED_TROUBLE) && h->changed)
        h->changed(h->arg);
}

static void release(struct host *h)
{
    store_unsubscribe(h->store, store_has_changed, h);
    if (h->stop_fd >= 0)
        close(h->stop_fd);
    if (h->wake_fd >= 0)
        close(h->wake_fd);
    settings_free(&h->settings);
    settings_free(&h->used);
    pthread_mutex_destroy(&h->mutex);
    free(h->dir);
    free(h);
}

static bool prepare(struct host *h, const struct host_options *options, struct err *err)
{
    pthread_mutex_init(&h->mutex, NULL);
    h->store = options->store;
    h->clock = options->clock;
    h->changed = options->changed;
    h->arg = options->arg;
    h->status.since = clock_wall_ms(h->clock);
    h->dir = strdup(options->dir);
    h->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!h->dir || !store_subscribe(h->store, store_has_changed, h))
        return err_memory(err);
    if (h->stop_fd < 0 || h->wake_fd < 0)
        return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
    return settings_copy(&h->settings, options->settings, err) &&
           settings_copy(&h->used, options->settings, err);
}

/* What it starts in turn inherits its quiet. */
static bool start_thread(struct host *h, struct err *err)
{
    int problem = quiet_thread(&h->thread, host_main, h);
    h->has_thread = problem == 0;
    return h->has_thread ||
           err_set(err, ERR_MEMORY, "cannot start a thread: %s", strerror(problem));
}

struct host *host_start(const struct host_options *options, struct err *err)
{
    struct host *h = calloc(1, sizeof *h);
    if (!h) {
        err_memory(err);
        return NULL;
    }
    if (!prepare(h, options, err) || !start_thread(h, err)) {
        release(h);
        return NULL;
    }
    return h;
}

static void raise_event(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0)
        log_write(LOG_LEVEL_WARN, "eventfd: %s", strerror(errno));
}

/* All runs, but what the store cannot write can be neither accepted nor delivered. */
static void note_trouble(struct host *h, const struct engine_status *engine,
                         struct host_status *out)
{
    store_trouble(h->store, out->reason, sizeof out->reason);
    if (!out->reason[0])
        snprintf(out->reason, sizeof out->reason, "%s", engine->problem);
    if (out->reason[0])
        out->state = HOST_DEGRADED;
}

void host_status(struct host *h, struct host_status *out)
{
    struct engine_status engine = {0};
    struct datadir_holder holder = {0};
    pthread_mutex_lock(&h->mutex);
    *out = h->status;
    if (h->engine)
        engine_status(h->engine, &engine);
    pthread_mutex_unlock(&h->mutex);
    out->sending = engine.sending;
    if (out->state == HOST_RUNNING)
        note_trouble(h, &engine, out);
    if (out->state == HOST_STANDBY && datadir_holder(h->dir, &holder) && holder.pid > 0) {
        out->holder_pid = holder.pid;
        out->holder_since = holder.since;
        snprintf(out->url, sizeof out->url, "%s", holder.address);
    }
}

bool host_alive(struct host *h)
{
    struct engine_status engine = {0};
    uint64_t writer_turns = store_turns(h->store);
    pthread_mutex_lock(&h->mutex);
    if (h->engine)
        engine_status(h->engine, &engine);
    bool moved = !h->engine || h->engine != h->asked || engine.turns != h->engine_turns;
    if (h->engine)
        engine_poke(h->engine);
    h->asked = h->engine;
    pthread_mutex_unlock(&h->mutex);
    moved = moved && writer_turns != h->writer_turns;
    h->engine_turns = engine.turns;
    h->writer_turns = writer_turns;
    return moved;
}

void host_set_settings(struct host *h, const struct settings *s)
{
    struct settings next;
    struct err err = {0};
    if (!settings_copy(&next, s, &err)) {
        log_write(LOG_LEVEL_ERROR, "the new settings are not used: %s", err.text);
        return;
    }
    pthread_mutex_lock(&h->mutex);
    settings_free(&h->settings);
    h->settings = next;
    h->settings_new = true;
    pthread_mutex_unlock(&h->mutex);
    raise_event(h->wake_fd);
}

void host_pause(struct host *h)
{
    if (!h->has_thread)
        return;
    raise_event(h->stop_fd);
    pthread_join(h->thread, NULL);
    h->has_thread = false;
}

bool host_resume(struct host *h, struct err *err)
{
    uint64_t count;
    if (h->has_thread)
        return true;
    if (read(h->stop_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        return err_set(err, ERR_IO, "eventfd: %s", strerror(errno));
    set_state(h, HOST_STARTING, "", "");
    return start_thread(h, err);
}

void host_stop(struct host **h)
{
    if (!*h)
        return;
    host_pause(*h);
    release(*h);
    *h = NULL;
}
