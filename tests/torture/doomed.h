/* opik-alerts itself, in this process, under the plan of kill_plan.h: what the test program
 * of test_steps is when it is started with words. Between SQLite and the file, the write at
 * which it is to end is torn: half of it gets there. */
#ifndef TORTURE_DOOMED_H
#define TORTURE_DOOMED_H

#include <stdint.h>

/* In the test: how far ahead the wall clock is in programs started from now on; 0: not. */
void doomed_set_ahead(int64_t ms);

/* In the program: returns its status, unless it ends by the plan. */
int doomed_main(int argc, char **argv);

#endif
