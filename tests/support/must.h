/* For what a test cannot go on without, where cmocka's asserts do not reach. */
#ifndef SUPPORT_MUST_H
#define SUPPORT_MUST_H

#include <stdbool.h>

/* Aborts the test program unless it is ok, with `what` and what errno says. Any thread. */
void must(bool ok, const char *what);

#endif
