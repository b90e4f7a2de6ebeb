#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 2048 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static log_sink *sink;
static void *sink_arg;

void log_set_sink(log_sink *new_sink, void *arg)
{
    pthread_mutex_lock(&lock);
    sink = new_sink;
    sink_arg = arg;
    pthread_mutex_unlock(&lock);
}

void log_write(enum log_level level, const char *format, ...)
{
    char raw[LINE_MAX_BYTES] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);

    struct buf line;
    buf_init(&line, 8 * sizeof raw);
    text_safe(&line, span_of(raw), TEXT_LINE);
    pthread_mutex_lock(&lock);
    if (sink)
        sink(sink_arg, level, buf_text(&line));
    pthread_mutex_unlock(&lock);
    buf_free(&line);
}
