#include "model/tojson.h"

#include <string.h>

#include "base/json.h"
#include "base/timefmt.h"
#include "model/jsonmem.h"

json_t *tojson_string(const char *text)
{
    jsonmem_begin();
    json_t *value = json_string(text);
    if (value || jsonmem_failed())
        return value;
    struct buf
        quoted; /* jansson takes valid UTF-8 only, the scanner's writer takes anything */
    buf_init_secret(&quoted, BUF_UNLIMITED);
    if (js_append_string(&quoted, span_of(text)))
        value = json_loadb(quoted.data, quoted.len, JSON_DECODE_ANY, NULL);
    buf_free(&quoted);
    if (!jsonmem_failed())
        return value;
    json_decref(value);
    return NULL;
}

void tojson_value(json_t *o, const char *key, json_t *value, bool *ok)
{
    if (json_object_set_new(o, key, value) != 0)
        *ok = false;
}

void tojson_text(json_t *o, const char *key, const char *text, bool *ok)
{
    if (text && *text)
        tojson_value(o, key, tojson_string(text), ok);
}

void tojson_time(json_t *o, const char *key, int64_t ms, bool *ok)
{
    char text[TIMEFMT_ISO_SIZE];
    if (ms <= 0)
        return;
    timefmt_iso(ms, text);
    tojson_value(o, key, json_string(text), ok);
}

void tojson_number(json_t *o, const char *key, int64_t number, bool *ok)
{
    tojson_value(o, key, json_integer(number), ok);
}

static int append(const char *bytes, size_t len, void *out)
{
    return buf_add(out, bytes, len) ? 0 : -1;
}

bool tojson_write(json_t *root, bool ok, struct buf *out)
{
    /* A callback, and not json_dumps(): that leaves copies of secrets in freed memory. */
    ok = ok && json_dump_callback(root, append, out, JSON_COMPACT) == 0;
    json_decref(root);
    return ok;
}
