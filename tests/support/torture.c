#include "support/torture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t torture_size(int64_t in_short, int64_t at_length)
{
    const char *length = getenv("TORTURE");
    return length && strcmp(length, "long") == 0 ? at_length : in_short;
}

uint64_t torture_seed(const char *what)
{
    const char *given = getenv("SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = given ? strtoull(given, NULL, 10)
                          : (uint64_t)now.tv_sec * 1000003 + (uint64_t)now.tv_nsec;
    printf("%s: SEED=%" PRIu64 "\n", what, seed);
    fflush(stdout);
    return seed;
}

/* splitmix64 */
uint64_t torture_random(uint64_t *state, uint64_t bound)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % bound;
}
