/* Time, processor time, memory, wake-ups and medians for the benchmarks. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

double measure_now_s(void);      /* monotonic */
double measure_cpu_s(pid_t pid); /* user and system, of the process with its threads */
double measure_own_cpu_s(void);
double measure_pss_mib(pid_t pid);  /* now */
double measure_rss_mib(pid_t pid);  /* resident, now */
double measure_peak_mib(pid_t pid); /* resident, at most so far */
double measure_stolen_s(void);      /* by other machines, all processors together */
/* How often its threads have gone to sleep, and so were woken; those that ended are not
 * counted. */
uint64_t measure_sleeps(pid_t pid);
void measure_pause(double seconds);

double measure_median(double *values, size_t count); /* sorts them */
/* The value that `percent` of the values are not over; sorts them. */
double measure_percentile(double *values, size_t count, double percent);

/* A whole number from the environment. */
long measure_setting(const char *name, long standard);

#endif
