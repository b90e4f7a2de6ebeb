#include "bench/rivals.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

/* ---------------------------------------------------------------- ours */

const char *ours_program(void)
{
    const char *built = getenv("OPIK_ALERTS");
    return built && *built ? built : "build/opik-alerts";
}

bool ours_launch(struct peer *p, const char *data, const char *const *sets)
{
    char words[OURS_SETS][400], folder[512];
    snprintf(folder, sizeof folder, "--data-dir=%s", data ? data : "{DIR}/data");
    const char *argv[OURS_SETS + 5] = {ours_program(), folder,
                                       "--set=intake.listen=127.0.0.1:{PORT}"};
    size_t n = 3;
    for (size_t i = 0; sets && sets[i] && i < OURS_SETS; i++) {
        snprintf(words[i], sizeof words[i], "--set=%s", sets[i]);
        argv[n++] = words[i];
    }
    argv[n] = "serve";
    return peer_launch(p, argv);
}

bool ours_start(struct peer *p, const char *data, const char *const *sets)
{
    char words[1024];
    peer_prepare(p, "opik-alerts");
    snprintf(words, sizeof words, "cp -r '%s' '%s/data'", data, p->dir);
    if (system(words) != 0) {
        fprintf(stderr, "%s could not be copied\n", data);
        peer_stop(p);
        return false;
    }
    return ours_launch(p, NULL, sets);
}

bool ours_import(const char *data, size_t count,
                 void (*write)(FILE *f, size_t i, const void *arg), const void *arg)
{
    char path[512], words[2048];
    snprintf(path, sizeof path, "%s.alerts.json", data);
    FILE *file = fopen(path, "w");
    if (!file)
        return false;
    for (size_t i = 0; i < count; i++) {
        fputc(i ? ',' : '[', file);
        write(file, i, arg);
    }
    fputc(']', file);
    fclose(file);
    snprintf(
        words, sizeof words,
        "XDG_CONFIG_HOME=/nonexistent '%s' --data-dir='%s' alert import '%s' >/dev/null",
        ours_program(), data, path);
    bool fine = system(words) == 0;
    unlink(path);
    if (!fine)
        fputs("the alerts could not be made\n", stderr);
    return fine;
}

void ours_write_alert(FILE *f, size_t i, const char *type, const char *url)
{
    fprintf(f,
            "{\"name\":\"Alert %zu\",\"webhook\":{\"url\":\"%s%zu\"},"
            "\"triggers\":[{\"event_type\":\"%s\"}]}",
            i, url, i, type);
}

double ours_number(const char *data, const char *sql, double none)
{
    char path[512];
    sqlite3 *db;
    sqlite3_stmt *row = NULL;
    double result = none;
    snprintf(path, sizeof path, "%s/store.db", data);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW && sqlite3_column_type(row, 0) != SQLITE_NULL)
        result = sqlite3_column_double(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    return result;
}

double ours_time_s(double steady_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return measure_now_s() + steady_ms / 1e3 - (double)t.tv_sec - (double)t.tv_nsec / 1e9;
}

/* ---------------------------------------------------------------- the others */

bool mhd_start(struct peer *p, const char *mode)
{
    char program[512];
    peer_program("peer_mhd", program, sizeof program);
    const char *const argv[] = {program, mode, "{PORT}", "{DIR}/events.db", NULL};
    return peer_start(p, mode, argv);
}

bool alertmanager_installed(void)
{
    return peer_installed("prometheus-alertmanager");
}

bool alertmanager_start(struct peer *p, const char *by, const char *wait, const char *url)
{
    const char *const argv[] = {"prometheus-alertmanager",
                                "--config.file={DIR}/alertmanager.yml",
                                "--storage.path={DIR}",
                                "--cluster.listen-address=",
                                "--web.listen-address=127.0.0.1:{PORT}",
                                "--log.level=error",
                                NULL};
    char path[300];
    peer_prepare(p, "Alertmanager");
    snprintf(path, sizeof path, "%s/alertmanager.yml", p->dir);
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    fprintf(
        file,
        "route: {receiver: one, group_by: [%s], group_wait: %s}\nreceivers:\n- name: one\n",
        by, wait);
    if (url)
        fprintf(file, "  webhook_configs: [{url: '%s', send_resolved: false}]\n", url);
    fclose(file);
    return peer_launch(p, argv);
}

static void bullmq_folder(char *out, size_t size)
{
    const char *folder = getenv("BENCH_BULLMQ");
    snprintf(out, size, "%s", folder ? folder : "tests/bench/bullmq");
}

bool bullmq_installed(void)
{
    char folder[400], module[512];
    bullmq_folder(folder, sizeof folder);
    snprintf(module, sizeof module, "%s/node_modules/bullmq", folder);
    return peer_installed("node") && peer_installed("redis-server") &&
           access(module, R_OK) == 0;
}

bool bullmq_start(struct peer *p, int window_ms)
{
    static const char *const redis_argv[] = {
        "redis-server", "--port",        "{PORT}",   "--bind", "127.0.0.1",
        "--dir",        "{DIR}",         "--save",   "",       "--appendonly",
        "yes",          "--appendfsync", "everysec", NULL};
    struct peer *redis = calloc(1, sizeof *redis);
    char folder[400], script[512], port[16], window[16];
    if (!redis)
        abort();
    if (!peer_start(redis, "redis-server", redis_argv)) {
        free(redis);
        return false;
    }
    bullmq_folder(folder, sizeof folder);
    snprintf(script, sizeof script, "%s/peer.mjs", folder);
    snprintf(port, sizeof port, "%d", redis->port);
    snprintf(window, sizeof window, "%d", window_ms);
    const char *const argv[] = {"node", script, "{PORT}", port, window, NULL};
    peer_prepare(p, "BullMQ");
    p->behind = redis;
    return peer_launch(p, argv);
}

void rivals_tell_missing(void)
{
    if (!alertmanager_installed())
        puts("prometheus-alertmanager is not installed: left out (make deps FOR=bench)");
    if (!bullmq_installed())
        puts("node, redis-server or tests/bench/bullmq/node_modules is missing: BullMQ is "
             "left out "
             "(make deps FOR=bench)");
}
