/* Accepted events per second, everything durable and answered after the commit, beside what a team
 * would pick instead; each server alone with the load on the same processors. Prints a table, bars
 * and ratios; asserts nothing. BENCH_RUNS (5), BENCH_SECONDS (2). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/peer.h"
#include "support/run.h"

enum { ALERTS = 100, CONNECTIONS = 64, SERVERS_MAX = 8, RUNS_MAX = 15 };

#define TRACE                                                                                  \
    "{\"id\":\"0193a000-0000-7000-8000-{N}\",\"project_name\":\"%s\",\"name\":\"ask\","           \
    "\"start_time\":\"2026-01-02T03:04:05.678Z\",\"end_time\":\"2026-01-02T03:04:07.012Z\","      \
    "\"input\":{\"question\":\"What is the refund policy for orders older than thirty days?\"}," \
    "\"tags\":[\"prod\",\"eu\"],\"metadata\":{\"model\":\"gpt-4o\",\"tokens\":1234567}%s}"
#define ERROR_INFO                                                                             \
    ",\"error_info\":{\"exception_type\":\"TimeoutError\",\"message\":\"the model did not answer\"}"
#define AM_ALERT                                                                               \
    "{\"labels\":{\"alertname\":\"trace_error\",\"id\":\"{N}\"},\"annotations\":{\"trace\":"       \
    "\"0193a000-0000-7000-8000-00000000000a project chat name ask start 2026-01-02T03:04:05Z "    \
    "What is the refund policy for orders older than thirty days? prod eu gpt-4o 1234567 "        \
    "TimeoutError: the model did not answer\"},\"startsAt\":\"2026-01-02T03:04:05.678Z\"}"

static const size_t BATCHES[] = {1, 10, 100};
enum { BATCH_COUNT = 3 };

struct server {
    const char *name;
    const char *const *argv;
    const char *path, *prefix, *suffix;
    const char *event; /* with {N} */
    bool own;          /* ours: alerts are made first */
};

struct figures {
    double per_second[BATCH_COUNT], cpu_per_100k[BATCH_COUNT], peak_mib;
    double loader_share, p99_ms;
};

/* ---------------------------------------------------------------- our alerts */

static void make_alerts(const char *program, const char *dir)
{
    char path[512], words[2048];
    snprintf(path, sizeof path, "%s/alerts.json", dir);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fputc('[', file);
    for (int i = 0; i < ALERTS; i++)
        fprintf(file,
                "%s{\"name\":\"Alert %d\",\"webhook\":{\"url\":\"http://127.0.0.1:9/%d\"},"
                "\"triggers\":[{\"event_type\":\"%s\"}]}",
                i ? "," : "", i, i, i == 0 ? "trace:errors" : "prompt:created");
    fputc(']', file);
    fclose(file);
    snprintf(words, sizeof words, "'%s' --data-dir='%s/data' alert import '%s' >/dev/null", program,
             dir, path);
    if (system(words) != 0)
        fputs("the alerts could not be made\n", stderr);
}

/* ---------------------------------------------------------------- one measurement */

static bool measure_batch(const struct server *s, const struct peer *p, size_t batch, double seconds,
                          struct loader_result *r, double *cpu)
{
    struct loader_request request;
    loader_request_make(&request, s->path, "", s->prefix, s->event, s->suffix, batch);
    bool fine = loader_run(p->port, CONNECTIONS, &request, seconds / 4, 0, r);
    double before = measure_cpu_s(p->pid);
    fine = fine && loader_run(p->port, CONNECTIONS, &request, seconds, 0, r);
    *cpu = measure_cpu_s(p->pid) - before;
    loader_request_free(&request);
    if (fine && r->failed)
        fprintf(stderr, "%s: %llu of %llu requests failed\n", s->name,
                (unsigned long long)r->failed, (unsigned long long)r->answered);
    return fine;
}

static bool measure_server(const struct server *s, const char *program, size_t runs, double seconds,
                           struct figures *out)
{
    double rate[BATCH_COUNT][RUNS_MAX], cpu[BATCH_COUNT][RUNS_MAX], own_cpu = 0, wall = 0;
    *out = (struct figures){0};
    for (size_t run = 0; run < runs; run++) {
        struct peer p;
        if (!peer_start(&p, s->name, s->argv))
            return false;
        if (s->own)
            make_alerts(program, p.dir);
        for (size_t b = 0; b < BATCH_COUNT; b++) {
            struct loader_result r;
            double used;
            if (!measure_batch(s, &p, BATCHES[b], seconds, &r, &used)) {
                peer_stop(&p);
                return false;
            }
            double events = (double)(r.answered - r.failed) * (double)BATCHES[b];
            rate[b][run] = events / r.seconds;
            cpu[b][run] = used / events * 1e5;
            own_cpu += r.cpu_s;
            wall += r.seconds;
            out->p99_ms = r.p99_ms > out->p99_ms ? r.p99_ms : out->p99_ms;
        }
        double peak = measure_peak_mib(p.pid);
        out->peak_mib = peak > out->peak_mib ? peak : out->peak_mib;
        peer_stop(&p);
    }
    for (size_t b = 0; b < BATCH_COUNT; b++) {
        out->per_second[b] = measure_median(rate[b], runs);
        out->cpu_per_100k[b] = measure_median(cpu[b], runs);
    }
    out->loader_share = own_cpu / wall;
    return true;
}

/* ---------------------------------------------------------------- the table */

static void print_row(const char *name, const struct figures *f)
{
    printf("%-34s", name);
    for (size_t b = 0; b < BATCH_COUNT; b++)
        printf(" %10.0f", f->per_second[b]);
    printf("  %6.2f %6.2f %6.2f %8.1f %7.2f\n", f->cpu_per_100k[0], f->cpu_per_100k[1],
           f->cpu_per_100k[2], f->peak_mib, f->loader_share);
    fflush(stdout);
}

static void print_bars(const struct server *servers, const struct figures *figures, const bool *there,
                       size_t count)
{
    char bar[41];
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = there[i] && figures[i].per_second[2] > most ? figures[i].per_second[2] : most;
    printf("\nbatch 100, events a second\n");
    for (size_t i = 0; i < count; i++) {
        if (!there[i])
            continue;
        measure_bar(figures[i].per_second[2], most, 40, bar);
        printf("%-34s |%s| %.0f\n", servers[i].name, bar, figures[i].per_second[2]);
    }
}

static void print_ratios(const struct server *servers, const struct figures *figures,
                         const bool *there, size_t count, size_t own)
{
    printf("\n%-34s %10s %10s %10s  CPU of an event at batch 100\n", servers[own].name, "batch 1",
           "batch 10", "batch 100");
    for (size_t i = 0; i < count; i++) {
        if (!there[i] || i == own)
            continue;
        printf("to %-31s", servers[i].name);
        for (size_t b = 0; b < BATCH_COUNT; b++)
            printf(" %9.2fx", figures[own].per_second[b] / figures[i].per_second[b]);
        printf("  1/%.1f\n", figures[i].cpu_per_100k[2] / figures[own].cpu_per_100k[2]);
    }
}

/* ---------------------------------------------------------------- who is measured */

static void write_alertmanager_config(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fputs("route: {receiver: none, group_by: [alertname], group_wait: 1h}\n"
          "receivers: [{name: none}]\n",
          file);
    fclose(file);
}

int main(void)
{
    static char failed[1024], passed[1024];
    const char *built = getenv("OPIK_ALERTS");
    const char *program = built ? built : "build/opik-alerts";
    char config[300], dir[256], config_word[320], peer_mhd[512];
    run_dir_make(dir, sizeof dir);
    snprintf(config, sizeof config, "%s/alertmanager.yml", dir);
    snprintf(config_word, sizeof config_word, "--config.file=%s", config);
    write_alertmanager_config(config);
    peer_program("peer_mhd", peer_mhd, sizeof peer_mhd);
    snprintf(failed, sizeof failed, TRACE, "chat", ERROR_INFO);
    snprintf(passed, sizeof passed, TRACE, "chat", "");
    const char *const ours[] = {program, "--data-dir={DIR}/data", "--set=intake.listen=127.0.0.1:{PORT}",
                                "--set=debounce.window=1h", "serve", NULL};
    const char *const bare[] = {peer_mhd, "bare", "{PORT}", NULL};
    const char *const jansson[] = {peer_mhd, "jansson", "{PORT}", NULL};
    const char *const stored[] = {peer_mhd, "store", "{PORT}", "{DIR}/events.db", NULL};
    const char *const manager[] = {"prometheus-alertmanager", config_word,
                                   "--storage.path={DIR}", "--cluster.listen-address=",
                                   "--web.listen-address=127.0.0.1:{PORT}", "--log.level=error",
                                   NULL};
    static const char path[] = "/api/v1/private/traces/batch", prefix[] = "{\"traces\":[",
                      suffix[] = "]}";
    const struct server servers[SERVERS_MAX] = {
        {"opik-alerts, errors", ours, path, prefix, suffix, failed, true},
        {"opik-alerts, no alert wants them", ours, path, prefix, suffix, passed, true},
        {"libmicrohttpd, nothing parsed", bare, path, prefix, suffix, failed, false},
        {"libmicrohttpd, jansson", jansson, path, prefix, suffix, failed, false},
        {"the same, a row each in SQLite", stored, path, prefix, suffix, failed, false},
        {"Alertmanager, all distinct", manager, "/api/v2/alerts", "[", "]", AM_ALERT, false},
    };
    size_t runs = (size_t)measure_setting("BENCH_RUNS", 5), count = 6;
    double seconds = (double)measure_setting("BENCH_SECONDS", 2), stolen = measure_stolen_s();
    struct figures figures[SERVERS_MAX];
    bool there[SERVERS_MAX];
    runs = runs < RUNS_MAX ? runs : RUNS_MAX;
    signal(SIGPIPE, SIG_IGN);
    printf("accepting: events of %zu bytes, %d connections, %d alerts of which one matches, "
           "median of %zu\n%-34s %10s %10s %10s  %20s %8s %7s\n",
           strlen(failed), CONNECTIONS, ALERTS, runs, "events a second", "batch 1", "batch 10",
           "batch 100", "CPU s per 100,000", "peak MiB", "load");
    for (size_t i = 0; i < count; i++) {
        there[i] = (servers[i].argv != manager || peer_installed("prometheus-alertmanager")) &&
                   measure_server(&servers[i], program, runs, seconds, &figures[i]);
        if (there[i])
            print_row(servers[i].name, &figures[i]);
        else
            printf("%-34s is not installed, or ended\n", servers[i].name);
    }
    if (there[0]) {
        print_bars(servers, figures, there, count);
        print_ratios(servers, figures, there, count, 0);
        if (there[1])
            print_ratios(servers, figures, there, count, 1);
    }
    printf("load: processors that the load itself took; stolen by other machines: %.2f s\n\n",
           measure_stolen_s() - stolen);
    run_dir_remove(dir);
    return 0;
}
