/* How long an answer to a batch of 10 takes at half of the highest rate, which is measured
 * first in the same run: with nothing else to do, and while 64 endpoints hang and the
 * console redraws. Prints; asserts nothing. BENCH_RUNS (5), BENCH_SECONDS (1; three times
 * that is measured). */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/accepting.h"
#include "bench/events.h"
#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/screen.h"
#include "bench/sink.h"
#include "bench/table.h"
#include "support/run.h"

enum { ALERTS = 65, HANGING = ALERTS - 1, BATCH = 10, WINDOW_S = 6, KEY_MS = 100 };

struct answers {
    struct series p50, p99, done; /* done: of the rate that was asked for */
};

static char data[300];

static void write_alert(FILE *f, size_t i, const void *arg)
{
    ours_write_alert(f, i, i == 0 ? "trace:errors" : "prompt:created", arg);
}

static bool measure(int port, double rate, double seconds, struct answers *a)
{
    const struct loader_plan plan = {.connections = ACCEPTING_CONNECTIONS,
                                     .seconds = seconds,
                                     .warm = seconds / 4,
                                     .rate = rate / BATCH};
    struct loader_request request;
    struct loader_result r;
    loader_request_make(&request, EVENTS_PATH, "", EVENTS_PREFIX, EVENTS_FAILED,
                        EVENTS_SUFFIX, BATCH);
    bool fine = loader_run(port, &request, &plan, &r);
    loader_request_free(&request);
    if (!fine)
        return false;
    series_add(&a->p50, r.p50_ms);
    series_add(&a->p99, r.p99_ms);
    series_add(&a->done, (double)r.answered / r.seconds / plan.rate * 100);
    return true;
}

static double highest_rate(double seconds)
{
    struct peer p;
    if (!ours_start(&p, data, accepting_sets))
        return 0;
    double rate = accepting_measure(&p, BATCH, seconds).per_second;
    peer_stop(&p);
    return rate;
}

static bool measure_alone(double rate, double seconds, struct answers *a)
{
    struct peer p;
    if (!ours_start(&p, data, accepting_sets))
        return false;
    bool fine = measure(p.port, rate, seconds, a);
    peer_stop(&p);
    return fine;
}

/* ---------------------------------------------------------------- in the storm */

struct redraw {
    struct screen *screen;
    atomic_bool stop;
    long bytes;
};

static void *keep_redrawing(void *arg)
{
    struct redraw *r = arg;
    for (int i = 0; !atomic_load(&r->stop); i++)
        r->bytes +=
            screen_press(r->screen, i % 20 < 10 ? "\033OB" : "\033OA", KEY_MS, KEY_MS)
                .bytes;
    return NULL;
}

/* One prompt makes a bucket for each of those that hang. */
static bool begin_hanging(int port, struct sink *sink)
{
    struct loader_request request;
    bool fine = false;
    loader_request_make(&request, "/api/v1/private/prompts", "", "",
                        "{\"name\":\"p{N}\",\"template\":\"t\"}", "", 1);
    for (int i = 0; i < 50 && !fine; i++, measure_pause(0.1))
        fine = loader_once(port, &request);
    loader_request_free(&request);
    return fine && sink_wait(sink, HANGING, 2 * WINDOW_S);
}

static bool measure_storm(double rate, double seconds, struct sink *sink, struct answers *a,
                          struct series *bytes)
{
    char program[512], folder[400], listen[64], window[64],
        events[] = "--set=bucket.max_events=1000000",
        size[] = "--set=bucket.max_bytes=256MiB", timeout[] = "--set=delivery.timeout=10m";
    int port = peer_free_port();
    struct screen screen;
    struct redraw redraw = {.screen = &screen};
    pthread_t thread;
    snprintf(program, sizeof program, "%s", ours_program());
    snprintf(folder, sizeof folder, "--data-dir=%s", data);
    snprintf(listen, sizeof listen, "--set=intake.listen=127.0.0.1:%d", port);
    snprintf(window, sizeof window, "--set=debounce.window=%ds", WINDOW_S);
    char *const argv[] = {program, folder, listen, window, events, size, timeout, NULL};
    sink_reset(sink);
    screen_start(&screen, argv, NULL);
    if (pthread_create(&thread, NULL, keep_redrawing, &redraw) != 0)
        abort();
    double begun = measure_now_s();
    bool fine = begin_hanging(port, sink) && measure(port, rate, seconds, a);
    atomic_store(&redraw.stop, true);
    pthread_join(thread, NULL);
    series_add(bytes, (double)redraw.bytes / (measure_now_s() - begun));
    screen_stop(&screen);
    return fine;
}

/* ---------------------------------------------------------------- */

static void print_answers(const struct answers *alone, const struct answers *storm)
{
    static const char *const names[] = {"nothing else to do",
                                        "64 endpoints hang, the console redraws"};
    const struct answers *all[] = {alone, storm};
    double p99[2];
    printf("%-44s %8s %8s %13s\n", "at half of the highest rate", "p50 ms", "p99 ms",
           "of it answered");
    for (size_t i = 0; i < 2; i++) {
        p99[i] = series_median(&all[i]->p99);
        printf("%-44s %8.2f %8.2f %11.0f %%\n", names[i], series_median(&all[i]->p50),
               p99[i], series_median(&all[i]->done));
    }
    table_bars("p99", names, p99, 2, "ms");
}

static void print_goals(const char *where, const struct answers *a)
{
    char what[96];
    snprintf(what, sizeof what, "answer at half of the highest rate%s, p50", where);
    goal_at_most(what, series_median(&a->p50), 2, " ms");
    snprintf(what, sizeof what, "answer at half of the highest rate%s, p99", where);
    goal_at_most(what, series_median(&a->p99), 15, " ms");
}

static void measure_all(const char *dir, struct sink *sink)
{
    double seconds = (double)measure_setting("BENCH_SECONDS", 1);
    size_t runs = table_runs();
    struct answers alone = {0}, storm = {0};
    struct series rates = {0}, bytes = {0};
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", sink_port(sink));
    printf("Latency: batches of %d, %d connections, median of %zu\n", BATCH,
           ACCEPTING_CONNECTIONS, runs);
    for (size_t run = 0; run < runs; run++) {
        snprintf(data, sizeof data, "%s/data%zu", dir, run);
        if (!ours_import(data, ALERTS, write_alert, url))
            break;
        double rate = highest_rate(seconds);
        series_add(&rates, rate);
        if (!measure_alone(rate / 2, 3 * seconds, &alone) ||
            !measure_storm(rate / 2, 3 * seconds, sink, &storm, &bytes))
            break;
        fprintf(stderr, "latency: run %zu of %zu\n", run + 1, runs);
    }
    print_answers(&alone, &storm);
    printf("highest rate: %.0f events a second; to the terminal: %.0f bytes a second\n",
           series_median(&rates), series_median(&bytes));
    print_goals("", &alone);
    print_goals(" in the storm", &storm);
}

int main(void)
{
    char dir[256], config[300];
    double stolen = measure_stolen_s(), begun = measure_now_s();
    struct sink *sink = sink_start();
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    sink_hold(sink, true);
    run_dir_make(dir, sizeof dir);
    snprintf(config, sizeof config, "%s/config", dir);
    setenv("XDG_CONFIG_HOME", config, 1);
    measure_all(dir, sink);
    printf("stolen by other machines: %.2f s of %.0f\n\n", measure_stolen_s() - stolen,
           measure_now_s() - begun);
    sink_stop(&sink);
    run_dir_remove(dir);
    return 0;
}
