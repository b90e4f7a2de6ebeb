/* Silences in words: what is typed on the command line and in the console, and what both
 * show. Reads the store for names; changes nothing. */
#ifndef TUI_SILENCE_WORDS_H
#define TUI_SILENCE_WORDS_H

#include "rules/silence.h"
#include "store/alerts.h"

/* What a new silence is made of, as it was typed; NULL: not given. */
struct silence_words {
    const char *alert, *project; /* an id or a name */
    const char *type;
    const char *duration; /* 2h */
    const char *from,
        *until; /* 18:00 (the next one), 2026-11-27 18:00, 2026-11-27T18:00:00Z */
    const char *weekly, *zone;
    const char *then; /* digest, drop; digest unless given */
    const char *comment;
};

/* Takes a line apart, such as
 *   2h digest
 *   until 18:00 drop type:trace:errors
 *   mon-fri 22:00-06:00 zone:Europe/Berlin alert:"Production errors" comment:"quiet nights"
 * The line is changed, and lives as long as the words; `weekly` holds those of a schedule.
 */
enum { SILENCE_LINE_MAX = 512 };
bool silence_words_split(char *line, char weekly[SILENCE_LINE_MAX],
                         struct silence_words *out, struct err *err);

/* Who wants it, where and when. */
struct silence_maker {
    struct store_reader *reader;
    const char *workspace, *user;
    int64_t now; /* wall ms */
};

/* The silence that the words mean; the caller frees it. ERR_INVALID, or ERR_NOT_FOUND for
 * an alert or project that is not there. */
bool silence_words_make(const struct silence_words *w, const struct silence_maker *maker,
                        struct silence *out, struct err *err);

/* A time to come in the local time zone: 18:00, Fri 06:00, 2026-12-24. */
void silence_words_time(int64_t at, int64_t now, char out[24]);

/* The same whole: 2026-11-27 18:00 */
void silence_words_stamp(int64_t at, char out[24]);

/* "active until 18:00", "begins Fri 22:00", "over" */
void silence_words_state(const struct silence_at *s, int64_t now, char *out, size_t size);

/* "mon-fri 22:00-06:00 Europe/Berlin", "12:00 to 14:00" */
void silence_words_schedule(const struct silence *s, int64_t now, char *out, size_t size);

/* The active silence that an alert's row should tell of; *partly: it is only of some of its
 * event types. Those of a project are none of them. NULL: none. */
const struct silence_at *silence_words_of_alert(const struct silences *s,
                                                const struct alert_row *row, bool *partly);

#endif
