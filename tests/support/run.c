#include "support/run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/must.h"

long long run_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- files */

void run_dir_make(char *out, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(out, size, "%s/opik-alerts-run-XXXXXX", tmp ? tmp : "/tmp");
    must(mkdtemp(out) != NULL, "mkdtemp");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void run_dir_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void run_write_file(const char *path, const char *text, unsigned mode)
{
    FILE *f = fopen(path, "we");
    must(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0, path);
}

/* ---------------------------------------------------------------- processes */

static pid_t spawn(const char *const *argv, int in, int out, int err)
{
    pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    execv(argv[0], (char *const *)argv);
    perror(argv[0]);
    _exit(126);
}

static int memory_file(const char *text)
{
    FILE *f = tmpfile();
    must(f && (!text || fputs(text, f) >= 0) && fflush(f) == 0, "tmpfile");
    int fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
    must(fd >= 0 && lseek(fd, 0, SEEK_SET) == 0, "tmpfile");
    fclose(f);
    return fd;
}

static char *whole(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    must(text && pread(fd, text, (size_t)size, 0) == size, "read");
    close(fd);
    return text;
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void run_program(struct run *r, const char *in, const char *const *argv)
{
    int fds[] = {memory_file(in), memory_file(NULL), memory_file(NULL)}, status;
    pid_t pid = spawn(argv, fds[0], fds[1], fds[2]);
    must(waitpid(pid, &status, 0) == pid, "waitpid");
    close(fds[0]);
    r->status = exit_status(status);
    r->out = whole(fds[1]);
    r->err = whole(fds[2]);
}

void run_free(struct run *r)
{
    free(r->out);
    free(r->err);
}

void run_start(struct run_child *c, const char *const *argv)
{
    int out[2], err[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    memset(c, 0, sizeof *c);
    must(in >= 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0, "pipe");
    c->pid = spawn(argv, in, out[1], err[1]);
    close(in);
    close(out[1]);
    close(err[1]);
    c->out_fd = out[0];
    c->err_fd = err[0];
}

static void read_more(int *fd, char *text, size_t size, size_t *len)
{
    ssize_t n = read(*fd, text + *len, size - 1 - *len);
    if (n > 0) {
        *len += (size_t)n;
        return;
    }
    close(*fd);
    *fd = -1;
}

/* False: the time is over, or nothing more can come. */
static bool read_both(struct run_child *c, long long until)
{
    struct pollfd p[] = {{.fd = c->out_fd, .events = POLLIN},
                         {.fd = c->err_fd, .events = POLLIN}};
    long long left = until - run_now_ms();
    if ((c->out_fd < 0 && c->err_fd < 0) || left <= 0 || poll(p, 2, (int)left) <= 0)
        return false;
    if (c->out_fd >= 0 && p[0].revents)
        read_more(&c->out_fd, c->out, sizeof c->out, &c->out_len);
    if (c->err_fd >= 0 && p[1].revents)
        read_more(&c->err_fd, c->err, sizeof c->err, &c->err_len);
    return true;
}

bool run_wait_out(struct run_child *c, const char *text, int deadline_ms)
{
    long long until = run_now_ms() + deadline_ms;
    while (!strstr(c->out, text))
        if (!read_both(c, until))
            return strstr(c->out, text) != NULL;
    return true;
}

bool run_wait_err(struct run_child *c, const char *text, int deadline_ms)
{
    long long until = run_now_ms() + deadline_ms;
    while (!strstr(c->err, text))
        if (!read_both(c, until))
            return strstr(c->err, text) != NULL;
    return true;
}

int run_wait_end(struct run_child *c, int deadline_ms)
{
    long long until = run_now_ms() + deadline_ms;
    int status;
    while (read_both(c, until))
        continue;
    if (c->out_fd >= 0 || c->err_fd >= 0)
        return -2;
    if (waitpid(c->pid, &status, 0) != c->pid)
        return -2;
    c->pid = 0;
    return exit_status(status);
}

void run_kill(struct run_child *c)
{
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    c->pid = 0;
    if (c->out_fd >= 0)
        close(c->out_fd);
    if (c->err_fd >= 0)
        close(c->err_fd);
    c->out_fd = c->err_fd = -1;
}
