/* What many endpoints cost a delivery, and how long a bucket of 100,000 events takes to
 * close while others become due. Prints; asserts nothing. BENCH_RUNS (5). */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/events.h"
#include "bench/hooks.h"
#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/table.h"
#include "support/run.h"

enum { ENDPOINTS = 5000, BUCKET = 100000, BIG = 1000000 /* the number in its URL */ };
/* Those that are sent in the first 5 s of the window; the bucket is opened 1 s after the
 * first. */
enum { WINDOW_S = 10, PER_SECOND = 40, OTHERS = 5 * PER_SECOND, NEAR_S = 1 };

/* ---------------------------------------------------------------- endpoints */

static void measure_endpoints(struct sink *sink, size_t runs)
{
    struct series each[2] = {0}, cpu[2] = {0};
    for (size_t run = 0; run < runs; run++) {
        for (int one = 0; one < 2; one++) {
            struct burst b;
            if (!burst_endpoints(sink, ENDPOINTS, one, &b))
                return;
            series_add(&each[one], 1e6 / b.per_second);
            series_add(&cpu[one], b.cpu_us);
        }
        fprintf(stderr, "endpoints: run %zu of %zu\n", run + 1, runs);
    }
    double time = series_median(&each[0]) / series_median(&each[1]);
    printf("%-44s %12s %12s %8s\n%-44s %12.1f %12.1f %7.2fx\n%-44s %12.1f %12.1f %7.2fx\n",
           "5,000 deliveries, 64 at once", "1 endpoint", "5,000", "cost", "us a delivery",
           series_median(&each[1]), series_median(&each[0]), time, "CPU us a delivery",
           series_median(&cpu[1]), series_median(&cpu[0]),
           series_median(&cpu[0]) / series_median(&cpu[1]));
    goal_at_most("1 -> 5,000 endpoints, cost of a delivery", time, 1.5, "x");
}

/* ---------------------------------------------------------------- a big bucket */

struct big {
    const struct peer *peer;
    bool fine;
};

static void *fill_bucket(void *arg)
{
    struct big *b = arg;
    const struct loader_plan plan = {
        .connections = 4, .seconds = WINDOW_S - 1, .requests = BUCKET / 100};
    struct loader_request request;
    struct loader_result r;
    loader_request_make(&request, EVENTS_PATH, "", EVENTS_PREFIX, EVENTS_FAILED,
                        EVENTS_SUFFIX, 100);
    measure_pause(1);
    b->fine = loader_run(b->peer->port, &request, &plan, &r) && r.answered == plan.requests;
    loader_request_free(&request);
    return NULL;
}

static void write_big(FILE *f, size_t i, const void *arg)
{
    ours_write_alert(f, BIG + i, "trace:errors", arg);
}

struct big_figures {
    double head_ms, whole_ms; /* after the bucket was due, at the receiver */
    double near_ms,
        far_ms; /* the worst lateness of others: within NEAR_S of that, and else */
    double peak_mib;
};

static bool find_big(struct sink *sink, double due, struct big_figures *out)
{
    struct arrival *a = calloc(OTHERS + 1, sizeof *a);
    size_t came = a ? sink_arrivals(sink, a, OTHERS + 1) : 0;
    bool found = false;
    for (size_t i = 0; i < came && !found; i++) {
        found = a[i].number == BIG;
        out->head_ms = (a[i].head - due) * 1e3;
        out->whole_ms = (a[i].whole - due) * 1e3;
    }
    free(a);
    return found;
}

static void judge_others(const struct late *late, double due, struct big_figures *out)
{
    for (size_t i = 0; i < OTHERS; i++) {
        double *worst = fabs(late[i].due - due) < NEAR_S ? &out->near_ms : &out->far_ms;
        *worst = late[i].late_ms > *worst ? late[i].late_ms : *worst;
    }
}

/* The others' events go on while the bucket is filled: some are due when it closes. */
static bool close_big(const struct peer *p, const char *data, struct sink *sink,
                      struct big_figures *out)
{
    double sent[OTHERS], answered[OTHERS];
    struct late late[OTHERS];
    struct big big = {p, false};
    pthread_t thread;
    sink_reset(sink);
    if (pthread_create(&thread, NULL, fill_bucket, &big) != 0)
        abort();
    bool fine = lateness_send(p, PER_SECOND, sent, answered, OTHERS);
    pthread_join(thread, NULL);
    double steady = ours_number(data,
                                "SELECT due_at FROM buckets ORDER BY kept DESC LIMIT 1", 0),
           kept = ours_number(data, "SELECT max(kept) FROM buckets", 0);
    if (kept < BUCKET)
        fprintf(stderr, "the bucket holds %.0f events\n", kept);
    if (!fine || !big.fine || kept < BUCKET || !sink_wait(sink, OTHERS + 1, HOOKS_WAIT_S))
        return false;
    double due = ours_time_s(steady);
    lateness_match(sink, answered, WINDOW_S, late, OTHERS);
    judge_others(late, due, out);
    out->peak_mib = peer_peak_mib(p);
    return find_big(sink, due, out);
}

static bool measure_big(struct sink *sink, struct big_figures *out)
{
    static const char *const sets[] = {"debounce.window=10s", "bucket.max_events=200000",
                                       "bucket.max_bytes=256MiB", NULL};
    struct peer p;
    char data[300], url[64];
    *out = (struct big_figures){0};
    peer_prepare(&p, "opik-alerts");
    snprintf(data, sizeof data, "%s/data", p.dir);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", sink_port(sink));
    if (!ours_import(data, 1, write_big, url) || !ours_launch(&p, NULL, sets))
        return false;
    bool fine = lateness_prepare(&p, sink) && close_big(&p, data, sink, out);
    peer_stop(&p);
    return fine;
}

static void measure_bucket(struct sink *sink, size_t runs)
{
    struct series head = {0}, whole = {0}, near = {0}, far = {0}, peak = {0};
    for (size_t run = 0; run < runs; run++) {
        struct big_figures f;
        if (!measure_big(sink, &f))
            break;
        series_add(&head, f.head_ms);
        series_add(&whole, f.whole_ms);
        series_add(&near, f.near_ms);
        series_add(&far, f.far_ms);
        series_add(&peak, f.peak_mib);
        fprintf(stderr, "a big bucket: run %zu of %zu\n", run + 1, runs);
    }
    printf("\na bucket of 100,000 events, ms after it was due: first byte at the receiver "
           "%.0f, the "
           "last %.0f; peak %.0f MiB\nothers that become due, %d a second: the latest "
           "within %d s of "
           "it %.1f ms, else %.1f ms\n",
           series_median(&head), series_median(&whole), series_median(&peak), PER_SECOND,
           NEAR_S, series_median(&near), series_median(&far));
    goal_at_most("a bucket of 100,000 events closes", series_median(&head), 500, " ms");
}

int main(void)
{
    double stolen = measure_stolen_s(), begun = measure_now_s();
    size_t runs = table_runs();
    struct sink *sink = sink_start();
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("Many endpoints, many events: median of %zu\n", runs);
    measure_endpoints(sink, runs);
    measure_bucket(sink, runs);
    printf("stolen by other machines: %.2f s of %.0f\n\n", measure_stolen_s() - stolen,
           measure_now_s() - begun);
    sink_stop(&sink);
    return 0;
}
