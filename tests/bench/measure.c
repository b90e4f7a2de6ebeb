#include "bench/measure.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double measure_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double measure_cpu_s(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *after = strrchr(text, ')'); /* a name may hold anything */
    if (after)
        sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

double measure_own_cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return seconds(u.ru_utime) + seconds(u.ru_stime);
}

static double kib_line(pid_t pid, const char *file_name, const char *format)
{
    char path[64], line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file_name);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, format, &kib);
    if (file)
        fclose(file);
    return (double)kib / 1024;
}

double measure_pss_mib(pid_t pid)
{
    return kib_line(pid, "smaps_rollup", "Pss: %ld");
}

double measure_rss_mib(pid_t pid)
{
    return kib_line(pid, "status", "VmRSS: %ld");
}

double measure_peak_mib(pid_t pid)
{
    return kib_line(pid, "status", "VmHWM: %ld");
}

double measure_stolen_s(void)
{
    unsigned long stolen = 0;
    FILE *file = fopen("/proc/stat", "r");
    if (!file)
        return 0;
    if (fscanf(file, "cpu %*u %*u %*u %*u %*u %*u %*u %lu", &stolen) != 1)
        stolen = 0;
    fclose(file);
    return (double)stolen / (double)sysconf(_SC_CLK_TCK);
}

static uint64_t sleeps_of(pid_t pid, const char *task)
{
    char path[64 + 256], line[256];
    unsigned long long count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, task);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        sscanf(line, "voluntary_ctxt_switches: %llu", &count);
    if (file)
        fclose(file);
    return count;
}

uint64_t measure_sleeps(pid_t pid)
{
    char path[64];
    uint64_t sum = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *e; tasks && (e = readdir(tasks));)
        if (e->d_name[0] != '.')
            sum += sleeps_of(pid, e->d_name);
    if (tasks)
        closedir(tasks);
    return sum;
}

void measure_pause(double seconds)
{
    struct timespec t = {(time_t)seconds,
                         (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double measure_median(double *values, size_t count)
{
    return measure_percentile(values, count, 50);
}

double measure_percentile(double *values, size_t count, double percent)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, by_value);
    size_t at = (size_t)(percent / 100 * (double)count);
    return values[at < count ? at : count - 1];
}

long measure_setting(const char *name, long standard)
{
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 10) : standard;
}
