#include "editor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "term.h"

static bool write_file(const char *path, struct span text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine = fd >= 0;
    while (fine && text.len) {
        ssize_t n = write(fd, text.at, text.len);
        fine = n > 0 || (n < 0 && errno == EINTR);
        if (n > 0)
            text = (struct span){text.at + n, text.len - (size_t)n};
    }
    return fd >= 0 && close(fd) == 0 && fine;
}

/* Opened anew: editors put a new file in the old one's place. */
static bool read_file(const char *path, struct buf *out)
{
    char chunk[8192];
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    while (fd >= 0 && (n = read(fd, chunk, sizeof chunk)) > 0)
        if (!buf_add(out, chunk, (size_t)n))
            break;
    if (fd >= 0)
        close(fd);
    return n == 0;
}

/* It cannot be stopped by itself: whoever waits in front of the terminal would wait for us, who
 * wait for it. */
static int wait_for(pid_t pid)
{
    int status = -1;
    pid_t got;
    do {
        got = waitpid(pid, &status, WUNTRACED);
        if (got == pid && WIFSTOPPED(status) &&
            (WSTOPSIG(status) == SIGTSTP || WSTOPSIG(status) == SIGSTOP))
            kill(pid, SIGCONT);
    } while ((got < 0 && errno == EINTR) || (got == pid && WIFSTOPPED(status)));
    return got == pid ? status : -1;
}

/* ^C and ^Z were for the editor. The terminal gives them to us too, where they are blocked, and
 * would end or stop us once they are looked at. After a SIGCONT we have yet to draw anyway. */
static void drop_its_signals(void)
{
    static const struct timespec at_once = {0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGCONT);
    while (sigtimedwait(&set, NULL, &at_once) > 0)
        continue;
}

/* By the shell, since $EDITOR may carry options; the path is an argument and never code. */
static int run_editor(const char *path)
{
    char *const argv[] = {"/bin/sh", "-c", "exec ${VISUAL:-${EDITOR:-vi}} \"$0\"",
                          (char *)(uintptr_t)path, NULL};
    pid_t pid;
    int status = child_start(&pid, NULL, argv) ? wait_for(pid) : -1;
    drop_its_signals();
    return status;
}

bool editor_edit(struct span text, const char *suffix, struct buf *out, struct err *err)
{
    const char *base = getenv("TMPDIR");
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s/opik-alerts-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder))
        return err_set(err, ERR_IO, "%s: %s", folder, strerror(errno));
    snprintf(path, sizeof path, "%s/body%s", folder, suffix);
    bool fine = write_file(path, text) || err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    if (fine) {
        term_suspend();
        int status = run_editor(path);
        term_resume();
        fine = status == 0 || err_set(err, ERR_IO, "the editor failed: nothing was sent");
    }
    fine = fine && (read_file(path, out) || err_set(err, ERR_IO, "%s: cannot be read", path));
    unlink(path);
    rmdir(folder);
    return fine;
}
