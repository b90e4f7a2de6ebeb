/* Experiments; that one is finished is an event. A part of the contract in store.h. */
#ifndef STORE_EXPERIMENTS_H
#define STORE_EXPERIMENTS_H

#include "base/buf.h"
#include "store/store.h"

/* Keeps what was said of an experiment (one JSON object), the newest 10,000 of them; the
 * same id again changes nothing. No result. */
void store_experiment_put(struct store *s, const char *workspace, const char *id,
                          const char *body, store_done *done, void *arg);

/* Raises experiment:finished for each that is kept and has not been finished before.
 * result: const int64_t *, how many. */
void store_experiment_finish(struct store *s, const char *workspace, const char *user,
                             const char *const *ids, size_t count, store_done *done,
                             void *arg);

/* Appends the JSON object of one. ERR_NOT_FOUND. */
bool store_experiment_get(struct store_reader *r, const char *workspace, const char *id,
                          struct buf *out, struct err *err);

#endif
