#include <string.h>

#include "store/deliveries.h"
#include "store/sqlite/delivery_row.h"
#include "store/sqlite/ids_step.h"

/* The attempts are counted anew, and so is the age; the endpoint is the alert's of now. */
static bool replay_one(struct tx *tx, const struct delivery_row *d, int64_t due, bool *did,
                       struct err *err)
{
    *did = false;
    if (!db_run(
            tx->db,
            "UPDATE deliveries SET round_from = attempts, born_at = ?, "
            "endpoint = (SELECT endpoint FROM alerts WHERE id = ?) "
            "WHERE row = ? AND EXISTS (SELECT 1 FROM alerts WHERE id = ? AND enabled = 1)",
            DB_ARGS(db_int(due), db_text(d->alert_id), db_int(d->row),
                    db_text(d->alert_id)),
            err))
        return false;
    if (db_changes(tx->db) == 0)
        return true;
    *did = true;
    const struct delivery_move move = {DELIVERY_WAITING, due, NULL, d->attempts,
                                       STATUS_AS_IT_WAS};
    return delivery_row_move(tx, d, &move, err);
}

static bool audit_replay(const struct ids_step *s, struct tx *tx, const struct delivery_row *d,
                         struct err *err)
{
    const struct audit_entry entry = {"delivery.replay", d->id, d->alert_name, d->workspace,
                                      event_type_name(d->type)};
    return audit_add(tx, &s->by, &entry, err);
}

static bool run_replay(struct step *step, struct tx *tx, struct err *err)
{
    struct ids_step *s = (struct ids_step *)step;
    for (size_t i = 0; i < s->count; i++) {
        struct delivery_row d;
        bool found, did = false, fine = true;
        if (!delivery_row_find(tx, 0, s->ids[i], &found, &d, err))
            return false;
        if (!found)
            continue;
        if (d.state >= DELIVERY_DELIVERED && strcmp(d.workspace, s->workspace) == 0)
            fine = replay_one(tx, &d, tx->steady + s->result * s->spacing_ms, &did, err) &&
                   (!did || audit_replay(s, tx, &d, err));
        delivery_row_free(&d);
        if (!fine)
            return false;
        s->result += did;
    }
    return true;
}

void store_replay(struct store *s, const char *workspace, const char *const *ids,
                  size_t count, int64_t spacing_ms, store_done *done, void *arg)
{
    struct ids_step *step =
        ids_step_new(run_replay, workspace, ids, count, NULL, done, arg);
    if (!step)
        return;
    step->spacing_ms = spacing_ms;
    writer_submit(s, &step->step);
}
