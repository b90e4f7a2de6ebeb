/* The program's own messages (not the log of deliveries): one sink for the process, set by
 * tui/. Lines are sanitised here. Without a sink they are dropped. Any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };

typedef void log_sink(void *arg, enum log_level level, const char *line);

void log_set_sink(log_sink *sink, void *arg);
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
