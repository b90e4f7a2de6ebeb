/* Sends connection tests for the alerts API on a thread of its own, which is started by the
 * first one. Internal to intake/. */
#ifndef INTAKE_COURIER_H
#define INTAKE_COURIER_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/alert.h"
#include "model/outcome.h"

struct courier;

struct courier_options {
    const struct clock *clock;        /* borrowed */
    const char *proxy, *ca_file;      /* copied; NULL: none, the system's */
    bool refuse_private;              /* see send.h */
    int64_t timeout_ms, connect_timeout_ms;
};

struct courier *courier_new(const struct courier_options *options, struct err *err);

/* Sends by these options from now on; tests under way are cancelled, and those asked for
 * meanwhile are refused. False: no memory, and it goes on by the old ones. */
bool courier_set(struct courier *c, const struct courier_options *options, struct err *err);

/* Runs on the courier's thread; must not block. `shown` is what was sent, secrets masked. */
typedef void courier_done(void *arg, const struct outcome *outcome, struct span shown);

/* Sends a sample body to the alert's endpoint. Takes over what `a` and `body` hold, on
 * success only; the alert's routing key is put into the body here. ERR_BUSY: too many are
 * under way, its options are being set, or it is closed (the text says which). Any thread.
 */
bool courier_send(struct courier *c, struct alert *a, struct buf *body, courier_done *done,
                  void *arg, struct err *err);

/* Cancels what is under way (done is called for each, before it returns) and takes nothing
 * new. */
void courier_close(struct courier *c);
void courier_free(struct courier **c);

#endif
