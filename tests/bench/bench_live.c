/* What live traffic costs the terminal: a console whose engine makes about 1,000 attempts a
 * second, and whether the log has a row for each of them. Prints; asserts nothing. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/events.h"
#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/peer.h"
#include "bench/rivals.h"
#include "bench/screen.h"
#include "support/run.h"

enum { ALERTS = 100, WINDOW_MS = 100, PER_SECOND = 40, SECONDS = 10 };

/* Nobody listens there: an attempt each, at once. */
static void write_alert(FILE *f, size_t i, const void *arg)
{
    ours_write_alert(f, i, "trace:errors", arg);
}

/* An errored trace in every window, so that every alert's bucket closes once a window. */
static void *send_errors(void *arg)
{
    const struct loader_plan plan = {
        .connections = 1, .seconds = SECONDS + 1, .rate = PER_SECOND};
    struct loader_request request;
    struct loader_result r;
    loader_request_make(&request, EVENTS_PATH, "", EVENTS_PREFIX, EVENTS_FAILED,
                        EVENTS_SUFFIX, 1);
    loader_run(*(int *)arg, &request, &plan, &r);
    loader_request_free(&request);
    return NULL;
}

/* Bytes to the terminal in SECONDS, once the traffic is there. */
static long watch(const char *data, double *seconds)
{
    char program[512], folder[400], listen[64], window[64],
        no_retries[] = "--set=retry.max=0";
    int port = peer_free_port();
    struct screen s;
    pthread_t thread;
    snprintf(program, sizeof program, "%s", ours_program());
    snprintf(folder, sizeof folder, "--data-dir=%s", data);
    snprintf(listen, sizeof listen, "--set=intake.listen=127.0.0.1:%d", port);
    snprintf(window, sizeof window, "--set=debounce.window=%dms", WINDOW_MS);
    char *const argv[] = {program, folder, listen, window, no_retries, NULL};
    screen_start(&s, argv, NULL);
    screen_drain(&s, 500, 2000);
    if (pthread_create(&thread, NULL, send_errors, &port) != 0)
        abort();
    screen_drain(&s, 1000, 1000);
    double begun = measure_now_s();
    long bytes = 0;
    while ((*seconds = measure_now_s() - begun) < SECONDS)
        bytes += screen_drain(&s, 50, 1000).bytes;
    pthread_join(thread, NULL);
    kill(s.pid, SIGTERM); /* in order: what is under way is recorded */
    screen_drain(&s, 5000, 5000);
    screen_stop(&s);
    return bytes;
}

int main(void)
{
    char dir[256], data[300], config[300];
    double seconds;
    run_dir_make(dir, sizeof dir);
    snprintf(data, sizeof data, "%s/data", dir);
    snprintf(config, sizeof config, "%s/config", dir);
    setenv("XDG_CONFIG_HOME", config, 1);
    if (!ours_import(data, ALERTS, write_alert, "http://127.0.0.1:1/"))
        return 1;
    long bytes = watch(data, &seconds);
    double attempts = ours_number(data, "SELECT sum(attempts) FROM deliveries", 0);
    printf("Live traffic, 80x24: %.0f attempts a second, %.1f kB a second to the terminal; "
           "%.0f attempts, %.0f rows in the log\n\n",
           attempts / (SECONDS + 1), (double)bytes / seconds / 1000, attempts,
           ours_number(data, "SELECT count(*) FROM log WHERE kind = 0", 0));
    run_dir_remove(dir);
    return 0;
}
