#include <stdlib.h>

#include "store/audit.h"
#include "store/sqlite/reader.h"

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct audit_row *out = item;
    char **const texts[] = {&out->user,   &out->host, &out->via,       &out->place, &out->action,
                            &out->object, &out->name, &out->workspace, &out->detail};
    out->seq = db_col_int(row, 0);
    out->at = db_col_int(row, 1);
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        if (!db_col_copy(row, i + 2, texts[i]))
            return err_memory(err);
    return true;
}

/* In the order of seq, which is the table's own; the index on `at` is for the purge. */
bool store_audit_list(struct store_reader *r, const struct audit_filter *filter, int64_t before,
                      int64_t limit, struct audit_rows *out, struct err *err)
{
    *out = (struct audit_rows){0};
    sqlite3_stmt *row = db_query(
        r->db,
        "SELECT seq, at, user, host, via, place, action, object, name, workspace, detail "
        "FROM audit WHERE seq < ?1 AND +at >= ?2 AND (?3 IS NULL OR workspace IN (?3, '')) "
        "ORDER BY seq DESC LIMIT ?4",
        DB_ARGS(db_int(before), db_int(filter->since), db_text(filter->workspace),
                db_int(limit < 0 ? 0 : limit)),
        err);
    if (ROWS_READ(r->db, row, out, read_row, err))
        return true;
    audit_rows_free(out);
    return false;
}

void audit_row_free(struct audit_row *row)
{
    free(row->user);
    free(row->host);
    free(row->via);
    free(row->place);
    free(row->action);
    free(row->object);
    free(row->name);
    free(row->workspace);
    free(row->detail);
    *row = (struct audit_row){0};
}

void audit_rows_free(struct audit_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        audit_row_free(&rows->items[i]);
    free(rows->items);
    *rows = (struct audit_rows){0};
}
