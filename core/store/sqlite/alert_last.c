#include "store/sqlite/alert_last.h"

#include <string.h>

#include "store/sqlite/store_impl.h"

/* Rows of deliveries are numbered in the order of their birth, and from 1 again when the
 * last is purged: then a higher one that is noted is gone, or another alert's. */
#define NOTE "INSERT INTO alert_last (alert, delivery, state, status, at) VALUES "
#define LAST "(?, ?, ?, ?, ?)"
#define LAST_AS_IT_WAS "(?1, ?2, ?3, (SELECT status FROM deliveries WHERE row = ?2), ?5)"
#define IF_NEWEST                                                                          \
    " ON CONFLICT (alert) DO UPDATE SET delivery = excluded.delivery, "                    \
    "state = excluded.state, status = excluded.status, at = excluded.at "                  \
    "WHERE alert_last.delivery <= excluded.delivery OR NOT EXISTS (SELECT 1 FROM "         \
    "deliveries AS d WHERE d.row = alert_last.delivery AND "                               \
    "d.alert = (SELECT id FROM alerts AS a WHERE a.row = alert_last.alert))"
enum { COLUMNS = 5, AT_ONCE = 8 };
_Static_assert(AT_ONCE == 8, "a row for each");

static bool note(struct tx *tx, const struct alert_last *const *lasts, size_t count,
                 struct err *err)
{
    struct db_arg args[AT_ONCE * COLUMNS];
    for (size_t i = 0; i < count; i++) {
        const struct db_arg all[COLUMNS] = {
            db_int(lasts[i]->alert), db_int(lasts[i]->delivery), db_int(lasts[i]->state),
            db_int(lasts[i]->status), db_int(tx->wall)};
        memcpy(&args[i * COLUMNS], all, sizeof all);
    }
    const char *sql = count > 1                              ? NOTE DB_EIGHT(LAST) IF_NEWEST
                      : lasts[0]->status == STATUS_AS_IT_WAS ? NOTE LAST_AS_IT_WAS IF_NEWEST
                                                             : NOTE LAST IF_NEWEST;
    return db_run(tx->db, sql, args, count * COLUMNS, err);
}

/* Whether what a later one says takes its place anyway. */
static bool is_outdated(const struct alert_last *lasts, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count; i++)
        if (lasts[i].alert == lasts[at].alert && lasts[i].delivery > lasts[at].delivery)
            return true;
    return false;
}

bool alert_last_note(struct tx *tx, const struct alert_last *lasts, size_t count,
                     struct err *err)
{
    const struct alert_last *noted[AT_ONCE];
    size_t waiting = 0;
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++) {
        if (is_outdated(lasts, count, i))
            continue;
        noted[waiting++] = &lasts[i];
        if (waiting < AT_ONCE)
            continue;
        fine = note(tx, noted, waiting, err);
        waiting = 0;
    }
    for (size_t i = 0; i < waiting && fine; i++)
        fine = note(tx, &noted[i], 1, err);
    return fine;
}
