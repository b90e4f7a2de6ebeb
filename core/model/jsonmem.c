#include "model/jsonmem.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/secret.h"

static _Thread_local bool failed;

static void *allocate(size_t size)
{
    void *made = malloc(size);
    failed = failed || !made;
    return made;
}

/* Before there are threads, as jansson's choice is one for all of them. Alerts are read and
 * written by it, with their secrets. */
__attribute__((constructor)) static void choose_allocator(void)
{
    json_set_alloc_funcs(allocate, secret_free_block);
}

void jsonmem_begin(void)
{
    failed = false;
}

bool jsonmem_failed(void)
{
    return failed;
}
