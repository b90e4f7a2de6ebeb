#include "portowner.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"

#define TCP_LISTENING 0x0a

static bool inode_in(const char *table, uint16_t port, unsigned long *inode)
{
    char line[512];
    bool found = false;
    FILE *f = fopen(table, "re");
    if (!f)
        return false;
    while (!found && fgets(line, sizeof line, f)) {
        unsigned local, state;
        /* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
        found = sscanf(line, "%*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s %lu", &local,
                       &state, inode) == 3 &&
                local == port && state == TCP_LISTENING;
    }
    fclose(f);
    return found;
}

static bool process_has(const char *pid, const char *socket)
{
    char dir[64], link[64], target[64];
    bool found = false;
    snprintf(dir, sizeof dir, "/proc/%.20s/fd", pid);
    DIR *fds = opendir(dir);
    if (!fds)
        return false;
    for (struct dirent *fd; !found && (fd = readdir(fds));) {
        snprintf(link, sizeof link, "%.36s/%.20s", dir, fd->d_name);
        ssize_t n = readlink(link, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        found = strcmp(target, socket) == 0;
    }
    closedir(fds);
    return found;
}

static void process_name(pid_t pid, char *out, size_t size)
{
    char path[64], line[64] = "";
    struct buf safe;
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    FILE *f = fopen(path, "re");
    if (f) {
        if (!fgets(line, sizeof line, f))
            line[0] = 0;
        fclose(f);
    }
    line[strcspn(line, "\n")] = 0;
    buf_init(&safe, BUF_UNLIMITED);
    text_safe(&safe, span_of(line), TEXT_LINE);
    snprintf(out, size, "%s", buf_text(&safe));
    buf_free(&safe);
}

bool port_owner(uint16_t port, pid_t *pid, char *name, size_t size)
{
    unsigned long inode;
    char socket[64];
    bool found = false;
    if (!inode_in("/proc/net/tcp", port, &inode) &&
        !inode_in("/proc/net/tcp6", port, &inode))
        return false;
    snprintf(socket, sizeof socket, "socket:[%lu]", inode);
    DIR *processes = opendir("/proc");
    if (!processes)
        return false;
    for (struct dirent *p; !found && (p = readdir(processes));) {
        if (!isdigit((unsigned char)p->d_name[0]) || !process_has(p->d_name, socket))
            continue;
        *pid = (pid_t)strtol(p->d_name, NULL, 10);
        process_name(*pid, name, size);
        found = true;
    }
    closedir(processes);
    return found;
}
