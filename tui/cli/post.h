/* Requests to this program's own intake, through core/send. One thread. */
#ifndef CLI_POST_H
#define CLI_POST_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/settings.h"
#include "send/send.h"

struct post {
    struct sender *sender;
    char base[128];        /* http://HOST:PORT/api */
    char where[128];       /* the same, or unix:PATH */
    const char *api_key;   /* empty: none. Borrowed */
    const char *workspace; /* borrowed */
    int64_t timeout_ms, connect_timeout_ms;
};

/* Where the intake of a data directory listens (a URL or unix:PATH): what the lock's holder
 * announced, or where nobody holds it the configured address. ERR_NOT_FOUND: it does not
 * listen, or nobody does and no port is configured. */
bool post_find(const char *dir, const struct settings *s, char *out, size_t size,
               struct err *err);

bool post_open(struct post *p, const char *base, const struct settings *s,
               const char *workspace, const struct clock *clock, struct err *err);
void post_close(struct post *p);

/* Sends one body to base + path and waits. ERR_BUSY: no connection; ERR_INVALID: refused,
 * with what the answer says. */
bool post_body(struct post *p, const char *path, struct span body, struct err *err);

#endif
