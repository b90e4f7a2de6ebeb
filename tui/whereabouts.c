#include "whereabouts.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void add_terminal(char *out, size_t size)
{
    char name[64] = "";
    size_t len = strlen(out);
    for (int fd = 0; fd < 3; fd++) {
        if (ttyname_r(fd, name, sizeof name) != 0)
            continue;
        snprintf(out + len, size - len, " on %s",
                 strncmp(name, "/dev/", 5) == 0 ? name + 5 : name);
        return;
    }
}

static void add_login(char *out, size_t size)
{
    unsigned long uid = 0;
    size_t len = strlen(out);
    FILE *file = fopen("/proc/self/loginuid", "re");
    if (!file)
        return;
    /* NOLINTNEXTLINE(cert-err34-c): the kernel writes a number that fits */
    bool read = fscanf(file, "%lu", &uid) == 1;
    fclose(file);
    if (!read || uid == (uid_t)-1 || uid == geteuid())
        return;
    const struct passwd *entry = getpwuid((uid_t)uid);
    if (entry)
        snprintf(out + len, size - len, ", login %s", entry->pw_name);
    else
        snprintf(out + len, size - len, ", login %lu", uid);
}

void whereabouts(char *out, size_t size)
{
    snprintf(out, size, "pid %ld", (long)getpid());
    add_terminal(out, size);
    add_login(out, size);
}
