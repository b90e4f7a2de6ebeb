/* Deliveries and their attempts, as people see them. A part of the contract in store.h. */
#ifndef STORE_DELIVERIES_H
#define STORE_DELIVERIES_H

#include "model/delivery.h"
#include "store/store.h"

struct delivery_filter {
    const char *workspace;      /* NULL: all */
    const char *alert_id;       /* NULL: all */
    int state;                  /* enum delivery_state; -1: all */
    int64_t since;              /* created at or after, wall ms; 0: all */
    int status_from, status_to; /* of the last attempt, both included; 0: all */
};
struct delivery_rows {
    struct delivery *items;
    size_t count;
};
/* Newest first; `before` is the id of the last one of the page before (NULL: the first
 * page). */
bool store_delivery_list(struct store_reader *r, const struct delivery_filter *filter,
                         const char *before, int64_t limit, struct delivery_rows *out,
                         struct err *err);
void delivery_rows_free(struct delivery_rows *rows);
/* One without its body and attempts. ERR_NOT_FOUND. */
bool store_delivery_row(struct store_reader *r, const char *workspace, const char *id,
                        struct delivery *out, struct err *err);
/* Fills attempts, of a delivery by its id, but for their headers and bodies. */
bool store_delivery_attempts(struct store_reader *r, struct delivery *d, struct err *err);
/* One whole, with its body and attempts. ERR_NOT_FOUND. */
bool store_delivery_get(struct store_reader *r, const char *workspace, const char *id,
                        struct delivery *out, struct err *err);

/* Alerts with deliveries that have not ended: when the oldest of them was made, wall ms. */
struct oldest_row {
    char alert_id[UUID_SIZE];
    int64_t created_at;
};
struct oldest_rows {
    struct oldest_row *items; /* by alert_id */
    size_t count;
};
bool store_oldest_open(struct store_reader *r, struct oldest_rows *out, struct err *err);
void oldest_rows_free(struct oldest_rows *rows);
int64_t oldest_rows_of(const struct oldest_rows *rows, const char *alert_id); /* 0: none */

/* Makes finished deliveries due again, with the same id and body: the first at once, each
 * of the others spacing_ms after the one before. result: const int64_t *, how many. */
void store_replay(struct store *s, const char *workspace, const char *const *ids,
                  size_t count, int64_t spacing_ms, store_done *done, void *arg);

#endif
