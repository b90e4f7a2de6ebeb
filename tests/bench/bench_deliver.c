/* Webhooks a second, each with its attempt recorded, beside a bare libcurl loop; and buckets that
 * are due in the same instant. The receiver shares the processors. Prints; asserts nothing.
 * BENCH_RUNS (5), BENCH_DELIVERIES (20000). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/peer.h"
#include "bench/sink.h"
#include "support/run.h"

enum { RUNS_MAX = 15, BODY_BYTES = 2048, AT_ONCE = 64, WAIT_S = 120 };

static void pause_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static bool wait_count(const struct sink *sink, uint64_t count)
{
    for (double end = measure_now_s() + WAIT_S; measure_now_s() < end; pause_ms(1))
        if (sink_count(sink) >= count)
            return true;
    fprintf(stderr, "only %llu of %llu webhooks came\n", (unsigned long long)sink_count(sink),
            (unsigned long long)count);
    return false;
}

/* ---------------------------------------------------------------- the bare loop */

static double bare_rate(const char *program, const struct sink *sink, long requests)
{
    char words[1024], line[64] = "";
    snprintf(words, sizeof words, "'%s' http://127.0.0.1:%d/hook %ld %d %d", program,
             sink_port(sink), requests, AT_ONCE, BODY_BYTES);
    FILE *out = popen(words, "r");
    if (!out || !fgets(line, sizeof line, out))
        fputs("the bare loop did not run\n", stderr);
    if (out)
        pclose(out);
    double seconds = strtod(line, NULL);
    return seconds > 0 ? (double)requests / seconds : 0;
}

/* ---------------------------------------------------------------- ours */

static void make_alerts(const char *program, const struct peer *p, const struct sink *sink,
                        long alerts)
{
    char path[512], words[2048];
    snprintf(path, sizeof path, "%s/alerts.json", p->dir);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fputc('[', file);
    for (long i = 0; i < alerts; i++)
        fprintf(file,
                "%s{\"name\":\"Alert %ld\",\"webhook\":{\"url\":\"http://127.0.0.1:%d/%ld\"},"
                "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
                i ? "," : "", i, sink_port(sink), i);
    fputc(']', file);
    fclose(file);
    snprintf(words, sizeof words, "'%s' --data-dir='%s/data' alert import '%s' >/dev/null", program,
             p->dir, path);
    if (system(words) != 0)
        fputs("the alerts could not be made\n", stderr);
}

/* One failed trace makes an event for each alert: as many buckets, all due at once. */
static bool send_event(const struct peer *p)
{
    struct loader_request request;
    char *event = malloc(BODY_BYTES + 256);
    int n = snprintf(event, BODY_BYTES + 256,
                     "{\"id\":\"0193a000-0000-7000-8000-{N}\",\"name\":\"ask\",\"error_info\":"
                     "{\"exception_type\":\"E\",\"message\":\"");
    memset(event + n, 'x', BODY_BYTES - 700); /* the envelope is the rest */
    snprintf(event + n + BODY_BYTES - 700, 64, "\"}}");
    loader_request_make(&request, "/api/v1/private/traces/batch", "", "{\"traces\":[", event, "]}",
                        1);
    bool fine = loader_once(p->port, &request);
    loader_request_free(&request);
    free(event);
    return fine;
}

struct burst {
    double first_ms, last_ms; /* after the moment when they were due */
    double per_second, cpu_us, p50_ms, p99_ms;
};

static bool start_ours(struct peer *p, const char *program, const char *window)
{
    char set[64];
    snprintf(set, sizeof set, "--set=debounce.window=%s", window);
    const char *const argv[] = {program, "--data-dir={DIR}/data", "--set=intake.listen=127.0.0.1:{PORT}", set, "serve", NULL};
    return peer_start(p, "opik-alerts", argv);
}

static bool measure_burst(const char *program, struct sink *sink, long alerts, struct burst *b)
{
    struct peer p;
    double *times = calloc((size_t)alerts, sizeof *times);
    bool fine = times && start_ours(&p, program, "3s");
    if (!fine)
        return false;
    make_alerts(program, &p, sink, alerts);
    sink_reset(sink);
    double cpu = 0, sent = measure_now_s();
    fine = send_event(&p);
    cpu = measure_cpu_s(p.pid);
    fine = fine && wait_count(sink, (uint64_t)alerts);
    if (fine) {
        sink_times(sink, times, (size_t)alerts);
        b->cpu_us = (measure_cpu_s(p.pid) - cpu) / (double)alerts * 1e6;
        double first = times[0], last = times[alerts - 1];
        b->per_second = last > first ? (double)alerts / (last - first) : 0;
        b->first_ms = (first - sent - 3) * 1e3;
        b->last_ms = (last - first) * 1e3;
        for (long i = 0; i < alerts; i++)
            times[i] -= first;
        b->p50_ms = measure_percentile(times, (size_t)alerts, 50) * 1e3;
        b->p99_ms = measure_percentile(times, (size_t)alerts, 99) * 1e3;
    }
    peer_stop(&p);
    free(times);
    return fine;
}

static void print_burst(const char *program, struct sink *sink, long alerts, size_t runs)
{
    double last[RUNS_MAX], rate[RUNS_MAX], p50[RUNS_MAX], p99[RUNS_MAX], cpu[RUNS_MAX];
    size_t done = 0;
    for (size_t run = 0; run < runs; run++) {
        struct burst b;
        if (!measure_burst(program, sink, alerts, &b))
            return;
        last[done] = b.last_ms;
        rate[done] = b.per_second;
        p50[done] = b.p50_ms;
        p99[done] = b.p99_ms;
        cpu[done++] = b.cpu_us;
    }
    printf("%6ld buckets due at once, an endpoint each: first to last %7.1f ms, %7.0f a second, "
           "p50 %6.1f p99 %6.1f ms after the first, %5.1f us CPU each\n",
           alerts, measure_median(last, done), measure_median(rate, done), measure_median(p50, done),
           measure_median(p99, done), measure_median(cpu, done));
    fflush(stdout);
}

int main(void)
{
    const char *built = getenv("OPIK_ALERTS");
    char curl[512];
    const char *program = built ? built : "build/opik-alerts";
    size_t runs = (size_t)measure_setting("BENCH_RUNS", 5);
    long deliveries = measure_setting("BENCH_DELIVERIES", 20000);
    double rates[RUNS_MAX], stolen = measure_stolen_s();
    struct sink *sink = sink_start();
    runs = runs < RUNS_MAX ? runs : RUNS_MAX;
    peer_program("peer_curl", curl, sizeof curl);
    signal(SIGPIPE, SIG_IGN);
    printf("delivering: bodies of about %d bytes, median of %zu\n", BODY_BYTES, runs);
    for (size_t run = 0; run < runs; run++)
        rates[run] = bare_rate(curl, sink, deliveries);
    printf("bare libcurl loop, %d at once, nothing recorded: %.0f a second\n", AT_ONCE,
           measure_median(rates, runs));
    print_burst(program, sink, 1000, runs);
    print_burst(program, sink, 10000, runs);
    printf("stolen by other machines: %.2f s\n\n", measure_stolen_s() - stolen);
    sink_stop(&sink);
    return 0;
}
