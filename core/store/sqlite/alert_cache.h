/* The alerts, without secrets; the enabled ones by workspace and event type: what matching runs on.
 * Internal to store/sqlite; the writer thread. */
#ifndef SQLITE_ALERT_CACHE_H
#define SQLITE_ALERT_CACHE_H

#include "store/alerts.h"
#include "store/sqlite/db.h"

struct alert_use { /* an alert under one of its event types */
    const struct alert *alert;
    enum event_type type;
};

struct alert_known { /* an alert by its id */
    const struct alert *alert;
    int64_t row;
    char endpoint[33]; /* keyed hash of its URL */
    struct buf sealed; /* its secrets, as they are stored */
};

struct alert_cache {
    bool loaded;
    struct alerts alerts;
    struct alert_known *known; /* as many, sorted by id */
    struct alert_use *uses; /* sorted by workspace and type */
    size_t use_count;
    char *workspace; /* of the last look; NULL: none */
    struct alert_found {
        bool known;
        const struct alert_use *uses;
        size_t count;
    } found[EVENT_TYPE_COUNT]; /* in that workspace */
};

void alert_cache_reset(struct alert_cache *c);

/* Those of a workspace that have a trigger of this type. Borrowed until the next reset. */
bool alert_cache_find(struct alert_cache *c, struct db *db, const char *workspace,
                      enum event_type type, const struct alert_use **uses, size_t *count,
                      struct err *err);

/* The one of this id; NULL: there is none. Borrowed until the next reset. */
bool alert_cache_get(struct alert_cache *c, struct db *db, const char *id,
                     const struct alert_known **out, struct err *err);

/* All of them, the disabled ones too. Borrowed until the next reset. */
bool alert_cache_all(struct alert_cache *c, struct db *db, const struct alerts **alerts,
                     struct err *err);

#endif
