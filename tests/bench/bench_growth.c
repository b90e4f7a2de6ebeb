/* What many alerts cost accepting, and what a long past costs accepting, delivering, the
 * start and every screen. Two stores side by side in each run, with the same last 20
 * minutes. Prints; asserts nothing. BENCH_RUNS (5), BENCH_SECONDS (1), BENCH_ATTEMPTS
 * (1000000; the goals are for 10000000). */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/accepting.h"
#include "bench/fill.h"
#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/screen.h"
#include "bench/sink.h"
#include "bench/table.h"
#include "support/run.h"

enum { HOOKS = 2000, PRESSES = 2, QUIET_MS = 120 };
enum { FEW, MANY, STORES };

static double seconds;

static void write_alert(FILE *f, size_t i, const void *arg)
{
    ours_write_alert(f, i, i == 0 ? "trace:errors" : "prompt:created", arg);
}

/* ---------------------------------------------------------------- alerts */

static void measure_with_alerts(const char *data, size_t batch, struct series *each,
                                struct series *cpu)
{
    struct peer p;
    if (!ours_start(&p, data, accepting_sets))
        return;
    struct accepting a = accepting_measure(&p, batch, seconds);
    series_add(each, 1e6 / a.per_second);
    series_add(cpu, a.cpu_us);
    peer_stop(&p);
}

static double print_alerts_row(const char *name, size_t batch,
                               const struct series row[STORES])
{
    double few = series_median(&row[FEW]), many = series_median(&row[MANY]);
    char text[64];
    snprintf(text, sizeof text, "batch %zu: %s", batch, name);
    printf("%-44s %12.2f %12.2f %7.2fx\n", text, few, many, many / few);
    return many / few;
}

static void measure_alerts(const char *dir, size_t runs)
{
    static const size_t counts[STORES] = {10, 10000}, batches[] = {10, 100};
    struct series each[2][STORES] = {0}, cpu[2][STORES] = {0};
    char data[STORES][300];
    double worst = NAN;
    for (size_t i = 0; i < STORES; i++) {
        snprintf(data[i], sizeof data[i], "%s/alerts%zu", dir, counts[i]);
        if (!ours_import(data[i], counts[i], write_alert, "http://127.0.0.1:9/"))
            return;
    }
    for (size_t run = 0; run < runs; run++)
        for (size_t b = 0; b < 2; b++)
            for (size_t i = 0; i < STORES; i++)
                measure_with_alerts(data[i], batches[b], &each[b][i], &cpu[b][i]);
    printf("%-44s %12s %12s %8s\n", "accepting", "10 alerts", "10,000", "cost");
    for (size_t b = 0; b < 2; b++) {
        double cost = print_alerts_row("us an event", batches[b], each[b]);
        worst = fmax(worst, cost);
        print_alerts_row("CPU us an event", batches[b], cpu[b]);
    }
    goal_at_most("10 -> 10,000 alerts, cost of accepting", worst, 1.2, "x");
}

/* ---------------------------------------------------------------- attempts */

enum what { ACCEPT, DELIVER, SERVE_STARTS, CONSOLE_STARTS, FIRST_SCREEN };
static const struct {
    const char *name, *before, *keys, *after;
} screens[] = {
    {"screen 1, alerts", "2", "1", NULL},
    {"screen 2, deliveries", "1", "2", NULL},
    {"screen 3, buckets", "1", "3", NULL},
    {"screen 4, activity", "1", "4", NULL},
    {"screen 5, overview", "1", "5", NULL},
    {"screen 6, projects", "1", "6", NULL},
    {"screen 7, settings", "1", "7", NULL},
    {"screen 8, silences", "1", "8", NULL},
    {"screen 9, audit", "1", "9", NULL},
    {"deliveries, status:dead", "2/status:dead", "\r", "\033"},
    {"deliveries, status:delivered", "2/status:delivered", "\r", "\033"},
    {"deliveries, code:500", "2/code:500", "\r", "\033"},
    {"deliveries, code:5xx", "2/code:5xx", "\r", "\033"},
    {"deliveries, alert:\"Alert 7\"", "2/alert:\"Alert 7\"", "\r", "\033"},
    {"deliveries, since:1d", "2/since:1d", "\r", "\033"},
    {"deliveries, to the oldest: End", "2", "\033OF", "\033OH"},
};
enum { SCREENS = sizeof screens / sizeof *screens, ROWS = FIRST_SCREEN + SCREENS };
static struct series figures[ROWS][STORES];

static void measure_accept(const char *data, size_t store)
{
    struct peer p;
    peer_prepare(&p, "opik-alerts");
    if (!ours_launch(&p, data, accepting_sets))
        return;
    series_add(&figures[ACCEPT][store],
               1e6 / accepting_measure(&p, 100, seconds).per_second);
    peer_stop(&p);
    fill_empty_buckets(data);
}

static bool send_prompt(int port)
{
    struct loader_request request;
    loader_request_make(&request, "/api/v1/private/prompts", "", "",
                        "{\"name\":\"p{N}\",\"template\":\"t\"}", "", 1);
    bool fine = loader_once(port, &request);
    loader_request_free(&request);
    return fine;
}

/* The start of `serve`, and a burst of HOOKS from it. */
static void measure_serve(const char *data, size_t store, struct sink *sink)
{
    static const char *const sets[] = {"debounce.window=1s", "delivery.per_endpoint=64",
                                       "log.max_size=0B", NULL};
    struct arrival *a = calloc(HOOKS, sizeof *a);
    struct peer p;
    if (!a)
        abort();
    peer_prepare(&p, "opik-alerts");
    double begun = measure_now_s();
    if (ours_launch(&p, data, sets)) {
        series_add(&figures[SERVE_STARTS][store], (measure_now_s() - begun) * 1e3);
        sink_reset(sink);
        if (send_prompt(p.port) && sink_wait(sink, HOOKS, 60)) {
            sink_arrivals(sink, a, HOOKS);
            series_add(&figures[DELIVER][store],
                       (a[HOOKS - 1].whole - a[0].whole) / (HOOKS - 1) * 1e6);
            measure_pause(0.5); /* the last are recorded */
        }
        peer_stop(&p);
    }
    free(a);
}

static void press_one(struct screen *s, size_t store, size_t i)
{
    screen_press(s, screens[i].before, 2 * QUIET_MS, QUIET_MS);
    double begun = measure_now_s();
    struct drained d = screen_press(s, screens[i].keys, SCREEN_MOST_MS, QUIET_MS);
    series_add(&figures[FIRST_SCREEN + i][store],
               d.bytes ? (d.last - begun) * 1e3 : SCREEN_MOST_MS);
    if (screens[i].after)
        screen_press(s, screens[i].after, 2 * QUIET_MS, QUIET_MS);
}

static void start_console(struct screen *s, const char *data, size_t store)
{
    char program[512], folder[640], config[640];
    snprintf(program, sizeof program, "%s", ours_program());
    snprintf(folder, sizeof folder, "--data-dir=%s", data);
    snprintf(config, sizeof config, "%s.config", data);
    setenv("XDG_CONFIG_HOME", config, 1);
    char listen[] = "--set=intake.listen=127.0.0.1:0", size[] = "--set=log.max_size=0B";
    char *const argv[] = {program, folder, listen, size, NULL};
    screen_start(s, argv, NULL);
    struct drained d = screen_drain(s, 300, 3000);
    series_add(&figures[CONSOLE_STARTS][store], (d.last - s->begun) * 1e3);
}

/* Key by key in one after the other, so that what disturbs one disturbs both. */
static void measure_consoles(char data[STORES][300])
{
    struct screen s[STORES];
    for (size_t store = 0; store < STORES; store++)
        start_console(&s[store], data[store], store);
    for (size_t i = 0; i < PRESSES * SCREENS; i++)
        for (size_t store = 0; store < STORES; store++)
            if (screen_alive(&s[store]))
                press_one(&s[store], store, i % SCREENS);
    for (size_t store = 0; store < STORES; store++)
        screen_stop(&s[store]);
}

static void print_attempts(const char *counted, double cost[ROWS])
{
    const char *names[ROWS] = {"accepting, batch 100: us an event",
                               "delivering: us a webhook", "serve starts: ms",
                               "the console starts: ms"};
    printf("\n%-44s %12s %12s %8s\n", "attempts in the store", "20,000", counted, "cost");
    for (size_t i = 0; i < ROWS; i++) {
        double few = series_median(&figures[i][FEW]),
               many = series_median(&figures[i][MANY]);
        if (i >= FIRST_SCREEN)
            names[i] = screens[i - FIRST_SCREEN].name;
        cost[i] = many / few;
        printf("%-44s %12.2f %12.2f %7.2fx\n", names[i], few, many, cost[i]);
    }
    table_bars("cost of the many attempts", names, cost, ROWS, "x");
}

static void print_attempt_goals(const char *counted, const double cost[ROWS])
{
    static const char *const names[] = {"accepting", "delivering", "the start of serve",
                                        "the start of the console"};
    char goal[128];
    double worst = NAN;
    for (size_t i = 0; i < FIRST_SCREEN; i++) {
        snprintf(goal, sizeof goal, "20,000 -> %s attempts, %s", counted, names[i]);
        goal_at_most(goal, cost[i], 1.2, "x");
    }
    for (size_t i = FIRST_SCREEN; i < ROWS; i++)
        worst = fmax(worst, cost[i]);
    snprintf(goal, sizeof goal, "20,000 -> %s attempts, the slowest screen", counted);
    goal_at_most(goal, worst, 1.2, "x");
}

static void measure_attempts(const char *dir, size_t runs)
{
    long count = measure_setting("BENCH_ATTEMPTS", 1000000);
    char data[STORES][300], url[64], counted[32];
    double cost[ROWS];
    struct sink *sink = sink_start();
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", sink_port(sink));
    snprintf(counted, sizeof counted, count % 1000000 ? "%ld" : "%ld,000,000",
             count % 1000000 ? count : count / 1000000);
    double begun = measure_now_s();
    bool fine = true;
    for (size_t i = 0; i < STORES && fine; i++) {
        snprintf(data[i], sizeof data[i], "%s/attempts%zu", dir, i);
        fine = ours_import(data[i], HOOKS + 1, write_alert, url) &&
               fill_attempts(data[i], i == FEW ? FILL_RECENT : count);
    }
    fprintf(stderr, "the stores were filled in %.0f s\n", measure_now_s() - begun);
    for (size_t run = 0; run < runs && fine; run++) {
        for (size_t i = 0; i < STORES; i++)
            measure_accept(data[i], i);
        for (size_t i = 0; i < STORES; i++)
            measure_serve(data[i], i, sink);
        measure_consoles(data);
        fprintf(stderr, "growth: run %zu of %zu\n", run + 1, runs);
    }
    print_attempts(counted, cost);
    print_attempt_goals(counted, cost);
    sink_stop(&sink);
}

int main(void)
{
    char dir[256];
    double stolen = measure_stolen_s(), begun = measure_now_s();
    size_t runs = table_runs();
    seconds = (double)measure_setting("BENCH_SECONDS", 1);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_dir_make(dir, sizeof dir);
    printf("Growth: median of %zu; a cost of 1 is none\n", runs);
    measure_alerts(dir, runs);
    measure_attempts(dir, runs);
    printf("stolen by other machines: %.2f s of %.0f\n\n", measure_stolen_s() - stolen,
           measure_now_s() - begun);
    run_dir_remove(dir);
    return 0;
}
