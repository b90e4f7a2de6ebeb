/* What the benchmarks print: series of figures, bars, and goals with their marks. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum { SERIES_MAX = 15 };

/* The figures of one thing, one for each run. All zeros: none. */
struct series {
    double values[SERIES_MAX];
    size_t count;
};

void series_add(struct series *s, double value); /* those beyond SERIES_MAX are left out */
double series_median(const struct series *s);    /* NAN: there are none */

size_t table_runs(void); /* BENCH_RUNS (5), at most SERIES_MAX */

/* A bar for each name whose value is above 0. */
void table_bars(const char *title, const char *const *names, const double *values,
                size_t count, const char *unit);

/* A line that says whether a goal is reached, printed and kept for the summary in the file
 * $BENCH_SUMMARY. What is not finite was not measured, and has no mark. */
void goal_at_least(const char *what, double measured, double goal, const char *unit);
void goal_at_most(const char *what, double measured, double goal, const char *unit);

#endif
