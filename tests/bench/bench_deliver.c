/* Webhooks a second, each with its attempt recorded, beside a bare libcurl loop that
 * records nothing, and beside Alertmanager and BullMQ; buckets that are due in the same
 * instant; lateness of those that are due one after the other. The receiver shares the
 * processors. Prints; asserts nothing. BENCH_RUNS (5), BENCH_DELIVERIES (20000). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/hooks.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/table.h"
#include "support/run.h"

enum { LATE = 2000, LATE_PER_SECOND = 200, NEW_CONNECTIONS = 2000 };

/* ---------------------------------------------------------------- steady */

struct kind {
    const char *name;
    bool tls, closes;
    size_t at_once;
    struct series ours, bare, ours_cpu, bare_cpu, sink;
};

static struct kind kinds[] = {
    {"8 at once", false, false, 8},
    {"64 at once", false, false, 64},
    {"64 at once, TLS, connections kept", true, false, 64},
    {"64 at once, TLS, a new one each", true, true, 64},
};
enum { PLAIN_8, PLAIN_64, TLS_KEPT, TLS_NEW, KINDS };

struct place {
    struct sink *sink;
    const char *data, *url, *ca_file;
};

static bool measure_kind(struct kind *k, const struct place *place, size_t count)
{
    struct steady ours, bare;
    count = k->closes && count > NEW_CONNECTIONS ? NEW_CONNECTIONS : count;
    sink_close_each(place->sink, k->closes);
    bool fine =
        bare_send(place->sink, place->url, place->ca_file, count, k->at_once, &bare) &&
        backlog_send(place->data, place->sink, place->ca_file, count, k->at_once, &ours);
    sink_close_each(place->sink, false);
    if (!fine)
        return false;
    series_add(&k->ours, ours.per_second);
    series_add(&k->bare, bare.per_second);
    series_add(&k->ours_cpu, ours.cpu_us);
    series_add(&k->bare_cpu, bare.cpu_us);
    series_add(&k->sink, ours.sink_share);
    return true;
}

static void draw_kinds(void)
{
    const char *bars[2 * KINDS];
    double rates[2 * KINDS];
    for (size_t i = 0; i < KINDS; i++) {
        rates[2 * i] = series_median(&kinds[i].ours);
        rates[2 * i + 1] = series_median(&kinds[i].bare);
        bars[2 * i] = kinds[i].name;
        bars[2 * i + 1] = "  bare curl";
    }
    table_bars("a backlog to one endpoint, hooks a second", bars, rates, 2 * KINDS, "");
}

static void print_kinds(void)
{
    printf("%-36s %9s %9s %7s  %18s %9s\n%-36s %9s %9s %7s  %9s %8s %9s\n",
           "a backlog to one endpoint", "hooks a", "second", "", "CPU us each", "receiver",
           "", "ours", "bare curl", "ratio", "ours", "bare", "its share");
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        double ours = series_median(&k->ours), bare = series_median(&k->bare);
        printf("%-36s %9.0f %9.0f %6.2fx  %9.1f %8.1f %7.0f %%\n", k->name, ours, bare,
               ours / bare, series_median(&k->ours_cpu), series_median(&k->bare_cpu),
               series_median(&k->sink) * 50);
    }
    draw_kinds();
}

static double ratio_of(const struct kind *k)
{
    return series_median(&k->ours) / series_median(&k->bare);
}

static void measure_steadily(const char *dir, struct sink *plain, size_t runs, size_t count)
{
    char data[300], tls_data[300], ca_file[300], url[64], tls_url[64];
    snprintf(data, sizeof data, "%s/plain", dir);
    snprintf(tls_data, sizeof tls_data, "%s/tls", dir);
    snprintf(ca_file, sizeof ca_file, "%s/ca.pem", dir);
    struct sink *tls = sink_start_tls(ca_file);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/0", sink_port(plain));
    snprintf(tls_url, sizeof tls_url, "https://127.0.0.1:%d/0", sink_port(tls));
    const struct place there = {plain, data, url, NULL},
                       secure = {tls, tls_data, tls_url, ca_file};
    bool fine = backlog_make(data, plain, url, count) &&
                backlog_make(tls_data, tls, tls_url, count);
    for (size_t run = 0; run < runs && fine; run++) {
        for (size_t i = 0; i < KINDS && fine; i++)
            fine = measure_kind(&kinds[i], kinds[i].tls ? &secure : &there, count);
        fprintf(stderr, "delivering: run %zu of %zu\n", run + 1, runs);
    }
    print_kinds();
    sink_stop(&tls);
}

/* ---------------------------------------------------------------- bursts */

enum who { OURS, MANAGER, BULLMQ, SENDERS };
static const char *const names[SENDERS] = {"opik-alerts", "Alertmanager, a group each",
                                           "BullMQ, a job each"};
static bool (*const bursts[SENDERS])(struct sink *, size_t, struct burst *) = {
    burst_ours, burst_manager, burst_bullmq};

struct burst_figures {
    bool gone;
    struct series first, last, spread, rate, p50, p99, cpu, bytes;
};

static void measure_burst(struct burst_figures *f, enum who who, struct sink *sink,
                          size_t buckets)
{
    struct burst b;
    if (f->gone || !bursts[who](sink, buckets, &b)) {
        f->gone = true;
        return;
    }
    series_add(&f->first, b.first_ms);
    series_add(&f->last, b.last_ms);
    series_add(&f->spread, b.last_ms - b.first_ms);
    series_add(&f->rate, b.per_second);
    series_add(&f->p50, b.p50_ms);
    series_add(&f->p99, b.p99_ms);
    series_add(&f->cpu, b.cpu_us);
    series_add(&f->bytes, b.bytes);
}

static void print_bursts(const struct burst_figures *figures, size_t buckets)
{
    double rates[SENDERS];
    char title[64];
    printf("\n%zu due in one instant: ms after it%*s %8s %8s %8s %8s %13s %8s %8s %6s\n",
           buckets, buckets < 10000 ? 3 : 2, "", "first", "last", "p50", "p99",
           "first to last", "a second", "us each", "bytes");
    for (enum who i = 0; i < SENDERS; i++) {
        const struct burst_figures *f = &figures[i];
        rates[i] = series_median(&f->rate);
        if (f->gone)
            printf("%-38s is not installed, or failed\n", names[i]);
        else
            printf("%-38s %8.1f %8.1f %8.1f %8.1f %13.1f %8.0f %8.1f %6.0f\n", names[i],
                   series_median(&f->first), series_median(&f->last),
                   series_median(&f->p50), series_median(&f->p99),
                   series_median(&f->spread), rates[i], series_median(&f->cpu),
                   series_median(&f->bytes));
    }
    snprintf(title, sizeof title, "%zu due at once, hooks a second", buckets);
    table_bars(title, names, rates, SENDERS, "");
}

static void measure_bursts(struct sink *sink, size_t runs, size_t buckets,
                           struct burst_figures figures[SENDERS])
{
    figures[MANAGER].gone = !alertmanager_installed();
    figures[BULLMQ].gone = !bullmq_installed();
    for (size_t run = 0; run < runs; run++) {
        for (enum who i = 0; i < SENDERS; i++)
            measure_burst(&figures[i], i, sink, buckets);
        fprintf(stderr, "%zu due at once: run %zu of %zu\n", buckets, run + 1, runs);
    }
    print_bursts(figures, buckets);
}

/* ---------------------------------------------------------------- lateness */

/* From when the event was sent: accepting it and the way to the receiver count too. */
static bool measure_late_run(struct sink *sink, double *late_ms)
{
    static const char *const sets[] = {"debounce.window=1s", NULL};
    static double sent[LATE], answered[LATE];
    static struct late late[LATE];
    struct peer p;
    peer_prepare(&p, "opik-alerts");
    if (!ours_launch(&p, NULL, sets))
        return false;
    bool fine = lateness_prepare(&p, sink);
    sink_reset(sink);
    fine = fine && lateness_send(&p, LATE_PER_SECOND, sent, answered, LATE) &&
           sink_wait(sink, LATE, HOOKS_WAIT_S);
    peer_stop(&p);
    if (fine)
        lateness_match(sink, sent, 1, late, LATE);
    for (size_t i = 0; i < LATE; i++)
        late_ms[i] = late[i].late_ms;
    return fine;
}

static double measure_lateness(struct sink *sink, size_t runs)
{
    struct series p50 = {0}, p99 = {0};
    double late_ms[LATE];
    for (size_t run = 0; run < runs && measure_late_run(sink, late_ms); run++) {
        series_add(&p50, measure_percentile(late_ms, LATE, 50));
        series_add(&p99, measure_percentile(late_ms, LATE, 99));
    }
    printf("\n%d buckets a second, each due 1 s after its event was sent: late at the "
           "receiver "
           "p50 %.1f ms, p99 %.1f ms\n",
           LATE_PER_SECOND, series_median(&p50), series_median(&p99));
    return series_median(&p99);
}

static void print_goals(const struct burst_figures *thousand,
                        const struct burst_figures *many, double late)
{
    double ours = series_median(&many[OURS].rate);
    putchar('\n');
    goal_at_least("delivering, 64 at once, to bare curl", ratio_of(&kinds[PLAIN_64]), 0.65,
                  "x");
    goal_at_least("delivering over TLS, connections kept, to bare curl",
                  ratio_of(&kinds[TLS_KEPT]), 0.7, "x");
    goal_at_least("delivering over TLS, new connections, to bare curl",
                  ratio_of(&kinds[TLS_NEW]), 0.7, "x");
    goal_at_least("10,000 due at once, hooks/s to Alertmanager",
                  ours / series_median(&many[MANAGER].rate), 4, "x");
    goal_at_least("10,000 due at once, hooks/s to BullMQ",
                  ours / series_median(&many[BULLMQ].rate), 10, "x");
    goal_at_most("1,000 due at once, the last after it",
                 series_median(&thousand[OURS].last), 80, " ms");
    goal_at_most("10,000 due at once, the last after it", series_median(&many[OURS].last),
                 500, " ms");
    goal_at_most("lateness at 200 a second, p99", late, 3, " ms");
}

int main(void)
{
    static struct burst_figures thousand[SENDERS], many[SENDERS];
    char dir[256];
    double stolen = measure_stolen_s(), begun = measure_now_s();
    size_t runs = table_runs(), count = (size_t)measure_setting("BENCH_DELIVERIES", 20000);
    struct sink *sink = sink_start();
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_dir_make(dir, sizeof dir);
    printf("Delivering: bodies of about %d bytes, every attempt of ours recorded, median "
           "of %zu\n",
           HOOKS_BODY, runs);
    rivals_tell_missing();
    measure_steadily(dir, sink, runs, count);
    measure_bursts(sink, runs, 1000, thousand);
    measure_bursts(sink, runs, 10000, many);
    double late = measure_lateness(sink, runs);
    print_goals(thousand, many, late);
    printf("stolen by other machines: %.2f s of %.0f\n\n", measure_stolen_s() - stolen,
           measure_now_s() - begun);
    sink_stop(&sink);
    run_dir_remove(dir);
    return 0;
}
