/* Times and durations as text. All times are milliseconds since 1970 UTC. Any thread. */
#ifndef BASE_TIMEFMT_H
#define BASE_TIMEFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define TIMEFMT_ISO_SIZE 32
#define TIMEFMT_LOCAL_SIZE 24

void timefmt_iso(int64_t ms, char out[TIMEFMT_ISO_SIZE]); /* 2026-01-02T03:04:05.678Z */
bool timefmt_parse_iso(struct span text,
                       int64_t *ms);          /* offsets Z, +00:00, +0000; 0-9 digits */
/* In the local time zone: 2026-01-02 03:04:05; and in eight columns, for rows of a list: 03:04:05
 * on the day of `now`, else month and day, 01-02. */
void timefmt_local(int64_t ms, char out[TIMEFMT_LOCAL_SIZE]);
void timefmt_row(int64_t ms, int64_t now, char out[16]);

/* A date of RFC 9110 5.6.7 (IMF-fixdate, RFC 850, asctime), for Retry-After. */
bool timefmt_parse_http(struct span text, int64_t *ms);

/* A whole number with ms, s, m, h or d. Negative numbers, spaces, overflow: error. */
bool duration_parse(struct span text, int64_t *ms, struct err *err);
void duration_format(int64_t ms, char out[24]); /* exact and shortest: 30s, 1500ms, 24h */
void duration_human(
    int64_t ms,
    char out[24]); /* rounded for people: 12 ms, 1.2 s, 40 s, 3 m 05 s, 2 h 10 m */

#endif
