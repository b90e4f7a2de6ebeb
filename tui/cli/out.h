/* What the verbs print. Everything passes the sanitiser (base/text.h) on its way; in JSON
 * the characters that it would not let through are written as \u escapes, so the value
 * stays. A failed write is remembered and told by out_flush(). One thread. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* One line on standard output. */
void out_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One JSON value and a newline. pretty: laid out for people. */
void out_json(struct span json, bool pretty);

/* The items of one JSON array, one a line. */
struct out_array {
    size_t count;
};
void out_array_begin(struct out_array *a);
void out_array_item(struct out_array *a, struct span json);
void out_array_end(struct out_array *a);

/* A whole array: `add` appends its i-th item, to an empty buffer. False: no memory; the array
 * ends after the items that there was memory for. */
typedef bool out_add(const void *arg, size_t i, struct buf *json);
bool out_array_of(size_t count, out_add *add, const void *arg, struct err *err);

/* One line on standard error, with the program's name before it. */
void out_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* False: standard output did not take everything (then it is said). That its reader went before
 * is no failure: it wanted no more. */
bool out_flush(void);

/* What standard output did not take is given up; out_flush() tells of it no more. */
void out_drop(void);

/* Columns for people: cells are given row by row, the first row is the heading; all columns
 * but the last are as wide as their widest cell. */
struct out_table {
    size_t columns, count, room;
    char **cells;
    bool failed;
};
void out_table_init(struct out_table *t, size_t columns);
void out_table_cell(struct out_table *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void out_table_print(struct out_table *t); /* and frees it */

#endif
