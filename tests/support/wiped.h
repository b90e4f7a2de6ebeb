/* Whether a secret is gone before its memory goes back. For one file of a program that is
 * linked with --wrap=free: it looks into each block. */
#ifndef TESTS_SUPPORT_WIPED_H
#define TESTS_SUPPORT_WIPED_H

#include <malloc.h>
#include <stdbool.h>
#include <string.h>

#define WIPED_TOKEN "s3cr3t-t0ken"

static bool wiped_looks;
static int wiped_seen;

void __real_free(void *block);
void __wrap_free(void *block);

void __wrap_free(void *block)
{
    if (wiped_looks && block &&
        memmem(block, malloc_usable_size(block), WIPED_TOKEN, strlen(WIPED_TOKEN)))
        wiped_seen++;
    __real_free(block);
}

/* Looks from here on. */
static inline void wiped_begin(void)
{
    wiped_seen = 0;
    wiped_looks = true;
}

/* In how many blocks it was since. */
static inline int wiped_end(void)
{
    wiped_looks = false;
    return wiped_seen;
}

#endif
