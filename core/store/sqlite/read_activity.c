#include <stdlib.h>

#include "base/json.h"
#include "store/activity.h"
#include "store/sqlite/reader.h"

static bool read_row(sqlite3_stmt *row, void *item, struct err *err)
{
    struct activity_row *out = item;
    out->seq = db_col_int(row, 0);
    out->at = db_col_int(row, 1);
    out->type = (enum event_type)db_col_int(row, 3);
    out->matched = db_col_int(row, 6);
    out->considered = db_col_int(row, 7);
    out->passed_over = db_col_int(row, 8);
    return (db_col_copy(row, 2, &out->workspace) && db_col_copy(row, 4, &out->project) &&
            db_col_copy(row, 5, &out->user) && db_col_copy(row, 9, &out->verdicts)) ||
           err_memory(err);
}

bool store_activity_list(struct store_reader *r, const char *workspace, int64_t before,
                         int64_t limit, struct activity_rows *out, struct err *err)
{
    *out = (struct activity_rows){0};
    sqlite3_stmt *row = db_query(
        r->db,
        "SELECT seq, at, workspace, type, project, user, matched, considered, passed_over, "
        "verdicts FROM activity WHERE workspace = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
        DB_ARGS(db_text(workspace), db_int(before), db_int(limit < 0 ? 0 : limit)), err);
    if (ROWS_READ(r->db, row, out, read_row, err))
        return true;
    activity_rows_free(out);
    return false;
}

void activity_rows_free(struct activity_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].workspace);
        free(rows->items[i].project);
        free(rows->items[i].user);
        free(rows->items[i].verdicts);
    }
    free(rows->items);
    *rows = (struct activity_rows){0};
}

static void read_verdict(struct js_value object, struct activity_verdict *out,
                         struct buf *name)
{
    struct buf id;
    int64_t verdict = 0;
    *out = (struct activity_verdict){0};
    buf_init(&id, UUID_SIZE);
    if (js_string(js_get(object, "id"), &id))
        uuid_read(buf_span(&id), out->alert_id);
    buf_free(&id);
    buf_clear(name);
    js_string(js_get(object, "name"), name);
    out->alert_name = buf_text(name);
    js_int(js_get(object, "verdict"), &verdict);
    js_int(js_get(object, "until"), &out->until);
    out->verdict = (enum match_verdict)verdict;
}

void activity_each_verdict(const struct activity_row *row, activity_verdict_fn *fn, void *arg)
{
    struct js_value root;
    struct js_iter it;
    struct js_item item;
    struct buf name;
    if (!js_parse(span_of(row->verdicts), &root, NULL))
        return;
    buf_init(&name, BUF_UNLIMITED);
    js_iter(&it, root);
    while (js_next(&it, &item)) {
        struct activity_verdict v;
        read_verdict(item.value, &v, &name);
        fn(arg, &v);
    }
    buf_free(&name);
}
