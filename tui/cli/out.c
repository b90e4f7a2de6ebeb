#include "cli/out.h"

#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

#define GAP 2 /* blanks between columns */

static bool format_safe(struct buf *out, const char *format, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    if (len < 0)
        return false;
    bool done = text_safe(out, (struct span){text, (size_t)len}, TEXT_LINE);
    free(text);
    return done;
}

static void print_line(FILE *stream, const char *prefix, const char *format, va_list args)
{
    struct buf safe;
    buf_init(&safe, BUF_UNLIMITED);
    const char *text = format_safe(&safe, format, args) ? buf_text(&safe) : "out of memory";
    fprintf(stream, "%s%s\n", prefix, text);
    buf_free(&safe);
}

void out_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_line(stdout, "", format, args);
    va_end(args);
}

void out_error(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    va_start(args, format);
    print_line(stderr, "opik-alerts: ", format, args);
    va_end(args);
}

/* What wants no more (`| head -1`) has closed its end by then, and that stays so: POLLERR of a
 * pipe, POLLHUP of a socket. */
static bool reader_went(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO};
    return poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLHUP);
}

bool out_flush(void)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || reader_went())
        return true;
    out_error("standard output could not be written");
    return false;
}

void out_drop(void)
{
    __fpurge(stdout);
    clearerr(stdout);
}

/* ---------------------------------------------------------------- JSON */

/* The length of the character at `s` and its code; bytes that are no UTF-8 count one by
 * one. */
static size_t decode(struct span s, uint32_t *code)
{
    unsigned char c = (unsigned char)s.at[0];
    size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (len > s.len || !text_is_utf8((struct span){s.at, len})) {
        *code = 0xfffd;
        return 1;
    }
    *code = len == 1 ? c : c & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        *code = *code << 6 | ((unsigned char)s.at[i] & 0x3f);
    return len;
}

static void add_escape(struct buf *out, uint32_t code)
{
    if (code < 0x10000) {
        buf_add_format(out, "\\u%04x", code);
        return;
    }
    code -= 0x10000;
    buf_add_format(out, "\\u%04x\\u%04x", 0xd800 | code >> 10, 0xdc00 | (code & 0x3ff));
}

/* White space is the only control that valid JSON holds outside strings, and DEL, C1 and
 * the rest can stand in strings only, where an escape means the same. */
static void add_json(struct buf *out, struct span json)
{
    if (text_is_safe(json, TEXT_MULTILINE)) {
        buf_add_span(out, json);
        return;
    }
    while (json.len > 0) {
        uint32_t code;
        size_t len = decode(json, &code);
        struct span character = {json.at, len};
        bool white = code == '\n' || code == '\t' || code == '\r';
        if (white)
            buf_add_char(out, code == '\n' ? '\n' : ' ');
        else if (text_is_safe(character, TEXT_MULTILINE))
            buf_add_span(out, character);
        else
            add_escape(out, code);
        json = (struct span){json.at + len, json.len - len};
    }
}

static void write_json(struct span json, bool pretty)
{
    struct buf laid_out, safe;
    buf_init(&laid_out, BUF_UNLIMITED);
    buf_init(&safe, BUF_UNLIMITED);
    if (pretty && js_pretty(&laid_out, json, 2))
        json = buf_span(&laid_out);
    add_json(&safe, json);
    if (safe.failed || laid_out.failed)
        out_error("out of memory");
    fwrite(buf_text(&safe), 1, safe.len, stdout);
    buf_free(&laid_out);
    buf_free(&safe);
}

void out_json(struct span json, bool pretty)
{
    write_json(json, pretty);
    putchar('\n');
}

void out_array_begin(struct out_array *a)
{
    a->count = 0;
    putchar('[');
}

void out_array_item(struct out_array *a, struct span json)
{
    fputs(a->count++ ? ",\n" : "\n", stdout);
    write_json(json, false);
}

void out_array_end(struct out_array *a)
{
    fputs(a->count ? "\n]\n" : "]\n", stdout);
}

bool out_array_of(size_t count, out_add *add, const void *arg, struct err *err)
{
    struct out_array array;
    struct buf json;
    bool done = true;
    buf_init(&json, BUF_UNLIMITED);
    out_array_begin(&array);
    for (size_t i = 0; done && i < count; i++) {
        buf_clear(&json);
        done = add(arg, i, &json) || err_memory(err);
        if (done)
            out_array_item(&array, buf_span(&json));
    }
    out_array_end(&array);
    buf_free(&json);
    return done;
}

/* ---------------------------------------------------------------- tables */

void out_table_init(struct out_table *t, size_t columns)
{
    *t = (struct out_table){.columns = columns};
}

static bool make_room(struct out_table *t)
{
    if (t->count < t->room)
        return true;
    size_t room = t->room ? 2 * t->room : 64;
    char **cells = realloc(t->cells, room * sizeof *cells);
    if (!cells)
        return false;
    t->cells = cells;
    t->room = room;
    return true;
}

void out_table_cell(struct out_table *t, const char *format, ...)
{
    va_list args;
    struct buf safe;
    buf_init(&safe, BUF_UNLIMITED);
    va_start(args, format);
    bool done = format_safe(&safe, format, args);
    va_end(args);
    char *cell = done ? strdup(buf_text(&safe)) : NULL;
    buf_free(&safe);
    if (t->failed || !cell || !make_room(t)) {
        t->failed = true;
        free(cell);
        return;
    }
    t->cells[t->count++] = cell;
}

static size_t width_of(const struct out_table *t, size_t column)
{
    size_t widest = 0;
    for (size_t i = column; i < t->count; i += t->columns) {
        size_t columns = text_columns(span_of(t->cells[i]));
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

static void print_rows(const struct out_table *t, const size_t *widths)
{
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % t->columns;
        fputs(t->cells[i], stdout);
        if (column + 1 == t->columns) {
            putchar('\n');
            continue;
        }
        size_t pad = widths[column] + GAP - text_columns(span_of(t->cells[i]));
        while (pad-- > 0)
            putchar(' ');
    }
}

void out_table_print(struct out_table *t)
{
    size_t *widths = calloc(t->columns, sizeof *widths);
    if (!widths || t->failed) {
        out_error("out of memory");
    } else {
        for (size_t i = 0; i < t->columns; i++)
            widths[i] = width_of(t, i);
        print_rows(t, widths);
    }
    free(widths);
    for (size_t i = 0; i < t->count; i++)
        free(t->cells[i]);
    free(t->cells);
    *t = (struct out_table){0};
}
