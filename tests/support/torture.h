/* The proofs of tests/torture: short in `make test`, at length in `make torture`. */
#ifndef SUPPORT_TORTURE_H
#define SUPPORT_TORTURE_H

#include <stdint.h>

/* How often or how long: the second where TORTURE=long. */
int64_t torture_size(int64_t in_short, int64_t at_length);

/* The seed of this run: SEED where it is set, else one from the clock. Printed, so that a failure
 * can be had again. */
uint64_t torture_seed(const char *what);

/* A number below `bound` (> 0) from the state that a seed began. */
uint64_t torture_random(uint64_t *state, uint64_t bound);

#endif
