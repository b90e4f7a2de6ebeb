#include "model/prompt.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/timefmt.h"

void prompt_version_free(struct prompt_version *v)
{
    free(v->tmpl);
    free(v->type);
    free(v->metadata);
    free(v->change_description);
    free(v->tags);
    free(v->structure);
    free(v->created_by);
    *v = (struct prompt_version){0};
}

void prompt_free(struct prompt *p)
{
    free(p->workspace);
    free(p->name);
    free(p->description);
    free(p->tags);
    free(p->structure);
    free(p->created_by);
    free(p->updated_by);
    if (p->latest)
        prompt_version_free(p->latest);
    free(p->latest);
    *p = (struct prompt){0};
}

/* Members are written in their order, each with its comma; what is not known is left out.
 */
static void add_key(struct buf *out, const char *key)
{
    char last = out->len ? out->data[out->len - 1] : '{';
    buf_add_format(out, last == '{' ? "\"%s\":" : ",\"%s\":", key);
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    if (!text)
        return;
    add_key(out, key);
    js_append_string(out, span_of(text));
}

static void add_json(struct buf *out, const char *key, const char *json)
{
    if (!json)
        return;
    add_key(out, key);
    buf_add_text(out, json);
}

static void add_time(struct buf *out, const char *key, int64_t ms)
{
    char text[TIMEFMT_ISO_SIZE];
    if (ms <= 0)
        return;
    timefmt_iso(ms, text);
    add_text(out, key, text);
}

static void add_prompt(const struct prompt *p, struct buf *out)
{
    add_text(out, "id", p->id);
    add_text(out, "name", p->name);
    add_text(out, "description", p->description);
    add_json(out, "tags", p->tags);
    add_time(out, "created_at", p->created_at);
    add_text(out, "created_by", p->created_by);
    add_time(out, "last_updated_at", p->updated_at);
    add_text(out, "last_updated_by", p->updated_by);
}

static const char *type_of(const struct prompt_version *v)
{
    return v->type ? v->type : "mustache";
}

bool prompt_version_event_json(const struct prompt_version *v, struct buf *out)
{
    buf_add_char(out, '{');
    add_text(out, "id", v->id);
    add_text(out, "prompt_id", v->prompt_id);
    add_text(out, "commit", v->commit);
    add_text(out, "template", v->tmpl ? v->tmpl : "");
    add_text(out, "type", type_of(v));
    add_json(out, "metadata", v->metadata);
    add_text(out, "change_description", v->change_description);
    add_time(out, "created_at", v->created_at);
    add_text(out, "created_by", v->created_by);
    return buf_add_char(out, '}');
}

bool prompt_version_to_json(const struct prompt_version *v, struct buf *out)
{
    if (!prompt_version_event_json(v, out))
        return false;
    out->data[--out->len] = '\0'; /* reopens the object */
    add_json(out, "tags", v->tags);
    add_text(out, "template_structure", v->structure ? v->structure : "text");
    return buf_add_char(out, '}');
}

static void add_latest_event(const struct prompt_version *v, struct buf *out)
{
    add_key(out, "latest_version");
    buf_add_char(out, '{');
    add_text(out, "id", v->id);
    add_text(out, "commit", v->commit);
    add_text(out, "template", v->tmpl ? v->tmpl : "");
    add_text(out, "type", type_of(v));
    add_time(out, "created_at", v->created_at);
    add_text(out, "created_by", v->created_by);
    buf_add_char(out, '}');
}

bool prompt_event_json(const struct prompt *p, bool with_latest, struct buf *out)
{
    buf_add_char(out, '{');
    add_prompt(p, out);
    if (with_latest && p->latest)
        add_latest_event(p->latest, out);
    return buf_add_char(out, '}');
}

bool prompt_to_json(const struct prompt *p, struct buf *out)
{
    buf_add_char(out, '{');
    add_prompt(p, out);
    add_text(out, "template_structure", p->structure ? p->structure : "text");
    add_key(out, "version_count");
    buf_add_format(out, "%lld", (long long)p->version_count);
    if (p->latest) {
        add_key(out, "latest_version");
        prompt_version_to_json(p->latest, out);
    }
    return buf_add_char(out, '}');
}
