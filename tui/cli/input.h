/* Files that verbs read, and the event lines of `send` and `explain`. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "model/event.h"

/* Reads a file whole; "-" and NULL are standard input. ERR_TOO_LARGE over out's maximum. */
bool input_read(const char *path, struct buf *out, struct err *err);

/* The file in words: itself, or "standard input". */
const char *input_name(const char *path);

/* Takes the next line that is not blank off *rest; false at the end. *number counts lines.
 */
bool input_line(struct span *rest, struct span *line, size_t *number);

/* {event_type, project_name?, user?, entity}, borrowed from the line. */
struct event_line {
    enum event_type type;
    struct js_value root, project_name, user, entity;
};
bool event_line_read(struct span line, struct event_line *out, struct err *err);

#endif
