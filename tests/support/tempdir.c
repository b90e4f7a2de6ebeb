#include "support/tempdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

char *tempdir_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/opik-alerts-test.XXXXXX", base && *base ? base : "/tmp") < 0 ||
        !mkdtemp(path))
        abort();
    return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void tempdir_remove(char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}
