/* Whether a secret is gone before its memory goes back. For one file of a program that is
 * linked with --wrap=malloc, --wrap=free and --wrap=realloc, which may leave a copy behind:
 * it looks into each block. */
#ifndef TESTS_SUPPORT_WIPED_H
#define TESTS_SUPPORT_WIPED_H

#include <malloc.h>
#include <stdbool.h>
#include <string.h>

#define WIPED_TOKEN "s3cr3t-t0ken"

static bool wiped_looks;
static int wiped_seen;

static void wiped_look(void *block)
{
    if (wiped_looks && block &&
        memmem(block, malloc_usable_size(block), WIPED_TOKEN, strlen(WIPED_TOKEN)))
        wiped_seen++;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __real_free(void *block);
void __wrap_free(void *block);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

/* Zeroed, as what was never written is looked at too. */
void *__wrap_malloc(size_t size)
{
    void *block = __real_malloc(size);
    return block && wiped_looks ? memset(block, 0, size) : block;
}

void __wrap_free(void *block)
{
    wiped_look(block);
    __real_free(block);
}

void *__wrap_realloc(void *block, size_t size)
{
    size_t old = block ? malloc_usable_size(block) : 0;
    wiped_look(block);
    char *more = __real_realloc(block, size);
    if (more && wiped_looks && size > old)
        memset(more + old, 0, size - old);
    return more;
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
