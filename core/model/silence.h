/* Silences: what is kept back for a time, or at certain times of the week. Plain values;
 * strings are owned by the struct. Any thread. */
#ifndef MODEL_SILENCE_H
#define MODEL_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "base/zone.h"
#include "model/event.h"

/* What becomes of what it keeps back. */
enum silence_mode {
    SILENCE_DIGEST, /* kept, and sent as one delivery of each type when it ends */
    SILENCE_DROP,   /* dropped, and counted */
};
const char *silence_mode_name(enum silence_mode m); /* digest, drop */
bool silence_mode_parse(struct span name, enum silence_mode *m);

enum { SILENCE_WINDOWS_MAX = 8, SILENCE_COMMENT_MAX = 200 };

/* Minutes after the midnight that each of its days begins with. An end that is not after
 * the start is on the next day. */
struct silence_window {
    unsigned days; /* bit 1 << day, Monday is 0 */
    int start, end;
};

struct silence {
    char id[UUID_SIZE];
    char *workspace;
    /* An event is silenced when all that is given matches; at least one of the three is. */
    char alert_id[UUID_SIZE];   /* empty: any alert */
    char project_id[UUID_SIZE]; /* empty: any, and events without one */
    bool has_type;
    enum event_type type;
    enum silence_mode mode;
    int64_t from, until; /* wall ms; until 0: it has a weekly schedule without an end */
    struct silence_window windows[SILENCE_WINDOWS_MAX];
    size_t window_count;          /* 0: from `from` to `until` without a break */
    char zone[ZONE_NAME_MAX + 1]; /* of the windows; empty: the machine's own */
    char *comment;                /* NULL: none */
    char *created_by;
    int64_t created_at;              /* wall ms */
    int64_t ended_at;                /* by hand, wall ms; 0: not */
    char *alert_name, *project_name; /* as read; NULL: none, or not there any more */
    int64_t held, dropped;           /* (event, alert) pairs so far */
};

/* How it stands at a moment; rules/silence.h tells. */
enum silence_phase { SILENCE_PLANNED, SILENCE_ACTIVE, SILENCE_OVER };
struct silence_state {
    enum silence_phase phase;
    int64_t looked_at, changes_at; /* wall ms; it holds from the one to the other */
};
const char *silence_phase_name(enum silence_phase p); /* planned, active, over */

void silence_free(struct silence *s); /* what it holds; leaves it empty */
bool silence_copy(struct silence *to,
                  const struct silence *from); /* `to` unread. False: no memory */

/* Whether it can be kept: it names something, has an end or a schedule, and at times lets
 * through. ERR_INVALID in words. */
bool silence_check(const struct silence *s, struct err *err);

/* The weekly schedule as people write it:
 *   mon-fri 22:00-06:00
 *   mon-fri 00:00-08:00 18:00-24:00; sat,sun 00:00-24:00
 *   daily 12:00-13:00
 * Replaces the windows. ERR_INVALID in words: then nothing has changed. */
bool silence_week_read(struct span text, struct silence *s, struct err *err);
bool silence_week_write(const struct silence *s, struct buf *out);

/* What it is about: `alert "Production errors", project "Demo", trace:errors`. */
bool silence_subject(const struct silence *s, struct buf *out);

/* The command line's JSON. Absent values are left out. */
bool silence_to_json(const struct silence *s, const struct silence_state *state,
                     struct buf *out);

#endif
