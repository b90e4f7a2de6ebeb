/* A program in a pty, as far as measuring it goes: keys in, bytes out, when. */
#ifndef BENCH_SCREEN_H
#define BENCH_SCREEN_H

#include <stdbool.h>
#include <sys/types.h>

struct screen {
    pid_t pid;
    int fd;
    double begun; /* measure_now_s() */
};

/* In a terminal of 80x24. directory: where it starts; NULL: here. It ends with this
 * process. */
void screen_start(struct screen *s, char *const argv[], const char *directory);
bool screen_alive(struct screen *s);
void screen_stop(struct screen *s); /* SIGKILL */

/* What comes until nothing came for quiet_ms, at most most_ms: bytes, and when the first
 * and the last came (0: none did). */
struct drained {
    long bytes;
    double first, last;
};
struct drained screen_drain(struct screen *s, int quiet_ms, int most_ms);
/* The same after keys, at most SCREEN_MOST_MS; the first byte may take first_ms. */
enum { SCREEN_MOST_MS = 20000 };
struct drained screen_press(struct screen *s, const char *keys, int first_ms, int quiet_ms);

#endif
