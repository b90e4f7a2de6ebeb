/* Alerts and their conditions, as people write and read them. A part of the contract in
 * store.h. */
#ifndef STORE_ALERTS_H
#define STORE_ALERTS_H

#include "model/alert.h"
#include "model/delivery.h"
#include "store/store.h"

enum store_put { STORE_CREATE, STORE_REPLACE, STORE_PUT /* either */ };

/* Writes an alert whole; missing ids and the stamps are made here. STORE_REPLACE keeps
 * created_*; revision != 0 and another one stored: ERR_CONFLICT "changed meanwhile".
 * STORE_CREATE with an id that exists: ERR_CONFLICT. Disabling ends what waits (see
 * delete). A scope names projects by id (store_project_ensure() first for one that has none
 * yet); ids of no project of the workspace are ERR_INVALID. `a` is copied. result: const
 * struct alert *. */
void store_alert_put(struct store *s, const struct alert *a, enum store_put how,
                     const char *user, store_done *done, void *arg);

/* The same for many, all or none. result: const struct alert *, the first of them. */
void store_alert_put_all(struct store *s, const struct alert *alerts, size_t count,
                         enum store_put how, const char *user, store_done *done, void *arg);

/* result: const int64_t *, how many existed. Disabling or deleting drops an open bucket
 * (its pairs are counted as dropped with the reason and a row of the log says so) and makes
 * unfinished deliveries dead letters with that reason. */
void store_alert_enable(struct store *s, const char *workspace, const char *const *ids,
                        size_t count, bool enabled, const char *user, store_done *done,
                        void *arg);
void store_alert_delete(struct store *s, const char *workspace, const char *const *ids,
                        size_t count, const char *user, store_done *done, void *arg);

/* A row of the alerts list: no secret in it. */
struct alert_row {
    char id[UUID_SIZE];
    char *workspace, *name;
    char *origin; /* scheme://host[:port] */
    bool enabled;
    bool insecure; /* does not verify who answers */
    enum alert_destination destination;
    unsigned triggers; /* bit 1 << event_type */
    unsigned scoped;   /* the same, for those with a project scope */
    int64_t created_at, updated_at;
    bool has_last; /* of its newest delivery */
    enum delivery_state last_state;
    int last_status; /* of that one's last attempt; 0: none */
    int64_t last_at; /* wall ms */
};
struct alert_rows {
    struct alert_row *items;
    size_t count;
};
/* workspace NULL: all. Ordered by name (case-insensitive), then id. */
bool store_alert_list(struct store_reader *r, const char *workspace, struct alert_rows *out,
                      struct err *err);
void alert_rows_free(struct alert_rows *rows);

/* One alert whole, with its secrets. ERR_NOT_FOUND. */
bool store_alert_get(struct store_reader *r, const char *workspace, const char *id,
                     struct alert *out, struct err *err);

/* Every alert of every workspace, without secrets: what `explain` runs the rules on. */
struct alerts {
    struct alert *items;
    size_t count;
};
bool store_alerts_all(struct store_reader *r, struct alerts *out, struct err *err);
void alerts_free(struct alerts *alerts);

/* How the conditions of an alert stood at the last look. */
struct condition_row {
    char id[UUID_SIZE];
    bool met;
    bool known; /* there was a value to compare */
    double value;
    int64_t looked_at; /* wall ms; 0: not yet */
};
struct condition_rows {
    struct condition_row *items;
    size_t count;
};
bool store_condition_list(struct store_reader *r, const char *alert_id,
                          struct condition_rows *out, struct err *err);
void condition_rows_free(struct condition_rows *rows);

#endif
