/* Holds the engine and the intake of this process: takes the data directory's lock, recovers,
 * starts both, or stands by until the holder goes and then does so. Own thread; the functions
 * may be called by any thread. */
#ifndef TUI_HOST_H
#define TUI_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "model/settings.h"
#include "store/store.h"

enum host_state {
    HOST_STARTING,
    HOST_RUNNING,
    HOST_DEGRADED, /* the engine runs; reason says why the intake does not (then url is empty),
                      or why the store takes nothing in */
    HOST_STANDBY,  /* another process holds the lock: holder_* say which */
    HOST_STOPPED,
};

struct host_status {
    enum host_state state;
    int64_t since;       /* wall ms */
    char reason[200];
    char url[128];       /* http://127.0.0.1:5173/api or unix:PATH, of whoever listens */
    pid_t holder_pid;    /* 0: it cannot be told, and since when neither */
    int64_t holder_since;
    size_t sending;
};

struct host;

struct host_options {
    const char *dir;
    struct store *store;             /* borrowed */
    const struct clock *clock;       /* borrowed */
    const struct settings *settings; /* copied */
    void (*changed)(void *arg);      /* the state changed; runs on a thread of the host or of
                                        the store; only wakes */
    void *arg;
};

struct host *host_start(const struct host_options *options, struct err *err);
void host_status(struct host *h, struct host_status *out);
/* For a watchdog: whether the store's writer and the engine, where there is one, have moved since
 * the call before (the first says yes). Asks the engine for a sign for the next call, which
 * should not come within two seconds: so long the writer may sleep. One thread. */
bool host_alive(struct host *h);

void host_set_settings(struct host *h, const struct settings *s);

/* Stops intake and engine in order and gives the lock back: new requests are refused, those
 * under way get 5 s, the rest is recorded as outcome unknown. */
void host_stop(struct host **h);

/* For ^Z: the same, but host_resume() starts it again. Both from the thread that stops it. */
void host_pause(struct host *h);
bool host_resume(struct host *h, struct err *err);

#endif
