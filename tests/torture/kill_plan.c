#include "torture/kill_plan.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEP  "TORTURE_STEP"  /* the step at which it kills itself */
#define COUNT "TORTURE_COUNT" /* which call of it: 1 is the first */

static const char *planned; /* NULL: it goes on */
static atomic_long calls_left;

void plan_make(const char *step, int64_t call)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)call);
    if (setenv(STEP, step, 1) != 0 || setenv(COUNT, text, 1) != 0)
        abort();
}

void plan_drop(void)
{
    unsetenv(STEP);
    unsetenv(COUNT);
}

void plan_take(void)
{
    const char *count = getenv(COUNT);
    planned = getenv(STEP);
    atomic_store(&calls_left, count ? strtol(count, NULL, 10) : 0);
}

bool plan_is(const char *step)
{
    return planned && strcmp(step, planned) == 0;
}

bool plan_is_next(void)
{
    return atomic_load(&calls_left) == 1;
}

void plan_reached(const char *step)
{
    if (!plan_is(step) || atomic_fetch_sub(&calls_left, 1) != 1)
        return;
    if (dprintf(2, "reached: %s\n", step) < 0)
        _exit(1);
    raise(SIGKILL);
}
