#include "presence.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct presence {
    int folder, file, watch;
    char name[32]; /* of our file */
    int count;
};

/* A file that nobody locks is of a console that is gone: it goes too. */
static int is_alive(struct presence *p, const char *name)
{
    int fd = openat(p->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return 0;
    int held = flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (!held)
        unlinkat(p->folder, name, 0);
    close(fd);
    return held;
}

static void count(struct presence *p)
{
    int copy = openat(p->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    int found = 1;
    if (!dir) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_name[0] != '.' && strcmp(e->d_name, p->name) != 0)
            found += is_alive(p, e->d_name);
    closedir(dir);
    p->count = found;
}

/* Locked before it gets its name: another console would take it for one that is gone. */
static int open_own(struct presence *p)
{
    char hidden[sizeof p->name + 1];
    snprintf(p->name, sizeof p->name, "%ld", (long)getpid());
    snprintf(hidden, sizeof hidden, ".%s", p->name);
    int fd = openat(p->folder, hidden, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        renameat(p->folder, hidden, p->folder, p->name) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Watched before our own file is made, so that none that comes meanwhile is missed. A lock says
 * nothing when it is dropped, but the file that is closed with it does. */
struct presence *presence_new(const char *dir)
{
    char path[4096];
    struct presence *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    snprintf(path, sizeof path, "%s/consoles", dir);
    mkdir(path, 0700);
    p->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    p->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    p->file = -1;
    if (p->folder >= 0 && p->watch >= 0 &&
        inotify_add_watch(p->watch, path, IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE) >= 0)
        p->file = open_own(p);
    if (p->file < 0) {
        presence_free(&p);
        return NULL;
    }
    count(p);
    return p;
}

void presence_free(struct presence **pp)
{
    struct presence *p = *pp;
    if (!p)
        return;
    if (p->file >= 0) {
        unlinkat(p->folder, p->name, 0);
        close(p->file);
    }
    if (p->watch >= 0)
        close(p->watch);
    if (p->folder >= 0)
        close(p->folder);
    free(p);
    *pp = NULL;
}

int presence_fd(const struct presence *p)
{
    return p ? p->watch : -1;
}

void presence_read(struct presence *p)
{
    char events[4096];
    while (read(p->watch, events, sizeof events) > 0)
        continue;
    count(p);
}

int presence_count(const struct presence *p)
{
    return p ? p->count : 1;
}
