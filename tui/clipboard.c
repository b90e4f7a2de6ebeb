#include "clipboard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "term.h"

/* Terminals drop longer sequences whole: 100,000 bytes of base64 is what xterm takes. */
enum { OSC52_MAX = 74000, TMUX_WAIT_MS = 2000 };

static bool write_all(int fd, struct span text)
{
    while (text.len) {
        ssize_t n = write(fd, text.at, text.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text = (struct span){text.at + n, text.len - (size_t)n};
    }
    return true;
}

/* ---------------------------------------------------------------- tmux */

static bool spawn_tmux(int input, pid_t *pid)
{
    char *const argv[] = {"tmux", "load-buffer", "-w", "-", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool spawned = child_start(pid, &actions, argv);
    posix_spawn_file_actions_destroy(&actions);
    return spawned;
}

/* One that hangs is ended. */
static bool wait_for(pid_t pid)
{
    int status;
    for (int waited = 0; waited < TMUX_WAIT_MS; waited += 10) {
        pid_t got = waitpid(pid, &status, WNOHANG);
        if (got == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (got < 0)
            return false;
        poll(NULL, 0, 10);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return false;
}

/* The text goes through a file without a name, so that no reader can block us. */
static bool by_tmux(struct span text)
{
    const char *tmux = getenv("TMUX");
    FILE *file = tmux && *tmux ? tmpfile() : NULL;
    pid_t pid;
    if (!file)
        return false;
    bool fine = write_all(fileno(file), text) && lseek(fileno(file), 0, SEEK_SET) == 0 &&
                spawn_tmux(fileno(file), &pid) && wait_for(pid);
    fclose(file);
    return fine;
}

/* ---------------------------------------------------------------- the terminal, a file */

static bool by_terminal(struct span text)
{
    size_t room = sodium_base64_ENCODED_LEN(text.len, sodium_base64_VARIANT_ORIGINAL);
    char *encoded = text.len <= OSC52_MAX && term_has_clipboard() ? malloc(room) : NULL;
    if (!encoded)
        return false;
    sodium_bin2base64(encoded, room, (const unsigned char *)text.at, text.len,
                      sodium_base64_VARIANT_ORIGINAL);
    term_send_clipboard(encoded);
    free(encoded);
    return true;
}

static bool by_file(struct span text, const char *dir, char *path, size_t size,
                    struct err *err)
{
    snprintf(path, size, "%s/copied.txt", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine = fd >= 0 && write_all(fd, text);
    int why = errno;
    if (fd >= 0)
        close(fd);
    return fine || err_set(err, ERR_IO, "%s: %s", path, strerror(why));
}

bool clipboard_copy(struct span text, const char *dir, char *how, size_t size, struct err *err)
{
    char path[4096];
    if (by_tmux(text)) {
        snprintf(how, size, "to tmux's buffer, and on to the terminal if it may");
        return true;
    }
    if (by_terminal(text)) {
        snprintf(how, size, "sent to the terminal (OSC 52), which may refuse it");
        return true;
    }
    if (!by_file(text, dir, path, sizeof path, err))
        return false;
    snprintf(how, size, "to the file %s", path);
    return true;
}
