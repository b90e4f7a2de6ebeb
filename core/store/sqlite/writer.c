#include "store/sqlite/writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/accept.h"
#include "store/aside.h"
#include "store/health.h"
#include "store/sqlite/draft.h"
#include "store/sqlite/store_impl.h"
#include "store/sqlite/thread.h"
#include "store/sqlite/tx.h"

enum {
    GROUP_STEPS = 256,
    GROUP_BYTES = 8 << 20,
    /* Of steps that nobody waits for: so much wakes the writer, and so much is the limit.
     */
    EARLY_STEPS = 64,
    EARLY_BYTES = 256 << 10,
    EARLY_STEPS_MAX = 512,
    EARLY_BYTES_MAX = 1 << 20,
    LAZY_MS = 1000,
    TICK_MS =
        1050, /* with what the engine wakes up for now and then, once a second at most */
    HURRY_MS = 300,
};

/* ---------------------------------------------------------------- asking */

void *step_new(size_t size, bool (*run)(struct step *, struct tx *, struct err *),
               void (*free_step)(struct step *), store_done *done, void *arg)
{
    struct step *step = calloc(1, size);
    if (!step) {
        struct err err;
        err_memory(&err);
        if (done)
            done(arg, &err, NULL);
        return NULL;
    }
    step->run = run;
    step->free = free_step;
    step->done = done;
    step->arg = arg;
    return step;
}

static void answer(struct step *step)
{
    if (step->done)
        step->done(step->arg, step->failed ? &step->err : NULL,
                   step->failed ? NULL : step->result);
    step->free(step);
}

void step_refuse(struct step *step)
{
    step->failed = true;
    err_memory(&step->err);
    answer(step);
}

/* Both with the lock held. */
static void append(struct store *s, struct step *step)
{
    step->next = NULL;
    *s->queue_end = step;
    s->queue_end = &step->next;
    s->queued++;
    s->queued_bytes += step->bytes;
    s->asked++;
}

/* Once for each time the writer waits: it takes what there is. */
static void wake(struct store *s)
{
    if (!s->awaited)
        pthread_cond_signal(&s->wake);
    s->awaited = true;
}

void writer_submit(struct store *s, struct step *step)
{
    if (!s->started) {
        step->failed = true;
        err_set(&step->err, ERR_DENIED, "the store was opened to be read only");
        answer(step);
        return;
    }
    pthread_mutex_lock(&s->lock);
    append(s, step);
    wake(s);
    pthread_mutex_unlock(&s->lock);
}

bool writer_submit_early(struct store *s, struct step *step, const struct accept *a)
{
    pthread_mutex_lock(&s->lock);
    bool may = s->started && !s->stopping && !s->trouble.code &&
               s->queued < EARLY_STEPS_MAX && s->queued_bytes < EARLY_BYTES_MAX &&
               passing_has(&s->passing, a);
    if (may) {
        append(s, step);
        if (s->queued >= EARLY_STEPS || s->queued_bytes >= EARLY_BYTES)
            wake(s);
    }
    pthread_mutex_unlock(&s->lock);
    return may;
}

void store_drain(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t upto = s->asked;
    if (s->queue)
        wake(s);
    while (s->answers < upto)
        pthread_cond_wait(&s->answered, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void store_park(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    s->parking++;
    pthread_cond_broadcast(&s->wake);
    while (s->started && !s->parked)
        pthread_cond_wait(&s->answered, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void store_unpark(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    s->parking--;
    pthread_cond_broadcast(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

/* ---------------------------------------------------------------- subscribers */

bool store_subscribe(struct store *s, store_changed *changed, void *arg)
{
    struct subscriber *one = malloc(sizeof *one);
    if (!one)
        return false;
    pthread_mutex_lock(&s->subscribers_lock);
    *one = (struct subscriber){changed, arg, s->subscribers};
    s->subscribers = one;
    pthread_mutex_unlock(&s->subscribers_lock);
    return true;
}

void store_unsubscribe(struct store *s, store_changed *changed, void *arg)
{
    pthread_mutex_lock(&s->subscribers_lock);
    struct subscriber **at = &s->subscribers;
    while (*at && ((*at)->changed != changed || (*at)->arg != arg))
        at = &(*at)->next;
    struct subscriber *gone = *at;
    if (gone)
        *at = gone->next;
    pthread_mutex_unlock(&s->subscribers_lock);
    free(gone);
}

static void notify(struct store *s, unsigned changes)
{
    if (changes == 0)
        return;
    pthread_mutex_lock(&s->subscribers_lock);
    for (struct subscriber *one = s->subscribers; one; one = one->next)
        one->changed(one->arg, changes);
    pthread_mutex_unlock(&s->subscribers_lock);
}

/* ---------------------------------------------------------------- a group */

/* Takes what waits, up to the bounds of a group. Called with the lock held. */
static struct step *take_group(struct store *s)
{
    struct step *group = s->queue, **end = &s->queue;
    size_t steps = 0, bytes = 0;
    while (*end && steps < GROUP_STEPS && bytes < GROUP_BYTES) {
        bytes += (*end)->bytes;
        steps++;
        end = &(*end)->next;
    }
    s->queue = *end;
    *end = NULL;
    if (!s->queue)
        s->queue_end = &s->queue;
    s->queued -= steps;
    s->queued_bytes -= bytes;
    s->awaited = s->queue != NULL;
    s->limits = s->new_limits;
    db_set_wait(s->db, s->hurry ? HURRY_MS : DB_WAIT_MS);
    return group;
}

static bool may_checkpoint(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    bool may = s->checkpointing;
    pthread_mutex_unlock(&s->lock);
    return may;
}

/* Those that were answered before cannot be refused any more: when the group failed, for another
 * of its steps perhaps, they are carried out by themselves. */
static bool carry_out_early(struct tx *tx, struct store *s, struct step *group)
{
    struct err err;
    bool fine = tx_begin(tx, s, false, &err);
    for (struct step *step = group; step && fine; step = step->next)
        fine = !step->early || tx_run(tx, step, &err);
    fine = fine && tx_commit(tx, false, &err);
    if (!fine)
        tx_rollback(tx);
    return fine;
}

static bool has_early(const struct step *group)
{
    while (group && !group->early)
        group = group->next;
    return group != NULL;
}

static bool carry_out(struct tx *tx, struct store *s, struct step *group, bool lazy_too,
                      struct err *err)
{
    bool probe = !group && s->trouble.code, durable = probe;
    int64_t request = 0;
    for (struct step *step = group; step; step = step->next)
        durable |= step->durable;
    bool fine = tx_begin(tx, s, durable, err) && (!probe || tx_request(tx, &request, err));
    if (fine && durable && may_checkpoint(s))
        wal_before(&s->wal, s->db);
    for (struct step *step = group; step && fine; step = step->next)
        fine = tx_run(tx, step, err);
    return fine && tx_commit(tx, lazy_too, err);
}

static void answer_all(struct store *s, struct step *group)
{
    uint64_t count = 0;
    while (group) {
        struct step *step = group;
        group = step->next;
        answer(step);
        count++;
    }
    pthread_mutex_lock(&s->lock);
    s->answers += count;
    pthread_cond_broadcast(&s->answered);
    pthread_mutex_unlock(&s->lock);
}

void store_trouble(struct store *s, char *out, size_t size)
{
    pthread_mutex_lock(&s->lock);
    snprintf(out, size, "%s", s->trouble.text);
    pthread_mutex_unlock(&s->lock);
}

uint64_t store_turns(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t turns = s->turns;
    pthread_mutex_unlock(&s->lock);
    return turns;
}

/* Other failures are of what was asked for, or pass by themselves; and a commit that had nothing
 * to write tells nothing of the disk. */
static void note_trouble(struct store *s, const struct tx *tx, bool fine, const struct err *err)
{
    bool trouble = !fine && (err->code == ERR_FULL || err->code == ERR_IO);
    bool wrote = fine && sqlite3_total_changes64(db_handle(s->db)) != tx->changes_before;
    if (!wrote && !trouble)
        return;
    pthread_mutex_lock(&s->lock);
    bool changed = strcmp(s->trouble.text, trouble ? err->text : "") != 0;
    s->trouble = trouble ? *err : (struct err){0};
    pthread_mutex_unlock(&s->lock);
    if (changed)
        notify(s, STORE_CHANGED_TROUBLE);
}

static bool is_urgent(const struct step *group)
{
    while (group && !group->urgent)
        group = group->next;
    return group != NULL;
}

static void note_lazy(struct store *s)
{
    if (!tx_has_lazy(s))
        s->lazy_since = 0;
    else if (s->lazy_since == 0)
        s->lazy_since = clock_steady_ms(s->clock);
}

static void run_group(struct store *s, struct step *group, bool lazy_too)
{
    struct tx tx;
    struct err err;
    bool urgent = is_urgent(group);
    bool fine = carry_out(&tx, s, group, lazy_too, &err);
    if (!fine) {
        tx_rollback(&tx);
        for (struct step *step = group; step; step = step->next) {
            if (!step->failed)
                step->err = err;
            step->failed = true;
        }
    }
    note_trouble(s, &tx, fine, &err);
    if (!fine && has_early(group))
        fine = carry_out_early(&tx, s, group);
    note_lazy(s);
    answer_all(s, group);
    if (fine) {
        notify(s, tx.changes);
        const struct wal_commit commit = {tx.steady, urgent, may_checkpoint(s)};
        wal_after(&s->wal, s->db, &commit);
    }
}

/* What waits for a commit that is made anyway does not wait for longer than LAZY_MS,
 * however little there is to commit: it is a group of its own then, or where it fails those
 * that write nothing would fail with it. */
static void save_lazy_in_time(struct store *s)
{
    int64_t now = clock_steady_ms(s->clock);
    if (s->lazy_since == 0 || now - s->lazy_since < LAZY_MS)
        return;
    run_group(s, NULL, true);
    if (s->lazy_since != 0)
        s->lazy_since = now; /* it failed: not again at once */
}

/* ---------------------------------------------------------------- the thread */

/* A while without work: what another process did, what was put off, whether the disk works
 * again, the log of changes. */
static void idle(struct store *s)
{
    int64_t version;
    if (db_version(s->db, &version, NULL) && version != s->version) {
        s->version = version;
        tx_reset_caches(s);
        s->wal.dirty = true;
        draft_forget(s); /* its bucket may be gone, and nobody goes on with it */
        notify(s, STORE_CHANGED_ALL);
    }
    if (tx_has_lazy(s) || s->trouble.code)
        run_group(s, NULL, true);
    if (may_checkpoint(s))
        wal_idle(&s->wal, s->db);
}

/* Called with the lock held, as the next. */
static void stand_still(struct store *s)
{
    pthread_mutex_unlock(&s->lock);
    if (tx_has_lazy(s))
        run_group(s, NULL, true);
    draft_forget(s); /* another process may close its bucket */
    pthread_mutex_lock(&s->lock);
    s->parked = !s->queue;
    pthread_cond_broadcast(&s->answered);
    while (s->parked && s->parking > 0 && !s->stopping)
        pthread_cond_wait(&s->wake, &s->lock);
    s->parked = false;
}

/* Waits for steps that cannot wait themselves, for one tick at most; whether there are
 * some. */
static bool wait_for_work(struct store *s)
{
    struct timespec until = clock_monotonic_in(TICK_MS);
    while (!s->awaited && !s->stopping && s->parking == 0)
        if (pthread_cond_timedwait(&s->wake, &s->lock, &until) == ETIMEDOUT)
            return false;
    return true;
}

static void *writer_main(void *arg)
{
    struct store *s = arg;
    pthread_mutex_lock(&s->lock);
    while (s->queue || !s->stopping) {
        s->turns++;
        bool calm = !wait_for_work(s);
        if (s->parking > 0 && !s->queue && !s->stopping) {
            stand_still(s);
            continue;
        }
        struct step *group = take_group(s);
        bool stopping = s->stopping;
        pthread_mutex_unlock(&s->lock);
        if (group)
            run_group(s, group, calm);
        save_lazy_in_time(s);
        if (calm && !stopping)
            idle(s);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    if (tx_has_lazy(s))
        run_group(s, NULL, true);
    return NULL;
}

bool writer_start(struct store *s, struct err *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&s->thread, NULL, writer_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return err_set(err, ERR_MEMORY, "cannot start the store's thread");
    s->started = true;
    return true;
}

void writer_stop(struct store *s)
{
    if (!s->started)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    s->started = false;
}
