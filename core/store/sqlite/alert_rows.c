#include "store/sqlite/alert_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"
#include "store/alerts.h"
#include "store/sqlite/reader.h"

/* ---------------------------------------------------------------- triggers */

static void condition_json(const struct alert_condition *c, struct buf *out)
{
    buf_add_format(out, "{\"id\":\"%s\",\"kind\":\"%s\",\"threshold\":\"%s\",\"window\":%lld",
                   c->id, condition_kind_name(c->kind), c->threshold, (long long)c->window_s);
    if (c->below)
        buf_add_text(out, ",\"below\":true");
    if (c->name) {
        buf_add_text(out, ",\"name\":");
        js_append_string(out, span_of(c->name));
    }
    buf_add_char(out, '}');
}

static void conditions_json(const struct alert_trigger *t, struct buf *out)
{
    buf_add_text(out, ",\"conditions\":[");
    for (size_t i = 0; i < t->condition_count; i++) {
        if (i)
            buf_add_char(out, ',');
        condition_json(&t->conditions[i], out);
    }
    buf_add_char(out, ']');
}

static bool trigger_json(const struct alert_trigger *t, struct buf *out)
{
    buf_add_format(out, "{\"id\":\"%s\",\"type\":\"%s\"", t->id, event_type_name(t->type));
    if (t->scoped) {
        buf_add_format(out, ",\"scope_id\":\"%s\",\"projects\":[", t->scope_id);
        for (size_t i = 0; i < t->project_count; i++)
            buf_add_format(out, "%s\"%s\"", i ? "," : "", t->projects[i]);
        buf_add_char(out, ']');
    }
    if (t->condition_count)
        conditions_json(t, out);
    return buf_add_char(out, '}');
}

bool alert_triggers_json(const struct alert *a, struct buf *out)
{
    buf_add_char(out, '[');
    for (size_t i = 0; i < a->trigger_count; i++) {
        if (i)
            buf_add_char(out, ',');
        trigger_json(&a->triggers[i], out);
    }
    return buf_add_char(out, ']');
}

/* Our own ids and names stand in the text without escapes. */
static struct span inner(struct js_value v)
{
    if (v.type != JS_STRING)
        return (struct span){"", 0};
    return (struct span){v.text.at + 1, v.text.len - 2};
}

static void copy_id(struct js_value v, char out[UUID_SIZE])
{
    if (!uuid_read(inner(v), out))
        out[0] = 0;
}

static bool read_projects(struct js_value list, struct alert_trigger *t)
{
    struct js_iter it;
    struct js_item item;
    js_iter(&it, list);
    while (js_next(&it, &item)) {
        char id[UUID_SIZE];
        copy_id(item.value, id);
        if (!alert_trigger_add_project(t, id))
            return false;
    }
    return true;
}

/* A JSON string as a malloc'ed text; NULL: absent, or no memory (*fine cleared). */
static char *copy_text(struct js_value v, bool *fine)
{
    struct buf text;
    if (v.type != JS_STRING)
        return NULL;
    buf_init(&text, BUF_UNLIMITED);
    char *copy = js_string(v, &text) ? buf_take(&text) : NULL;
    buf_free(&text);
    *fine = *fine && copy;
    return copy;
}

static bool read_condition(struct js_value v, struct alert_trigger *t)
{
    struct alert_condition c = {.below = js_get(v, "below").type == JS_TRUE};
    bool fine = condition_kind_parse(inner(js_get(v, "kind")), &c.kind) &&
                js_int(js_get(v, "window"), &c.window_s);
    copy_id(js_get(v, "id"), c.id);
    c.threshold = copy_text(js_get(v, "threshold"), &fine);
    c.name = copy_text(js_get(v, "name"), &fine);
    fine = fine && alert_trigger_add_condition(t, &c);
    free(c.threshold);
    free(c.name);
    return fine;
}

static bool read_conditions(struct js_value list, struct alert_trigger *t)
{
    struct js_iter it;
    struct js_item item;
    js_iter(&it, list);
    while (js_next(&it, &item))
        if (!read_condition(item.value, t))
            return false;
    return true;
}

static bool read_trigger(struct js_value v, struct alert *a, struct err *err)
{
    enum event_type type;
    if (!event_type_parse(inner(js_get(v, "type")), &type))
        return err_set(err, ERR_IO, "alert %s has a trigger that cannot be read", a->id);
    struct alert_trigger *t = alert_add_trigger(a, type);
    if (!t)
        return err_memory(err);
    copy_id(js_get(v, "id"), t->id);
    copy_id(js_get(v, "scope_id"), t->scope_id);
    struct js_value projects = js_get(v, "projects");
    t->scoped = js_is_set(projects);
    return (read_projects(projects, t) && read_conditions(js_get(v, "conditions"), t)) ||
           err_memory(err);
}

static bool read_triggers(struct span text, struct alert *a, struct err *err)
{
    struct js_value root;
    struct js_iter it;
    struct js_item item;
    if (!js_parse(text, &root, err))
        return false;
    js_iter(&it, root);
    while (js_next(&it, &item))
        if (!read_trigger(item.value, a, err))
            return false;
    return true;
}

/* ---------------------------------------------------------------- metadata */

bool alert_metadata_json(const struct alert *a, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < a->metadata_count; i++) {
        const struct alert_metadata *m = &a->metadata[i];
        if (alert_metadata_is_secret(m->key))
            continue; /* sealed with the other secrets */
        buf_add_char(out, any ? ',' : '{');
        js_append_string(out, span_of(m->key));
        buf_add_char(out, ':');
        js_append_string(out, span_of(m->value));
        any = true;
    }
    return buf_add_text(out, any ? "}" : "{}");
}

static bool read_member(const struct js_item *item, struct alert *a)
{
    struct buf quoted, key, value;
    struct err err;
    struct js_value name;
    buf_init(&quoted, BUF_UNLIMITED);
    buf_init(&key, BUF_UNLIMITED);
    buf_init_secret(&value, BUF_UNLIMITED);
    buf_add_format(&quoted, "\"%.*s\"", (int)item->key.len, item->key.at);
    bool fine = !quoted.failed && js_parse(buf_span(&quoted), &name, &err) &&
                js_string(name, &key) && js_string(item->value, &value) &&
                alert_set_metadata(a, buf_text(&key), buf_text(&value));
    buf_free(&quoted);
    buf_free(&key);
    buf_free(&value);
    return fine;
}

static bool read_metadata(struct span text, struct alert *a, struct err *err)
{
    struct js_value root;
    struct js_iter it;
    struct js_item item;
    if (!text.len)
        return true;
    if (!js_parse(text, &root, err))
        return false;
    js_iter(&it, root);
    while (js_next(&it, &item))
        if (!read_member(&item, a))
            return err_memory(err);
    return true;
}

/* ---------------------------------------------------------------- rows */

bool alert_row_read(sqlite3_stmt *row, struct alert *out, struct err *err)
{
    alert_init(out);
    db_col_id(row, 0, out->id);
    out->enabled = db_col_int(row, 3);
    out->destination = (enum alert_destination)db_col_int(row, 4);
    out->created_at = db_col_int(row, 5);
    out->updated_at = db_col_int(row, 6);
    db_col_id(row, 7, out->webhook_id);
    db_col_id(row, 8, out->project_id);
    out->revision = db_col_int(row, 9);
    bool fine = db_col_copy(row, 1, &out->workspace) && db_col_copy(row, 2, &out->name) &&
                db_col_copy(row, 10, &out->created_by) &&
                db_col_copy(row, 11, &out->updated_by);
    fine = fine ? read_metadata(db_col_text(row, 12), out, err) &&
                      read_triggers(db_col_text(row, 13), out, err)
                : err_memory(err);
    if (!fine)
        alert_free(out);
    return fine;
}

static bool read_one(sqlite3_stmt *row, void *item, struct err *err)
{
    return alert_row_read(row, item, err);
}

bool alert_rows_all(struct db *db, struct alerts *out, struct err *err)
{
    *out = (struct alerts){0};
    sqlite3_stmt *row =
        db_query(db, "SELECT " ALERT_COLUMNS " FROM alerts ORDER BY row", DB_NO_ARGS, err);
    if (ROWS_READ(db, row, out, read_one, err))
        return true;
    alerts_free(out);
    return false;
}

bool alert_row_find(struct db *db, const struct sealer *sealer, const char *id, bool *found,
                    struct alert *out, struct err *err)
{
    sqlite3_stmt *row =
        db_query(db, "SELECT " ALERT_COLUMNS ", sealed FROM alerts WHERE id = ?",
                 DB_ARGS(db_text(id)), err);
    int got = row ? db_step(db, row, err) : -1;
    *found = got == 1;
    if (got != 1)
        return got == 0;
    bool fine = alert_row_read(row, out, err);
    if (fine && sealer &&
        !alert_secrets_unseal(sealer, id, db_col_blob(row, 14), out, err)) {
        alert_free(out);
        fine = false;
    }
    db_end(row);
    return fine;
}

/* ---------------------------------------------------------------- secrets */

static void text_or_null(struct buf *out, const char *text)
{
    if (text)
        js_append_string(out, span_of(text));
    else
        buf_add_text(out, "null");
}

bool alert_secrets_seal(const struct sealer *s, const struct alert *a, struct buf *sealed,
                        struct err *err)
{
    struct buf plain;
    buf_init_secret(&plain, BUF_UNLIMITED);
    buf_add_text(&plain, "{\"url\":");
    text_or_null(&plain, a->url);
    buf_add_text(&plain, ",\"token\":");
    text_or_null(&plain, a->token);
    buf_add_text(&plain, ",\"headers\":[");
    for (size_t i = 0; i < a->header_count; i++) {
        buf_add_text(&plain, i ? ",[" : "[");
        text_or_null(&plain, a->headers[i].name);
        buf_add_char(&plain, ',');
        text_or_null(&plain, a->headers[i].value);
        buf_add_char(&plain, ']');
    }
    buf_add_char(&plain, ']');
    for (size_t i = 0; i < a->metadata_count; i++) {
        const struct alert_metadata *m = &a->metadata[i];
        if (!alert_metadata_is_secret(m->key))
            continue;
        buf_add_format(&plain, ",\"%s\":", m->key);
        text_or_null(&plain, m->value);
    }
    buf_add_char(&plain, '}');
    bool fine = !plain.failed && seal(s, a->id, buf_span(&plain), sealed);
    buf_free(&plain);
    return fine || err_memory(err);
}

/* A JSON string into a secret field; null leaves it unset. */
static bool read_secret(struct js_value v, struct buf *scratch, char **field)
{
    if (v.type != JS_STRING)
        return true;
    buf_clear(scratch);
    return buf_reserve(scratch, v.text.len) && js_string(v, scratch) &&
           alert_set_secret(field, buf_text(scratch));
}

static bool read_header(struct js_value pair, struct buf *scratch, struct alert *a)
{
    struct js_iter it;
    struct js_item name, value;
    js_iter(&it, pair);
    if (!js_next(&it, &name) || !js_next(&it, &value))
        return true;
    char *plain_name = NULL, *plain_value = NULL;
    bool fine =
        read_secret(name.value, scratch, &plain_name) &&
        read_secret(value.value, scratch, &plain_value) &&
        alert_add_header(a, plain_name ? plain_name : "", plain_value ? plain_value : "");
    secret_free(&plain_name);
    secret_free(&plain_value);
    return fine;
}

static bool read_secret_metadata(const char *key, struct js_value value,
                                 struct buf *scratch, struct alert *a)
{
    char *plain = NULL;
    bool fine =
        !alert_metadata_is_secret(key) || (read_secret(value, scratch, &plain) &&
                                           (!plain || alert_set_metadata(a, key, plain)));
    secret_free(&plain);
    return fine;
}

static bool read_headers(struct js_value list, struct buf *scratch, struct alert *a)
{
    struct js_iter it;
    struct js_item item;
    js_iter(&it, list);
    while (js_next(&it, &item))
        if (!read_header(item.value, scratch, a))
            return false;
    return true;
}

/* A member of the sealed object. */
static bool read_secret_member(const struct js_item *item, struct buf *scratch,
                               struct alert *a)
{
    char key[32];
    if (item->key.len >= sizeof key)
        return true;
    memcpy(key, item->key.at, item->key.len);
    key[item->key.len] = '\0';
    if (strcmp(key, "url") == 0)
        return read_secret(item->value, scratch, &a->url);
    if (strcmp(key, "token") == 0)
        return read_secret(item->value, scratch, &a->token);
    if (strcmp(key, "headers") == 0)
        return read_headers(item->value, scratch, a);
    return read_secret_metadata(key, item->value, scratch, a);
}

static bool read_secrets(struct js_value root, struct buf *scratch, struct alert *a)
{
    struct js_iter it;
    struct js_item item;
    js_iter(&it, root);
    while (js_next(&it, &item))
        if (!read_secret_member(&item, scratch, a))
            return false;
    return true;
}

bool alert_secrets_unseal(const struct sealer *s, const char *id, struct span sealed,
                          struct alert *a, struct err *err)
{
    struct buf plain, scratch;
    struct js_value root;
    buf_init_secret(&plain, BUF_UNLIMITED);
    buf_init_secret(&scratch, BUF_UNLIMITED);
    bool fine =
        buf_reserve(&plain, sealed.len) && buf_reserve(&scratch, sealed.len)
            ? unseal(s, id, sealed, &plain, err) && js_parse(buf_span(&plain), &root, err)
            : err_memory(err);
    fine = fine && (read_secrets(root, &scratch, a) || err_memory(err));
    buf_free(&plain);
    buf_free(&scratch);
    return fine;
}
