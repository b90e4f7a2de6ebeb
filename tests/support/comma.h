/* A locale with a decimal comma, which few machines have ready: compiled into a folder of
 * its own, and the environment's for this program and those that it starts. */
#ifndef SUPPORT_COMMA_H
#define SUPPORT_COMMA_H

#include <stdbool.h>

/* False: it cannot be made or used here (no localedef, another C library); nothing is
 * changed, and the test says that it is skipped. */
bool comma_begin(void);
void comma_end(void); /* numbers as they were; the folder goes */

#endif
