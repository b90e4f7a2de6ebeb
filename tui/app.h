/* The program: parses the call, opens what it needs, runs the console or a verb. Everything but
 * main() itself, so that tests can run it with a clock of their own. */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "base/clock.h"

/* The exit status: 0 done, 1 it failed, 2 the call was wrong. */
int app_main(int argc, char **argv, const struct clock *clock);

#endif
