/* What the console costs a terminal, beside htop, tig and ncdu in the same run: bytes of
 * the first screen, of a cursor move and of standing still, time to the first byte, memory.
 * Prints; asserts nothing. Peers that are not installed are left out. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/fill.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "bench/screen.h"
#include "support/run.h"

enum { ALERTS = 1000, ATTEMPTS = 100000, MOVES = 40, QUIET_MS = 60, IDLE_MS = 3000 };

struct shown {
    const char *name;
    char *const *argv;
    const char *directory; /* where it starts; NULL: here */
    int settle_ms;
};

struct figures {
    double first_byte_ms, key_ms;
    long start_bytes, move_bytes, idle_bytes;
    double pss_mib;
};

static void press_keys(struct screen *s, struct figures *f)
{
    double took[MOVES];
    for (int i = 0; i < MOVES; i++) {
        double begun = measure_now_s();
        struct drained d =
            screen_press(s, i < MOVES / 2 ? "\033OB" : "\033OA", QUIET_MS, QUIET_MS);
        f->move_bytes += d.bytes;
        took[i] = d.bytes ? (d.first - begun) * 1e3 : 0;
    }
    f->move_bytes /= MOVES;
    f->key_ms = measure_median(took, MOVES);
}

static bool run(const struct shown *p, struct figures *f)
{
    struct screen s;
    *f = (struct figures){0};
    screen_start(&s, p->argv, p->directory);
    struct drained start = screen_drain(&s, p->settle_ms, 3000);
    f->start_bytes = start.bytes;
    f->first_byte_ms = (start.first - s.begun) * 1e3;
    press_keys(&s, f);
    double end = measure_now_s() + IDLE_MS / 1e3;
    for (int left; (left = (int)((end - measure_now_s()) * 1e3)) > 0;)
        f->idle_bytes += screen_drain(&s, left, left).bytes;
    f->idle_bytes = f->idle_bytes * 1000 / IDLE_MS;
    f->pss_mib = measure_pss_mib(s.pid);
    bool alive = screen_alive(&s);
    screen_stop(&s);
    return alive;
}

static void write_alert(FILE *f, size_t i, const void *arg)
{
    (void)arg;
    fprintf(
        f,
        "{\"name\":\"Alert number %zu\",\"webhook\":{\"url\":\"https://h%zu.example/x\"},"
        "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
        i, i % 50);
}

/* ---------------------------------------------------------------- the table */

static void print_figures(const char *name, const struct figures *f,
                          const struct figures *own)
{
    printf("%-12s %9ld %9ld %9ld %9.1f %9.2f %9.1f", name, f->start_bytes, f->move_bytes,
           f->idle_bytes, f->first_byte_ms, f->key_ms, f->pss_mib);
    if (f != own)
        printf("   x%.1f of our bytes a move",
               (double)f->move_bytes / (double)own->move_bytes);
    putchar('\n');
}

int main(void)
{
    char dir[256], data[300], folder[320], config[300], program[512];
    run_dir_make(dir, sizeof dir);
    snprintf(program, sizeof program, "%s", ours_program());
    snprintf(data, sizeof data, "%s/data", dir);
    snprintf(folder, sizeof folder, "--data-dir=%s", data);
    snprintf(config, sizeof config, "%s/config", dir);
    setenv("XDG_CONFIG_HOME", config, 1);
    if (!ours_import(data, ALERTS, write_alert, NULL) || !fill_attempts(data, ATTEMPTS))
        return 1;
    char read_only[] = "--read-only", listen[] = "--set=intake.listen=127.0.0.1:0";
    char *const alone[] = {program, folder, read_only, NULL};
    char *const hosted[] = {program, folder, listen, NULL};
    char *const htop[] = {"htop", NULL}, *const tig[] = {"tig", NULL},
                *const ncdu[] = {"ncdu", NULL};
    const struct shown peers[] = {
        {"console", alone, NULL, 300},       {"with engine", hosted, NULL, 300},
        {"htop", htop, NULL, 300},           {"tig", tig, NULL, 300},
        {"ncdu", ncdu, "/usr/include", 700},
    };
    struct figures own = {0}, f;
    printf("The console: 80x24, %d alerts, %d attempts\n%-12s %9s %9s %9s %9s %9s %9s\n",
           ALERTS, ATTEMPTS, "", "start B", "move B", "idle B/s", "first ms", "key ms",
           "Pss MiB");
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        if (!run(&peers[i], i ? &f : &own))
            printf("%-12s is not installed, or ended by itself\n", peers[i].name);
        else
            print_figures(peers[i].name, i ? &f : &own, &own);
        fflush(stdout);
    }
    putchar('\n');
    run_dir_remove(dir);
    return 0;
}
