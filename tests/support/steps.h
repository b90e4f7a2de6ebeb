/* The steps of store.h, carried out and waited for. They return false (or -1) and fill *err
 * when the step failed. And a store in a directory of its own with a clock that is driven.
 */
#ifndef SUPPORT_STEPS_H
#define SUPPORT_STEPS_H

#include <stdatomic.h>
#include <sys/types.h>

#include "rules/silence.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/delivering.h"
#include "store/store.h"

/* For steps that have no wrapper below: pass step_done and &wait as done and arg, then call
 * step_wait(). `copy` (may be NULL) is called with the result before the step is freed. */
struct step_wait {
    void (*copy)(void *to, const void *result);
    void *to;
    struct err err;
    atomic_bool answered;
};
void step_done(void *arg, const struct err *err, const void *result);
bool step_wait(struct step_wait *wait, struct err *err);

/* -------- a request */

struct accept *step_request(const char *workspace); /* user "admin" */
/* Adds a fact whose entity is {"id":"<trace_id>","n":<n>}. trace_id and project may be
 * NULL. */
struct fact *step_add_fact(struct accept *a, enum event_type type, const char *trace_id,
                           const char *project, int n);
bool step_accept(struct store *s, struct accept *a, struct accepted *out, struct err *err);

/* -------- the others */

/* A general, enabled alert of workspace "default" on that URL, with one trigger. */
void step_alert_make(struct alert *a, const char *name, const char *url,
                     enum event_type type);
bool step_alert_put(struct store *s, const struct alert *a, enum store_put how,
                    struct alert *out, struct err *err); /* out may be NULL */
int64_t step_alert_enable(struct store *s, const char *id, bool enabled);
int64_t step_alert_delete(struct store *s, const char *id);
bool step_project(struct store *s, const char *workspace, const char *name,
                  bool must_be_new, char id[UUID_SIZE], struct err *err);
enum { STEP_RECOVER_OF = 4 }; /* what step_recover says that a delivery may have */
int64_t step_recover(struct store *s);
int64_t step_close_due(struct store *s, int64_t now, int64_t limit);
/* The caller frees each claim and items. */
bool step_claim(struct store *s, int64_t now, int64_t limit, const char (*busy)[33],
                size_t busy_count, struct claims *out, struct err *err);
/* `limit` of buckets and of claims; `each`: claims of one endpoint. */
bool step_close_claim(struct store *s, int64_t now, int64_t limit, size_t each,
                      struct closed *out, struct err *err);
void step_claims_free(struct claims *claims);
/* Records an answer with that status (0: a network error) and moves to that state. */
bool step_record(struct store *s, const struct claim *c, int status,
                 enum delivery_state state, int64_t next_at, struct err *err);
int64_t step_replay(struct store *s, const char *id);
int64_t step_purge(struct store *s, int64_t before, int64_t limit);
int64_t step_trim(struct store *s, int64_t max_size, int64_t limit);
int64_t step_expire(struct store *s, int64_t before, int64_t limit);

/* A silence of workspace "default", by "ann"; workspace and created_by need not be set. */
bool step_silence_put(struct store *s, const struct silence *silence, char id[UUID_SIZE],
                      struct err *err);
int64_t step_silence_end(struct store *s, const char *id);
int64_t step_silence_follow(struct store *s);

/* -------- a store of its own */

struct store_fixture {
    char *dir;
    _Atomic int64_t now;
    struct clock clock;
    struct store_limits limits; /* 30 s, 10,000 events, 8 MiB */
    struct store *store;
    struct store_reader *reader;
    bool listens;        /* see store_fixture_changes() */
    atomic_uint changes;
};
/* All abort the test program when they cannot. */
void store_fixture_make(struct store_fixture *f); /* a new directory, opened */
void store_fixture_open(struct store_fixture *f); /* opens (again) what is in f->dir */
void store_fixture_close(
    struct store_fixture *f); /* closes the store, keeps the directory */
void store_fixture_remove(struct store_fixture *f); /* closes and removes all */
int64_t store_fixture_number(const struct store_fixture *f, const char *sql); /* in its file */
void store_fixture_exec(const struct store_fixture *f, const char *sql);      /* the same */
/* What a subscriber was told since the last call (enum store_change), by all that was asked for
 * before this one; the first call subscribes. */
unsigned store_fixture_changes(struct store_fixture *f);
/* What doctor adds up: the test fails where the sums are not right. */
struct store_counts store_fixture_counts(const struct store_fixture *f);

/* The same for cmocka: *state is a struct store_fixture. */
int store_fixture_set_up(void **state);
int store_fixture_tear_down(void **state);

/* fork() while the store is open, for a child that opens it too. Its writer stands still: a lock
 * of AddressSanitizer's allocator that it holds would be held for ever in the child. The test is
 * skipped under ThreadSanitizer, which cannot follow a child that then starts threads. */
pid_t store_fixture_fork(struct store_fixture *f);

#endif
