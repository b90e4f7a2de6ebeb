#include "support/must.h"

#include <stdio.h>
#include <stdlib.h>

void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}
