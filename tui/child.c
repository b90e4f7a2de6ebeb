#include "child.h"

#include <signal.h>
#include <stddef.h>

extern char **environ;

bool child_start(pid_t *pid, const posix_spawn_file_actions_t *actions, char *const argv[])
{
    posix_spawnattr_t attributes;
    sigset_t none, ignored;
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    sigaddset(&ignored, SIGXFSZ);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &ignored);
    bool started = posix_spawnp(pid, argv[0], actions, &attributes, argv, environ) == 0;
    posix_spawnattr_destroy(&attributes);
    return started;
}
