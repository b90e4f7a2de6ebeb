/* What the console costs a terminal, beside htop, tig and ncdu in the same run: bytes of the first
 * screen, of a cursor move and of standing still, time to the first byte, memory. Prints; asserts
 * nothing. Peers that are not installed are left out. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/tempdir.h"

enum { ALERTS = 1000, ATTEMPTS = 100000, MOVES = 40, IDLE_MS = 3000 };

struct peer {
    const char *name;
    char *const *argv;
    const char *directory; /* where it starts; NULL: here */
    int settle_ms;
};

struct figures {
    double first_byte_ms, key_ms;
    long start_bytes, move_bytes, idle_bytes;
    long pss_kib;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Bytes until nothing came for quiet_ms, at most most_ms; *first: when the first came. */
static long drain(int fd, int quiet_ms, int most_ms, double *first)
{
    struct pollfd p = {fd, POLLIN, 0};
    char buffer[65536];
    long bytes = 0;
    double end = now_ms() + most_ms;
    while (now_ms() < end && poll(&p, 1, quiet_ms) > 0) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n <= 0)
            break;
        if (bytes == 0 && first)
            *first = now_ms();
        bytes += n;
    }
    return bytes;
}

static long pss_of(pid_t pid)
{
    char path[64], line[256];
    long pss = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "Pss: %ld", &pss);
    if (file)
        fclose(file);
    return pss;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void press_keys(int fd, struct figures *f)
{
    double took[MOVES];
    for (int i = 0; i < MOVES; i++) {
        double begun = now_ms(), first = begun;
        if (write(fd, i < MOVES / 2 ? "\033OB" : "\033OA", 3) != 3)
            return;
        f->move_bytes += drain(fd, 60, 300, &first);
        took[i] = first - begun;
    }
    f->move_bytes /= MOVES;
    qsort(took, MOVES, sizeof *took, by_value);
    f->key_ms = took[MOVES / 2];
}

static bool run(const struct peer *p, struct figures *f)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    int fd;
    *f = (struct figures){0};
    double begun = now_ms(), first = begun;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        if (p->directory && chdir(p->directory) != 0)
            _exit(127);
        execvp(p->argv[0], p->argv);
        _exit(127);
    }
    f->start_bytes = drain(fd, p->settle_ms, 3000, &first);
    f->first_byte_ms = first - begun;
    press_keys(fd, f);
    double end = now_ms() + IDLE_MS;
    while (now_ms() < end)
        f->idle_bytes += drain(fd, (int)(end - now_ms()), (int)(end - now_ms()), NULL);
    f->idle_bytes = f->idle_bytes * 1000 / IDLE_MS;
    f->pss_kib = pss_of(pid);
    int status = 0;
    bool alive = waitpid(pid, &status, WNOHANG) == 0;
    kill(pid, SIGKILL);
    if (alive)
        waitpid(pid, &status, 0);
    close(fd);
    return alive;
}

/* ---------------------------------------------------------------- a full store */

static void make_store(const char *program, const char *dir)
{
    char path[512], words[2048];
    snprintf(path, sizeof path, "%s/alerts.json", dir);
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    for (int i = 0; i < ALERTS; i++)
        fprintf(file,
                "%s{\"name\":\"Alert number %d\",\"webhook\":{\"url\":\"https://h%d.example/x\"},"
                "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
                i ? "," : "[", i, i % 50);
    fputs("]", file);
    fclose(file);
    snprintf(words, sizeof words, "'%s' --data-dir=%s/data alert import %s >/dev/null", program, dir,
             path);
    if (system(words) != 0)
        fputs("the alerts could not be made\n", stderr);
}

static void fill_log(const char *dir)
{
    static const char sql[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "INSERT INTO log (kind, at, alert, alert_name, workspace, type, events, delivery_id, n, "
        "of, outcome, status, latency_us, state, next_at) SELECT 0, 1700000000000 + i * 1000, "
        "(SELECT id FROM alerts LIMIT 1), 'Alert number ' || (i %% 1000), 'default', 0, 3, '', 1, "
        "4, 0, 200, 1000 * (i %% 300), 3, 0 FROM n";
    char path[512], text[1024];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/data/store.db", dir);
    snprintf(text, sizeof text, sql, ATTEMPTS);
    char *error = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
        fprintf(stderr, "the log could not be filled: %s\n", error ? error : "?");
    sqlite3_free(error);
    sqlite3_close(db);
}

/* ---------------------------------------------------------------- the table */

static void print_figures(const char *name, const struct figures *f, const struct figures *own)
{
    printf("%-12s %9ld %9ld %9ld %9.1f %9.2f %9.1f", name, f->start_bytes, f->move_bytes,
           f->idle_bytes, f->first_byte_ms, f->key_ms, (double)f->pss_kib / 1024);
    if (f != own)
        printf("   x%.1f of our bytes a move", (double)f->move_bytes / (double)own->move_bytes);
    putchar('\n');
}

int main(void)
{
    const char *built = getenv("OPIK_ALERTS");
    char *dir = tempdir_make(), data[512];
    char program[512];
    snprintf(program, sizeof program, "%s", built ? built : "build/opik-alerts");
    make_store(program, dir);
    fill_log(dir);
    setenv("XDG_CONFIG_HOME", dir, 1);
    snprintf(data, sizeof data, "--data-dir=%s/data", dir);
    char *const alone[] = {program, data, "--read-only", NULL};
    char *const hosted[] = {program, data, "--set=intake.listen=127.0.0.1:0", NULL};
    char *const htop[] = {"htop", NULL}, *const tig[] = {"tig", NULL}, *const ncdu[] = {"ncdu", NULL};
    const struct peer peers[] = {
        {"console", alone, NULL, 300},
        {"with engine", hosted, NULL, 300},
        {"htop", htop, NULL, 300},
        {"tig", tig, NULL, 300},
        {"ncdu", ncdu, "/usr/include", 700},
    };
    struct figures own = {0}, f;
    printf("80x24, %d alerts, %d attempts\n%-12s %9s %9s %9s %9s %9s %9s\n", ALERTS, ATTEMPTS, "",
           "start B", "move B", "idle B/s", "first ms", "key ms", "Pss MiB");
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        if (!run(&peers[i], i ? &f : &own))
            printf("%-12s is not installed, or ended by itself\n", peers[i].name);
        else
            print_figures(peers[i].name, i ? &f : &own, &own);
        fflush(stdout);
    }
    tempdir_remove(dir);
    return 0;
}
