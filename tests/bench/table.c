#include "bench/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"

enum { BAR = 40 };

void series_add(struct series *s, double value)
{
    if (s->count < SERIES_MAX)
        s->values[s->count++] = value;
}

double series_median(const struct series *s)
{
    struct series sorted = *s;
    return s->count ? measure_median(sorted.values, sorted.count) : NAN;
}

size_t table_runs(void)
{
    long runs = measure_setting("BENCH_RUNS", 5);
    return runs < 1 ? 1 : runs > SERIES_MAX ? SERIES_MAX : (size_t)runs;
}

void table_bars(const char *title, const char *const *names, const double *values,
                size_t count, const char *unit)
{
    static const char full[BAR + 1] = "########################################";
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    printf("\n%s\n", title);
    for (size_t i = 0; i < count; i++)
        if (values[i] > 0)
            printf("%-36s |%-*.*s| %.*f %s\n", names[i], BAR,
                   (int)(values[i] / most * BAR + 0.5), full, values[i] < 100 ? 1 : 0,
                   values[i], unit);
    fflush(stdout);
}

static void tell_goal(FILE *out, const char *mark, const char *what, double measured,
                      const char *sign, double goal, const char *unit)
{
    if (!*mark)
        fprintf(out, "%-6s %-58s %12s goal %s %g%s\n", "-", what, "not measured", sign,
                goal, unit);
    else
        fprintf(out, "%-6s %-58s %10.2f%-2s goal %s %g%s\n", mark, what, measured, unit,
                sign, goal, unit);
}

static void goal(const char *what, double measured, const char *sign, double goal,
                 bool reached, const char *unit)
{
    const char *path = getenv("BENCH_SUMMARY");
    FILE *file = path && *path ? fopen(path, "a") : NULL;
    const char *mark = !isfinite(measured) ? "" : reached ? "ok" : "short";
    tell_goal(stdout, mark, what, measured, sign, goal, unit);
    if (file) {
        tell_goal(file, mark, what, measured, sign, goal, unit);
        fclose(file);
    }
    fflush(stdout);
}

void goal_at_least(const char *what, double measured, double least, const char *unit)
{
    goal(what, measured, ">=", least, measured >= least, unit);
}

void goal_at_most(const char *what, double measured, double most, const char *unit)
{
    goal(what, measured, "<=", most, measured <= most, unit);
}
