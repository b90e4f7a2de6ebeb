#include "intake/ids.h"

const char **ids_read(struct request *r, struct js_value ids, size_t *count)
{
    size_t room = js_count(ids);
    const char **out = arena_alloc(&r->arena, (room + 1) * sizeof *out);
    struct js_iter it;
    struct js_item item;
    char id[UUID_SIZE];
    *count = 0;
    if (ids.type != JS_ARRAY || room == 0 || room > IDS_MAX || !out) {
        request_fail_text(r, 400, "ids: must be an array of 1 to 1000 ids");
        return NULL;
    }
    for (js_iter(&it, ids); js_next(&it, &item);) {
        struct span quoted = item.value.text;
        bool fine = item.value.type == JS_STRING && quoted.len >= 2 &&
                    uuid_read((struct span){quoted.at + 1, quoted.len - 2}, id);
        const char *copy = fine ? arena_copy(&r->arena, span_of(id)) : NULL;
        if (!copy) {
            request_fail_text(r, 400, "ids: must hold UUIDs");
            return NULL;
        }
        out[(*count)++] = copy;
    }
    return out;
}

