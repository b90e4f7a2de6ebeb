/* Facts out of JSON: what a request says about traces, threads and guardrails, as a struct
 * accept for the store. Pure: text in, values or a sentence out; all of a request or
 * nothing.
 *
 * Unknown members are ignored, null counts as absent, a wrong type is an error that names
 * its place: `traces[2].error_info: must be an object`. */
#ifndef INTAKE_FACTS_H
#define INTAKE_FACTS_H

#include "base/clock.h"
#include "base/json.h"
#include "store/accept.h"

enum { FACTS_IDS_MAX = 1000 }; /* of one update of many traces, as in Opik */

struct facts {
    struct accept *accept; /* handed over with facts_take() */
    size_t room;
    const char *user; /* of the request; borrowed from the accept */
    int64_t now;      /* wall ms, for ids that have to be made */
    struct buf text;  /* scratch */
    struct span written, project; /* the last project_name: as it was written, and the text */
    struct span otherwise; /* the project of what names none; empty: the store finds it */
    const char *list; /* the place in the body, for errors: list[at], or list alone */
    size_t at;        /* FACTS_ALONE: alone */
    const char *within; /* what follows: ".trace"; NULL: nothing */
};

bool facts_init(struct facts *f, const char *workspace, const char *user, int64_t now,
                struct err *err);
void facts_free(struct facts *f);
struct accept *facts_take(struct facts *f);

bool facts_add(struct facts *f, const struct fact *fact, struct err *err); /* copied */
/* Makes room for so many at once, within reason. */
bool facts_expect(struct facts *f, size_t count, struct err *err);

/* The members named in `keys`, each at its index in `values`; the others are ignored. */
void facts_members(struct js_value object, const char *const *keys, size_t count,
                   struct js_value *values);

/* Fills err with the place, the key ("" for the place itself) and what is wrong; false. */
bool facts_wrong(const struct facts *f, const char *key, const char *what, struct err *err);

/* A string member as plain text in the arena; empty when absent. */
bool facts_text(struct facts *f, struct js_value value, const char *key, struct span *out,
                struct err *err);
/* The same, which must be a UUID; canonical. */
bool facts_uuid(struct facts *f, struct js_value value, const char *key, struct span *out,
                struct err *err);
/* The i-th of "ids", of a request that changes several: it must be one. */
bool facts_listed_id(struct facts *f, struct js_value value, size_t i, struct span *id,
                     struct err *err);
bool facts_project(struct facts *f, struct js_value name, struct js_value id,
                   struct fact *fact, struct err *err);

/* Entity halves, built in f->text: adds `,"key":value`; nothing for an absent value. */
void facts_put(struct facts *f, const char *key, struct js_value value);
void facts_put_text(struct facts *f, const char *key, struct span text);
/* Takes what was put. */
bool facts_half(struct facts *f, struct span *out, struct err *err);

/* The place of what is read next, for errors: traces[2], or update alone with FACTS_ALONE. The
 * text is borrowed. */
#define FACTS_ALONE SIZE_MAX
void facts_at(struct facts *f, const char *list, size_t index);
bool facts_array(struct facts *f, struct js_value value, const char *key, struct err *err);

bool facts_new_id(struct facts *f, struct span *id, struct err *err);

/* One trace; *id receives its id, made here if it has none. */
bool facts_trace(struct facts *f, struct js_value trace, struct span *id, struct err *err);
/* What a trace is told later, by the id of the path (canonical). */
bool facts_trace_update(struct facts *f, struct js_value update, struct span id,
                        struct err *err);
/* One score; trace_id is that of the path (canonical), empty: the score says it. */
bool facts_score(struct facts *f, struct js_value score, struct span trace_id,
                 struct err *err);

/* What a span cost; id: that of the path, or empty. */
bool facts_span(struct facts *f, struct js_value span, struct span id, struct err *err);

/* What many spans cost: an array, at `place` for errors; absent: none. */
bool facts_span_list(struct facts *f, struct js_value spans, const char *place,
                     struct err *err);

/* Whole bodies. */
bool facts_traces(struct facts *f, struct js_value root, struct err *err);
bool facts_trace_updates(struct facts *f, struct js_value root, struct err *err);
bool facts_scores(struct facts *f, struct js_value root, bool threads, struct err *err);
bool facts_spans(struct facts *f, struct js_value root, struct err *err);
bool facts_span_updates(struct facts *f, struct js_value root, struct err *err);
bool facts_guardrails(struct facts *f, struct js_value root, struct err *err);
bool facts_experiments(struct facts *f, struct js_value root, struct err *err);
bool facts_events(struct facts *f, struct js_value root, struct err *err);

#endif
