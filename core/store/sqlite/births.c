#include "store/sqlite/births.h"

#include <string.h>

#include "store/sqlite/alert_last.h"

/* A statement of several rows that fails keeps those before: the step is undone as a whole,
 * and without OR FAIL each such statement would keep what it needs to be undone by itself.
 */
#define DELIVERIES                                                                         \
    "INSERT OR FAIL INTO deliveries (id, alert, alert_name, workspace, type, state, "      \
    "endpoint, events, truncated, created_at, born_at, next_at, attempts) VALUES "
#define DELIVERY   "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
enum { BIRTH_COLUMNS = 12 };
_Static_assert(BIRTHS_AT_ONCE == 8, "a row for each");

static void bind_delivery(const struct tx *tx, const struct birth *b, struct db_arg *args)
{
    bool waits = b->state == DELIVERY_WAITING;
    const struct db_arg all[BIRTH_COLUMNS] = {
        db_text(b->id),         db_text(b->alert_id),
        db_text(b->alert_name), db_text(b->workspace),
        db_int(b->type),        db_int(b->state),
        db_text(b->endpoint),   db_int(b->events),
        db_int(b->truncated),   db_int(tx->wall),
        db_int(tx->steady),     waits ? db_int(tx->steady) : db_null()};
    memcpy(args, all, sizeof all);
}

/* Rows of one statement are numbered one after the other. */
static bool write_deliveries(struct tx *tx, struct birth *births, size_t count,
                             struct err *err)
{
    struct db_arg args[BIRTHS_AT_ONCE * BIRTH_COLUMNS];
    for (size_t i = 0; i < count; i++)
        bind_delivery(tx, &births[i], &args[i * BIRTH_COLUMNS]);
    if (!db_run(tx->db, count == 1 ? DELIVERIES DELIVERY : DELIVERIES DB_EIGHT(DELIVERY),
                args, count * BIRTH_COLUMNS, err))
        return false;
    int64_t last = db_last_row(tx->db);
    for (size_t i = 0; i < count; i++)
        births[i].row = last + 1 - (int64_t)(count - i);
    return true;
}

static bool write_bodies(struct tx *tx, const struct birth *births, size_t count,
                         struct err *err)
{
    struct body bodies[BIRTHS_AT_ONCE];
    for (size_t i = 0; i < count; i++)
        bodies[i] = (struct body){births[i].row, buf_span(&births[i].body),
                                  births[i].parts.count ? &births[i].parts : NULL};
    return bodies_write(tx->db, bodies, count, err);
}

/* Of those that wait. */
static bool note_last(struct tx *tx, const struct birth *births, size_t count,
                      struct err *err)
{
    struct alert_last lasts[BIRTHS_AT_ONCE];
    size_t waiting = 0;
    for (size_t i = 0; i < count; i++)
        if (births[i].state != DELIVERY_SENDING)
            lasts[waiting++] =
                (struct alert_last){births[i].alert, births[i].row, births[i].state, 0};
    return alert_last_note(tx, lasts, waiting, err);
}

bool births_write(struct tx *tx, struct birth *births, size_t count, struct err *err)
{
    if (count == 0)
        return true;
    tx->changes |= STORE_CHANGED_DELIVERIES;
    for (size_t i = 0, n; i < count; i += n) {
        n = count - i == BIRTHS_AT_ONCE ? BIRTHS_AT_ONCE : 1;
        if (!write_deliveries(tx, &births[i], n, err))
            return false;
    }
    if (!write_bodies(tx, births, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        tx->delta[COUNTER_DELIVERIES + (int)births[i].state]++;
        tx->delta[COUNTER_EVENTS + (int)births[i].state] += births[i].events;
    }
    return note_last(tx, births, count, err);
}
