#include "base/secret.h"

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

char *secret_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}
