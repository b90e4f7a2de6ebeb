#include <stdlib.h>
#include <string.h>

#include "store/alerts.h"
#include "store/sqlite/alert_rows.h"
#include "store/sqlite/keys.h"
#include "store/sqlite/reader.h"

/* A delivery is noted as the newest when it begins to wait and when an attempt ended. In between,
 * and before it ever waited, its own row says that it is being sent: those are few. Where rows are
 * numbered anew (alert_last.c), a higher one that was noted is not there. */
#define SENT                                                                               \
    "(SELECT alert, max(row) AS row, created_at FROM deliveries WHERE state = 1 "          \
    "AND state <> 3 GROUP BY alert)"
#define NEWER                                                                              \
    "(s.row IS NOT NULL AND (l.delivery IS NULL OR s.row > l.delivery OR NOT EXISTS "      \
    "(SELECT 1 FROM deliveries AS d WHERE d.row = l.delivery AND d.alert = a.id)))"
#define LIST                                                                               \
    "SELECT a.id, a.workspace, a.name, a.origin, a.enabled, a.destination, "               \
    "a.trigger_bits, a.scoped_bits, a.created_at, a.updated_at, "                          \
    "CASE WHEN s.row = l.delivery OR " NEWER " THEN 1 ELSE l.state END, "                  \
    "CASE WHEN " NEWER " THEN 0 ELSE l.status END, "                                       \
    "CASE WHEN " NEWER " THEN s.created_at ELSE l.at END, "                                \
    "a.metadata ->> '" ALERT_TLS_INSECURE "' = 'true' "                                    \
    "FROM alerts AS a LEFT JOIN alert_last AS l ON l.alert = a.row "                       \
    "LEFT JOIN " SENT " AS s ON s.alert = a.id "
#define ORDER "ORDER BY a.name COLLATE NOCASE, a.id"

static bool read_list_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct alert_row *out = item;
    db_col_id(row, 0, out->id);
    out->enabled = db_col_int(row, 4);
    out->destination = (enum alert_destination)db_col_int(row, 5);
    out->triggers = (unsigned)db_col_int(row, 6);
    out->scoped = (unsigned)db_col_int(row, 7);
    out->created_at = db_col_int(row, 8);
    out->updated_at = db_col_int(row, 9);
    out->has_last = sqlite3_column_type(row, 10) != SQLITE_NULL;
    out->last_state = (enum delivery_state)db_col_int(row, 10);
    out->last_status = (int)db_col_int(row, 11);
    out->last_at = db_col_int(row, 12);
    out->insecure = db_col_int(row, 13);
    return (db_col_copy(row, 1, &out->workspace) && db_col_copy(row, 2, &out->name) &&
            db_col_copy(row, 3, &out->origin)) ||
           err_memory(err);
}

bool store_alert_list(struct store_reader *r, const char *workspace, struct alert_rows *out,
                      struct err *err)
{
    *out = (struct alert_rows){0};
    sqlite3_stmt *row = workspace ? db_query(r->db, LIST "WHERE a.workspace = ? " ORDER,
                                             DB_ARGS(db_text(workspace)), err)
                                  : db_query(r->db, LIST ORDER, DB_NO_ARGS, err);
    if (ROWS_READ(r->db, row, out, read_list_row, err))
        return true;
    alert_rows_free(out);
    return false;
}

void alert_rows_free(struct alert_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].workspace);
        free(rows->items[i].name);
        free(rows->items[i].origin);
    }
    free(rows->items);
    *rows = (struct alert_rows){0};
}

/* Another process may have changed the key. */
static bool find_with_secrets(struct store_reader *r, const char *id, bool *found,
                              struct alert *out, struct err *err)
{
    struct err own = {0};
    if (alert_row_find(r->db, r->sealer, id, found, out, &own))
        return true;
    if (own.code == ERR_DENIED && keys_check(r->db, r->sealer, NULL))
        return alert_row_find(r->db, r->sealer, id, found, out, err);
    return err_set(err, own.code, "%s", own.text);
}

bool store_alert_get(struct store_reader *r, const char *workspace, const char *id,
                     struct alert *out, struct err *err)
{
    bool found;
    alert_init(out);
    if (!find_with_secrets(r, id, &found, out, err))
        return false;
    if (found && (!workspace || strcmp(out->workspace, workspace) == 0))
        return true;
    if (found)
        alert_free(out);
    return err_set(err, ERR_NOT_FOUND, "no such alert");
}

bool store_alerts_all(struct store_reader *r, struct alerts *out, struct err *err)
{
    return alert_rows_all(r->db, out, err);
}

void alerts_free(struct alerts *alerts)
{
    for (size_t i = 0; i < alerts->count; i++)
        alert_free(&alerts->items[i]);
    free(alerts->items);
    *alerts = (struct alerts){0};
}
