/* What standing still costs: wake-ups, processor time and memory of the console with its
 * engine beside Alertmanager, then of `serve`: two processes of one program share their
 * memory, which would make both look small. Prints; asserts nothing. BENCH_IDLE (20 s). */
#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/screen.h"
#include "bench/table.h"
#include "support/run.h"

enum { ALERTS = 100, SETTLE_S = 5 };
enum { CONSOLE, MANAGER, SERVE, STANDING };
static const char *const names[STANDING] = {"console with engine", "Alertmanager", "serve"};

struct figures {
    bool there;
    double cpu, wakes, pss, rss;
};

static void write_alert(FILE *f, size_t i, const void *arg)
{
    ours_write_alert(f, i, "trace:errors", arg);
}

static void start_console(struct screen *s, const char *data)
{
    char program[512], folder[400];
    snprintf(program, sizeof program, "%s", ours_program());
    snprintf(folder, sizeof folder, "--data-dir=%s", data);
    char listen[] = "--set=intake.listen=127.0.0.1:0";
    char *const argv[] = {program, folder, listen, NULL};
    screen_start(s, argv, NULL);
    screen_drain(s, 1000, 3000);
}

static void keep_reading(struct screen *s, double seconds)
{
    double end = measure_now_s() + seconds;
    for (double left;
         (left = end - measure_now_s()) > 0;) /* a terminal takes what it is given */
        screen_drain(s, (int)(left * 1e3) + 1, (int)(left * 1e3) + 1);
}

/* pids[i] for f[i], 0: it is not there. screen: NULL where there is none. */
static void measure(struct figures *f, const pid_t *pids, size_t count,
                    struct screen *screen, int seconds)
{
    double cpu[STANDING], begun = measure_now_s();
    uint64_t sleeps[STANDING];
    for (size_t i = 0; i < count; i++) {
        cpu[i] = measure_cpu_s(pids[i]);
        sleeps[i] = measure_sleeps(pids[i]);
    }
    if (screen)
        keep_reading(screen, seconds);
    else
        measure_pause(seconds);
    double took = measure_now_s() - begun;
    for (size_t i = 0; i < count; i++)
        f[i] = (struct figures){pids[i] > 0, (measure_cpu_s(pids[i]) - cpu[i]) / took * 100,
                                (double)(measure_sleeps(pids[i]) - sleeps[i]) / took,
                                measure_pss_mib(pids[i]), measure_rss_mib(pids[i])};
}

static void measure_console(struct figures *f, const char *data, int seconds)
{
    struct screen console;
    struct peer manager;
    bool there =
        alertmanager_installed() && alertmanager_start(&manager, "alertname", "1h", NULL);
    start_console(&console, data);
    keep_reading(&console, SETTLE_S);
    const pid_t pids[] = {screen_alive(&console) ? console.pid : 0,
                          there ? manager.pid : 0};
    measure(f, pids, 2, &console, seconds);
    screen_stop(&console);
    if (there)
        peer_stop(&manager);
}

static void measure_serve(struct figures *f, const char *data, int seconds)
{
    struct peer serve;
    if (!ours_start(&serve, data, NULL))
        return;
    measure_pause(SETTLE_S);
    const pid_t pids[] = {serve.pid};
    measure(f, pids, 1, NULL, seconds);
    peer_stop(&serve);
}

int main(void)
{
    struct figures f[STANDING] = {0};
    char dir[256], data[300], config[300];
    double pss[STANDING];
    int seconds = (int)measure_setting("BENCH_IDLE", 20);
    setvbuf(stdout, NULL, _IOLBF, 0);
    run_dir_make(dir, sizeof dir);
    snprintf(data, sizeof data, "%s/data", dir);
    snprintf(config, sizeof config, "%s/config", dir);
    setenv("XDG_CONFIG_HOME", config, 1);
    if (!ours_import(data, ALERTS, write_alert, "http://127.0.0.1:9/"))
        return 1;
    measure_console(&f[CONSOLE], data, seconds);
    measure_serve(&f[SERVE], data, seconds);
    printf("Idle for %d s: %d alerts, nothing waits\n%-24s %12s %8s %9s %9s\n", seconds,
           ALERTS, "", "wake-ups/s", "CPU %", "Pss MiB", "Rss MiB");
    for (size_t i = 0; i < STANDING; i++) {
        pss[i] = f[i].pss;
        if (f[i].there)
            printf("%-24s %12.2f %8.2f %9.1f %9.1f\n", names[i], f[i].wakes, f[i].cpu,
                   f[i].pss, f[i].rss);
        else
            printf("%-24s is not installed, or ended\n", names[i]);
    }
    table_bars("memory", names, pss, STANDING, "MiB");
    if (f[CONSOLE].there) {
        goal_at_most("idle, wake-ups a second", f[CONSOLE].wakes, 1, "");
        goal_at_most("idle, CPU (0.0)", f[CONSOLE].cpu, 0.05, " %");
        goal_at_most("idle, console and engine, memory", f[CONSOLE].pss, 20, " MB");
    }
    run_dir_remove(dir);
    putchar('\n');
    return 0;
}
