/* Accepted events per second, everything durable and answered after the commit, beside what
 * a team would pick instead; each server alone with the load on the same processors, each
 * measurement on a server just started, one server after the other in every run. Prints a
 * table, bars and goals; asserts nothing. BENCH_RUNS (5), BENCH_SECONDS (1). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/accepting.h"
#include "bench/events.h"
#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/table.h"
#include "support/run.h"

enum { ALERTS = 100, CONNECTIONS = ACCEPTING_CONNECTIONS, WAITING = 100000 };

static const size_t BATCHES[] = {1, 10, 100};
enum { BATCH_COUNT = 3 };

enum who {
    OURS,
    PASSING,
    BARE,
    SCANNED,
    SCAN_STORED,
    JANSSON,
    STORED,
    MANAGER,
    REPEATED,
    BULLMQ,
    SERVERS
};

static char data[512]; /* of our alerts */

struct server {
    const char *name, *path, *prefix, *suffix;
    const char *event; /* with {N} */
    bool (*start)(struct peer *p);
    bool keeps;   /* the events: what waits is memory */
    size_t again; /* events with different labels */
};

static bool start_ours(struct peer *p)
{
    return ours_start(p, data, accepting_sets);
}

static bool start_bare(struct peer *p)
{
    return mhd_start(p, "bare");
}

static bool start_scanned(struct peer *p)
{
    return mhd_start(p, "scan");
}

static bool start_scan_stored(struct peer *p)
{
    return mhd_start(p, "scan-store");
}

static bool start_jansson(struct peer *p)
{
    return mhd_start(p, "jansson");
}

static bool start_stored(struct peer *p)
{
    return mhd_start(p, "store");
}

static bool start_manager(struct peer *p)
{
    return alertmanager_installed() && alertmanager_start(p, "alertname", "1h", NULL);
}

static bool start_bullmq(struct peer *p)
{
    return bullmq_installed() && bullmq_start(p, 3600 * 1000);
}

#define TRACES EVENTS_PATH, EVENTS_PREFIX, EVENTS_SUFFIX
static const struct server servers[SERVERS] = {
    [OURS] = {"opik-alerts, errors", TRACES, EVENTS_FAILED, start_ours, true},
    [PASSING] = {"opik-alerts, no alert wants them", TRACES, EVENTS_PASSED, start_ours},
    [BARE] = {"libmicrohttpd, nothing parsed", TRACES, EVENTS_FAILED, start_bare},
    [SCANNED] = {"libmicrohttpd, our scanner", TRACES, EVENTS_FAILED, start_scanned},
    [SCAN_STORED] = {"  and a row each in SQLite", TRACES, EVENTS_FAILED, start_scan_stored,
                     true},
    [JANSSON] = {"libmicrohttpd, jansson", TRACES, EVENTS_FAILED, start_jansson},
    [STORED] = {"  and a row each in SQLite", TRACES, EVENTS_FAILED, start_stored, true},
    [MANAGER] = {"Alertmanager, all distinct", EVENTS_MANAGER_PATH, "[", "]",
                 EVENTS_MANAGER, start_manager, true},
    [REPEATED] = {"Alertmanager, 1,000 label sets", EVENTS_MANAGER_PATH, "[", "]",
                  EVENTS_MANAGER, start_manager, true, 1000},
    [BULLMQ] = {"BullMQ, Redis with AOF", TRACES, EVENTS_FAILED, start_bullmq, true},
};

struct figures {
    bool gone; /* not installed, or it ended */
    struct series rate[BATCH_COUNT], cpu[BATCH_COUNT], load[BATCH_COUNT];
    struct series p99, peak, waiting;
};
static struct figures figures[SERVERS];

/* ---------------------------------------------------------------- one measurement */

static void make_request(struct loader_request *r, const struct server *s, size_t batch)
{
    loader_request_make(r, s->path, "", s->prefix, s->event, s->suffix, batch);
    r->again = (uint32_t)(s->again / batch);
}

/* Whether what was answered is all there, and not only counted. */
static void look_for_truncated(const struct peer *p)
{
    char dir[300];
    snprintf(dir, sizeof dir, "%s/data", p->dir);
    double left_out = ours_number(dir, "SELECT sum(truncated) FROM buckets", 0);
    if (left_out > 0)
        printf("(%.0f events were over the limit of a bucket, and only counted)\n",
               left_out);
}

static bool load_server(const struct server *s, struct figures *f, const struct peer *p,
                        size_t b, double seconds)
{
    struct loader_request request;
    struct loader_result r;
    double cpu;
    make_request(&request, s, BATCHES[b]);
    bool fine = accepting_load(p, &request, seconds, &r, &cpu);
    loader_request_free(&request);
    if (!fine)
        return false;
    if (r.failed)
        printf("(%s: %llu of %llu requests failed)\n", s->name,
               (unsigned long long)r.failed, (unsigned long long)r.answered);
    double events = (double)(r.answered - r.failed) * (double)BATCHES[b];
    series_add(&f->rate[b], events / r.seconds);
    series_add(&f->cpu[b], cpu / events * 1e5);
    series_add(&f->load[b], r.cpu_s / r.seconds);
    if (b == BATCH_COUNT - 1) {
        series_add(&f->p99, r.p99_ms);
        series_add(&f->peak, peer_peak_mib(p));
    }
    return true;
}

static bool measure_batch(enum who who, size_t b, double seconds)
{
    struct peer p;
    if (!servers[who].start(&p))
        return false;
    bool fine = load_server(&servers[who], &figures[who], &p, b, seconds);
    if (who == OURS)
        look_for_truncated(&p);
    peer_stop(&p);
    return fine;
}

/* Memory once exactly so many events wait, and the first work is done. */
static bool measure_waiting(enum who who)
{
    const struct loader_plan plan = {
        .connections = 8, .seconds = 60, .requests = WAITING / 100};
    struct loader_request request;
    struct loader_result r;
    struct peer p;
    if (!servers[who].start(&p))
        return false;
    make_request(&request, &servers[who], 100);
    bool fine = loader_run(p.port, &request, &plan, &r) && r.failed == 0;
    loader_request_free(&request);
    measure_pause(1);
    if (fine)
        series_add(&figures[who].waiting, peer_pss_mib(&p));
    peer_stop(&p);
    return fine;
}

/* ---------------------------------------------------------------- the table */

static void print_row(enum who who)
{
    const struct figures *f = &figures[who];
    printf("%-33s", servers[who].name);
    for (size_t b = 0; b < BATCH_COUNT; b++)
        printf(" %9.0f", series_median(&f->rate[b]));
    printf(" ");
    for (size_t b = 0; b < BATCH_COUNT; b++)
        printf(" %6.2f", series_median(&f->cpu[b]));
    printf(" %7.1f", series_median(&f->peak));
    if (servers[who].keeps)
        printf(" %8.1f", series_median(&f->waiting));
    else
        printf(" %8s", "-");
    printf(" %7.1f %5.0f %%\n", series_median(&f->p99), series_median(&f->load[2]) * 50);
}

static void print_table(void)
{
    const char *names[SERVERS];
    double rates[SERVERS];
    printf("%-33s %9s %9s %9s  %20s %7s %8s %7s %7s\n%-33s %9s %9s %9s  %6s %6s %6s %7s "
           "%8s %7s %7s\n",
           "", "events a", "second", "", "CPU s per 100,000", "peak", "100,000", "p99 ms",
           "load", "", "batch 1", "batch 10", "batch 100", "1", "10", "100", "MiB",
           "wait MiB", "at 100", "at 100");
    for (enum who i = 0; i < SERVERS; i++) {
        names[i] = servers[i].name;
        rates[i] = series_median(&figures[i].rate[2]);
        if (figures[i].gone)
            printf("%-33s is not installed, or ended\n", servers[i].name);
        else
            print_row(i);
    }
    puts("load: share of both processors that the load itself took");
    table_bars("batch 100, events a second", names, rates, SERVERS, "");
    for (enum who i = 0; i < SERVERS; i++)
        rates[i] = series_median(&figures[i].cpu[2]) * 10;
    table_bars("batch 100, CPU of an event", names, rates, SERVERS, "us");
}

static double ratio(enum who a, enum who b, size_t batch)
{
    return series_median(&figures[a].rate[batch]) / series_median(&figures[b].rate[batch]);
}

static void print_goals(void)
{
    putchar('\n');
    goal_at_least("accepting, batch 100, to Alertmanager", ratio(OURS, MANAGER, 2), 12,
                  "x");
    goal_at_least("accepting, batch 10, to Alertmanager", ratio(OURS, MANAGER, 1), 10, "x");
    goal_at_least("accepting, batch 1, to Alertmanager", ratio(OURS, MANAGER, 0), 3, "x");
    goal_at_least("accepting, batch 100, to bare with jansson", ratio(OURS, JANSSON, 2),
                  2.5, "x");
    goal_at_least("CPU of an event, batch 100, Alertmanager's to ours",
                  series_median(&figures[MANAGER].cpu[2]) /
                      series_median(&figures[OURS].cpu[2]),
                  15, "x");
    goal_at_most("memory with 100,000 events waiting",
                 series_median(&figures[OURS].waiting), 35, " MB");
    goal_at_least("passing over, batch 10, to bare", ratio(PASSING, BARE, 1), 0.5, "x");
    goal_at_least("passing over, batch 100, to bare", ratio(PASSING, BARE, 2), 0.2, "x");
}

/* ---------------------------------------------------------------- */

static void write_alert(FILE *f, size_t i, const void *arg)
{
    (void)arg;
    ours_write_alert(f, i, i == 0 ? "trace:errors" : "prompt:created",
                     "http://127.0.0.1:9/");
}

static void measure_all(size_t runs, double seconds)
{
    for (size_t run = 0; run < runs; run++) {
        for (size_t b = 0; b < BATCH_COUNT; b++)
            for (enum who i = 0; i < SERVERS; i++)
                if (!figures[i].gone && !measure_batch(i, b, seconds))
                    figures[i].gone = true;
        for (enum who i = 0; i < SERVERS; i++)
            if (servers[i].keeps && !figures[i].gone && !measure_waiting(i))
                figures[i].gone = true;
        fprintf(stderr, "accepting: run %zu of %zu\n", run + 1, runs);
    }
}

int main(void)
{
    char dir[256];
    double seconds = (double)measure_setting("BENCH_SECONDS", 1),
           stolen = measure_stolen_s(), begun = measure_now_s();
    size_t runs = table_runs();
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_dir_make(dir, sizeof dir);
    snprintf(data, sizeof data, "%s/data", dir);
    if (!ours_import(data, ALERTS, write_alert, NULL))
        return 1;
    printf(
        "Accepting: events of %zu bytes, %d connections, %d alerts of which one matches, "
        "median of %zu\n",
        strlen(EVENTS_FAILED), CONNECTIONS, ALERTS, runs);
    rivals_tell_missing();
    measure_all(runs, seconds);
    print_table();
    print_goals();
    printf("stolen by other machines: %.2f s of %.0f\n\n", measure_stolen_s() - stolen,
           measure_now_s() - begun);
    run_dir_remove(dir);
    return 0;
}
