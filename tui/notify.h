/* What systemd is told: own datagrams to $NOTIFY_SOCKET (sd_notify(3)), also an abstract one,
 * without a library. Without the variable nothing is sent. One thread. */
#ifndef TUI_NOTIFY_H
#define TUI_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
    int fd;              /* connected; -1: nobody listens */
    int64_t every_ms;    /* half of the watchdog's patience; 0: there is no watchdog */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment,
 * so that no child speaks for us. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* Lines such as READY=1. A socket that takes nothing loses them: nobody waits for systemd. */
void notify_send(const struct notify *n, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
