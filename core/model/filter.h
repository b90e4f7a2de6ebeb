/* The one filter language of the console's `/` and the command line's --filter.
 *
 *   enabled:no dest:slack name~prod !last:failed since:1h code:5xx pager
 *
 * Terms between blanks, which must all hold. `key:value` means equal, `key~value` contains; a
 * word alone is contained in any text of the row; `!` before a term turns it round. A value
 * with blanks stands in double quotes. Letter case (ASCII) does not count. Pure; any thread. */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

enum filter_kind {
    FILTER_TEXT,   /* also looked through for a word alone */
    FILTER_CHOICE, /* one of `choices` */
    FILTER_CODE,   /* an HTTP status; x stands for any digit: 5xx */
    FILTER_SINCE   /* a duration: at most that long ago. The row's text is wall ms */
};

struct filter_key {
    const char *name;
    enum filter_kind kind;
    const char *choices; /* "yes|no"; else NULL */
    const char *help;    /* what it looks at */
};

enum { FILTER_TERMS_MAX = 16, FILTER_VALUE_SIZE = 128 };

struct filter_term {
    int key; /* an index; -1: a word alone */
    bool contains, negated;
    char value[FILTER_VALUE_SIZE];
    int64_t since_ms; /* of FILTER_SINCE */
};

struct filter {
    const struct filter_key *keys;
    size_t key_count;
    struct filter_term terms[FILTER_TERMS_MAX];
    size_t count;
};

/* Errors say which words there are. An empty text is a filter that all pass. */
bool filter_parse(struct filter *f, const struct filter_key *keys, size_t key_count,
                  struct span text, struct err *err);

/* The text of a row for a key; it may use `out` for it. */
typedef const char *filter_text(const void *row, int key, char *out, size_t size);

bool filter_match(const struct filter *f, filter_text *text, const void *row, int64_t now);

/* The term that asks for exactly one value of a key, which an index may answer; NULL: none. */
const struct filter_term *filter_exact(const struct filter *f, const char *key);

#endif
