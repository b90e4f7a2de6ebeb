/* What live traffic costs the terminal: a console whose engine makes about 1,000 attempts a second,
 * and whether the log has a row for each of them. Prints; asserts nothing. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/tempdir.h"

enum { ALERTS = 100, EVERY_MS = 100, SECONDS = 10 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void make_alerts(const char *program, const char *dir)
{
    char path[512], words[2048];
    snprintf(path, sizeof path, "%s/alerts.json", dir);
    FILE *file = fopen(path, "w");
    for (int i = 0; file && i < ALERTS; i++) /* nobody listens there: an attempt each, at once */
        fprintf(file,
                "%s{\"name\":\"%d of all alerts\",\"webhook\":{\"url\":\"http://127.0.0.1:1/%d\"},"
                "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
                i ? "," : "[", i, i);
    if (file) {
        fputs("]", file);
        fclose(file);
    }
    snprintf(words, sizeof words, "'%s' --data-dir=%s/data alert import %s >/dev/null", program,
             dir, path);
    if (system(words) != 0)
        fputs("the alerts could not be made\n", stderr);
}

/* ---------------------------------------------------------------- traffic */

static atomic_bool stop;

/* An errored trace every window, so that every alert's bucket closes once a window. */
static void *send_errors(void *arg)
{
    const struct sockaddr_in *at = arg;
    char text[1024], body[512], answer[4096];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && !atomic_load(&stop))
        poll(NULL, 0, 20);
    for (int i = 0; !atomic_load(&stop); i++) {
        int len = snprintf(body, sizeof body,
                           "{\"traces\":[{\"id\":\"0190b2c0-1111-7000-8000-%012d\",\"name\":\"t\","
                           "\"start_time\":\"2026-01-02T03:04:05Z\",\"error_info\":"
                           "{\"exception_type\":\"E\",\"traceback\":\"t\"}}]}", i);
        int all = snprintf(text, sizeof text,
                           "POST /api/v1/private/traces/batch HTTP/1.1\r\nHost: localhost:%u\r\n"
                           "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                           ntohs(at->sin_port), len, body);
        if (send(fd, text, (size_t)all, MSG_NOSIGNAL) != all || recv(fd, answer, sizeof answer, 0) <= 0)
            break;
        poll(NULL, 0, EVERY_MS / 4);
    }
    close(fd);
    return NULL;
}

/* A port that is free now. */
static struct sockaddr_in free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fputs("no port\n", stderr);
    close(fd);
    return at;
}

static long count(const char *dir, const char *sql)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *row = NULL;
    long result = -1;
    snprintf(path, sizeof path, "%s/data/store.db", dir);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW)
        result = (long)sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return result;
}

/* ---------------------------------------------------------------- the console */

static long watch(const char *program, const char *data, unsigned port, int ms)
{
    char listen_at[64], window[64];
    snprintf(listen_at, sizeof listen_at, "--set=intake.listen=127.0.0.1:%u", port);
    snprintf(window, sizeof window, "--set=debounce.window=%dms", EVERY_MS);
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    char bytes[65536];
    long total = 0;
    int fd;
    pid_t pid = forkpty(&fd, NULL, NULL, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        execl(program, program, data, listen_at, window, "--set=retry.max=0", (char *)NULL);
        _exit(127);
    }
    struct pollfd p = {fd, POLLIN, 0};
    double first = now_ms() + 2000, end = first + ms; /* until the traffic is there */
    for (double now; (now = now_ms()) < end;) {
        ssize_t n = poll(&p, 1, 50) > 0 ? read(fd, bytes, sizeof bytes) : 0;
        if (n < 0)
            break;
        total += now >= first ? n : 0;
    }
    kill(pid, SIGTERM);
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    waitpid(pid, NULL, 0);
    close(fd);
    return total;
}

int main(void)
{
    const char *built = getenv("OPIK_ALERTS");
    char *dir = tempdir_make(), data[512], program[512];
    struct sockaddr_in at = free_port();
    pthread_t thread;
    snprintf(program, sizeof program, "%s", built ? built : "build/opik-alerts");
    snprintf(data, sizeof data, "--data-dir=%s/data", dir);
    setenv("XDG_CONFIG_HOME", dir, 1);
    make_alerts(program, dir);
    double begun = now_ms();
    if (pthread_create(&thread, NULL, send_errors, &at) != 0)
        return 1;
    long bytes = watch(program, data, ntohs(at.sin_port), SECONDS * 1000);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    double seconds = (now_ms() - begun) / 1000;
    long attempts = count(dir, "SELECT sum(attempts) FROM deliveries");
    long rows = count(dir, "SELECT count(*) FROM log WHERE kind = 0");
    printf("live traffic, 80x24: %.0f attempts a second, %.1f kB a second to the terminal; "
           "%ld attempts, %ld rows in the log\n",
           (double)attempts / seconds, (double)bytes / SECONDS / 1000, attempts, rows);
    tempdir_remove(dir);
    return 0;
}
