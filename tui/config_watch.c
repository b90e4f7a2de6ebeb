#include "config_watch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

struct config_watch {
    int fd;
    char name[PATH_MAX];
};

/* The folder and not the file: editors put a new file in the place of the old one. */
struct config_watch *config_watch_new(const char *path)
{
    char folder[PATH_MAX], real[PATH_MAX];
    if (path && realpath(path, real))
        path = real; /* where a link leads is where the changes are */
    const char *slash = path ? strrchr(path, '/') : NULL;
    struct config_watch *w = path ? calloc(1, sizeof *w) : NULL;
    if (!w)
        return NULL;
    int len = slash == path ? 1 : slash ? (int)(slash - path) : 1;
    snprintf(folder, sizeof folder, "%.*s", len, slash ? path : ".");
    snprintf(w->name, sizeof w->name, "%s", slash ? slash + 1 : path);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0 || inotify_add_watch(w->fd, folder,
                                       IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
                                           IN_DELETE) < 0)
        config_watch_free(&w);
    return w;
}

void config_watch_free(struct config_watch **wp)
{
    if (!*wp)
        return;
    if ((*wp)->fd >= 0)
        close((*wp)->fd);
    free(*wp);
    *wp = NULL;
}

int config_watch_fd(const struct config_watch *w)
{
    return w ? w->fd : -1;
}

/* An overflow of the kernel's queue may have been about our file. */
static bool is_ours(const struct config_watch *w, const struct inotify_event *e)
{
    return (e->mask & IN_Q_OVERFLOW) || (e->len && strcmp(e->name, w->name) == 0);
}

bool config_watch_read(struct config_watch *w)
{
    _Alignas(struct inotify_event) char events[4096];
    bool changed = false;
    ssize_t got;
    while ((got = read(w->fd, events, sizeof events)) > 0)
        for (char *at = events; at < events + got;) {
            const struct inotify_event *e = (const struct inotify_event *)at;
            changed = changed || is_ours(w, e);
            at += sizeof *e + e->len;
        }
    return changed;
}
