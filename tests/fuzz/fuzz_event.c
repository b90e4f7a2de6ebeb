/* The bodies of events: whatever the scanner takes can be read, shown and passed on, and what the
 * intake makes of it is JSON again. The first byte chooses how the body is read. */
#include "fuzz.h"

#include <string.h>

#include "intake/facts.h"
#include "store/accept.h"

static bool trace_scores(struct facts *f, struct js_value root, struct err *err)
{
    return facts_scores(f, root, false, err);
}

static bool thread_scores(struct facts *f, struct js_value root, struct err *err)
{
    return facts_scores(f, root, true, err);
}

static bool update(struct facts *f, struct js_value root, struct err *err)
{
    return facts_trace_update(f, root, span_of("0193a000-0000-7000-8000-00000000000a"), err);
}

typedef bool body_reader(struct facts *f, struct js_value root, struct err *err);

static body_reader *const READERS[] = {
    facts_traces,     facts_trace_updates, update,       trace_scores, thread_scores,
    facts_guardrails, facts_experiments,   facts_events, facts_spans,  facts_span_updates,
};

static void can_be_shown(struct span text, struct js_value root)
{
    struct js_value again;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    HOLDS(js_append(&out, root));
    HOLDS(js_parse(buf_span(&out), &again, NULL) && !again.has_nan);
    buf_clear(&out);
    HOLDS(js_pretty(&out, text, 2));
    HOLDS(js_parse(buf_span(&out), &again, NULL));
    buf_free(&out);
}

/* The index makes walking faster and nothing else. */
static void walks_alike(struct js_value with, struct js_value without)
{
    struct js_iter a, b;
    struct js_item one, other;
    HOLDS(with.type == without.type && span_same(with.text, without.text));
    js_iter(&a, with);
    js_iter(&b, without);
    while (js_next(&b, &other)) {
        HOLDS(js_next(&a, &one) && span_same(one.key, other.key));
        walks_alike(one.value, other.value);
    }
    HOLDS(!js_next(&a, &one));
}

/* The entity as the store joins it (store.h, struct fact). */
static void is_json(const struct fact *f)
{
    struct js_value entity;
    struct buf out;
    if (!f->is_event)
        return;
    buf_init(&out, BUF_UNLIMITED);
    buf_add_span(&out, f->head);
    buf_add_text(&out, ",\"project_id\":\"x\"");
    buf_add_span(&out, f->tail);
    buf_add_char(&out, '}');
    HOLDS(js_parse(buf_span(&out), &entity, NULL) && entity.type == JS_OBJECT);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct js_value root, plain;
    struct js_index index = {0};
    struct facts f;
    struct err err = {0};
    if (size == 0)
        return 0;
    struct span text = {(const char *)data + 1, size - 1};
    bool fine = js_parse_indexed(text, &index, &root, &err);
    HOLDS(fine == js_parse(text, &plain, NULL));
    if (!fine) {
        HOLDS(err.text[0]);
        js_index_free(&index);
        return 0;
    }
    walks_alike(root, plain);
    can_be_shown(text, root);
    HOLDS(facts_init(&f, "default", "admin", 1767225600000, &err));
    if (READERS[data[0] % (sizeof READERS / sizeof *READERS)](&f, root, &err))
        for (size_t i = 0; i < f.accept->count; i++)
            is_json(&f.accept->facts[i]);
    else
        HOLDS(err.text[0]);
    facts_free(&f);
    js_index_free(&index);
    return 0;
}
