#include "support/comma.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/run.h"

static char folder[256];

/* One category is enough, so that no sources of locales have to be installed. */
static const char NUMBERS[] = "LC_NUMERIC\n"
                              "decimal_point \",\"\n"
                              "thousands_sep \"\"\n"
                              "grouping -1\n"
                              "END LC_NUMERIC\n";

/* localedef warns that the other categories are missing, and its status says so too. */
static void compile(void)
{
    char source[300], out[300];
    struct run r;
    snprintf(source, sizeof source, "%s/source", folder);
    snprintf(out, sizeof out, "%s/comma", folder);
    const char *const argv[] = {"/usr/bin/env", "localedef", "-c", "-i", source, out, NULL};
    run_write_file(source, NUMBERS, 0600);
    run_program(&r, NULL, argv);
    run_free(&r);
}

bool comma_begin(void)
{
    run_dir_make(folder, sizeof folder);
    compile();
    unsetenv("LC_ALL"); /* it would be stronger */
    setenv("LOCPATH", folder, 1);
    setenv("LC_NUMERIC", "comma", 1);
    setenv("LSAN_OPTIONS", "detect_leaks=0", 1); /* setlocale() loses LOCPATH's text */
    if (setlocale(LC_NUMERIC, "") && strcmp(localeconv()->decimal_point, ",") == 0)
        return true;
    comma_end();
    return false;
}

void comma_end(void)
{
    unsetenv("LC_NUMERIC");
    unsetenv("LOCPATH");
    unsetenv("LSAN_OPTIONS");
    setlocale(LC_NUMERIC, "C");
    run_dir_remove(folder);
}
