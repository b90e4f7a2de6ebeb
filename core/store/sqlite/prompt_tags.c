#include "store/sqlite/prompt_tags.h"

#include <stdlib.h>

#include "base/json.h"

struct tags {
    struct buf items[PROMPT_TAGS_MAX]; /* as JSON strings in one normal form */
    size_t count;
};

static bool add_tag(struct tags *tags, struct js_value value, struct err *err)
{
    if (value.type != JS_STRING)
        return err_set(err, ERR_INVALID, "tags must be strings");
    if (tags->count == PROMPT_TAGS_MAX)
        return err_set(err, ERR_INVALID, "more than %d tags", PROMPT_TAGS_MAX);
    struct buf plain, *item = &tags->items[tags->count];
    buf_init(&plain, BUF_UNLIMITED);
    buf_init(item, BUF_UNLIMITED);
    bool done = js_string(value, &plain) && js_append_string(item, buf_span(&plain));
    buf_free(&plain);
    for (size_t i = 0; done && i < tags->count; i++) {
        if (span_same(buf_span(&tags->items[i]), buf_span(item))) {
            buf_free(item);
            return true;
        }
    }
    if (done)
        tags->count++;
    else
        buf_free(item);
    return done || err_memory(err);
}

static bool add_tags(struct tags *tags, const char *text, struct err *err)
{
    struct js_value array;
    struct js_iter it;
    struct js_item item;
    if (!text)
        return true;
    if (!js_parse(span_of(text), &array, err))
        return false;
    if (array.type != JS_ARRAY)
        return err_set(err, ERR_INVALID, "tags must be an array of strings");
    js_iter(&it, array);
    while (js_next(&it, &item)) {
        if (!add_tag(tags, item.value, err))
            return false;
    }
    return true;
}

bool prompt_tags_merge(const char *old, const char *more, struct buf *out, struct err *err)
{
    struct tags *tags = calloc(1, sizeof *tags);
    if (!tags)
        return err_memory(err);
    bool done = add_tags(tags, old, err) && add_tags(tags, more, err);
    buf_add_char(out, '[');
    for (size_t i = 0; i < tags->count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        buf_add_span(out, buf_span(&tags->items[i]));
        buf_free(&tags->items[i]);
    }
    buf_add_char(out, ']');
    free(tags);
    return done && (!out->failed || err_memory(err));
}
