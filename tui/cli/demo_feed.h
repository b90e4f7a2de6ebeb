/* The demo's made-up application: a thread that sends traces with errors, failed guardrails
 * and new prompt versions to the intake, as an SDK would. */
#ifndef CLI_DEMO_FEED_H
#define CLI_DEMO_FEED_H

#include "base/clock.h"
#include "base/err.h"
#include "host.h"
#include "model/settings.h"

struct demo_feed;

struct demo_feed_options {
    struct host *host;               /* borrowed: says where the intake listens */
    const struct settings *settings; /* borrowed */
    const struct clock *clock;       /* borrowed */
    const char *workspace;           /* borrowed */
};

struct demo_feed *demo_feed_start(const struct demo_feed_options *options, struct err *err);
void demo_feed_wake(struct demo_feed *f); /* any thread: the host's state changed */
void demo_feed_stop(struct demo_feed **f);

#endif
