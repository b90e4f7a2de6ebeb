/* Where opik-alerts is to kill itself, for test_steps. The test makes a plan for the
 * programs that it starts next; each of them takes it from its environment. The functions
 * of the product and of its libraries between the steps are wrapped by the linker
 * (kill_wraps.c; Makefile, WRAP_test_steps) and say here that a step is reached. Without a
 * plan they do what they always do. */
#ifndef TORTURE_KILL_PLAN_H
#define TORTURE_KILL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* In the test: the programs that are started from now on end at that call of the step (1 is
 * the first), or at none. */
void plan_make(const char *step, int64_t call);
void plan_drop(void);

/* In the program: before all that follows, and before it has threads. */
void plan_take(void);

bool plan_is(const char *step);

/* Whether the next call of the planned step is the one to end at. Any thread. */
bool plan_is_next(void);

/* The step is reached once more. When it is the planned call: prints "reached: STEP" as a
 * line on standard error, and ends the process by SIGKILL. Any thread. */
void plan_reached(const char *step);

#endif
