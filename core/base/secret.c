#include "base/secret.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void secret_wipe(void *memory, size_t len)
{
    if (memory)
        explicit_bzero(memory, len);
}

void secret_free(char **text)
{
    if (*text)
        secret_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void secret_free_block(void *block)
{
    if (block)
        explicit_bzero(block, malloc_usable_size(block));
    free(block);
}

char *secret_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}
