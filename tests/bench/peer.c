#include "bench/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure.h"
#include "support/run.h"

enum { ARGUMENTS = 32, START_MS = 30000 };

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

int peer_free_port(void)
{
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        abort();
    close(fd);
    return ntohs(a.sin_port);
}

bool peer_installed(const char *program)
{
    char words[512];
    snprintf(words, sizeof words, "command -v '%s' >/dev/null 2>&1", program);
    return system(words) == 0;
}

void peer_program(const char *name, char *out, size_t size)
{
    const char *folder = getenv("BENCH_PEERS");
    snprintf(out, size, "%s/%s", folder ? folder : "build/tests/bench/peers", name);
}

/* malloc'ed; what it starts ends with this process. */
static char *filled_in(const struct peer *p, const char *word)
{
    char *out = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&out, &len);
    if (!f)
        abort();
    while (*word) {
        if (strncmp(word, "{PORT}", 6) == 0) {
            fprintf(f, "%d", p->port);
            word += 6;
        } else if (strncmp(word, "{DIR}", 5) == 0) {
            fputs(p->dir, f);
            word += 5;
        } else {
            fputc(*word++, f);
        }
    }
    fclose(f);
    return out;
}

static bool listens(int port)
{
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool fine = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return fine;
}

static void become(const struct peer *p, const char *const *argv)
{
    char path[300], *words[ARGUMENTS + 1] = {NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(path, sizeof path, "%s/output", p->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    setenv("XDG_CONFIG_HOME", p->dir, 1); /* nobody's settings but the bench's */
    for (int i = 0; i < ARGUMENTS && argv[i]; i++)
        words[i] = filled_in(p, argv[i]);
    execvp(words[0], words);
    _exit(127);
}

void peer_prepare(struct peer *p, const char *name)
{
    *p = (struct peer){.name = name, .port = peer_free_port()};
    run_dir_make(p->dir, sizeof p->dir);
}

bool peer_launch(struct peer *p, const char *const *argv)
{
    p->pid = fork();
    if (p->pid == 0)
        become(p, argv);
    for (long long end = run_now_ms() + START_MS; run_now_ms() < end;
         measure_pause(0.001)) {
        if (waitpid(p->pid, NULL, WNOHANG) != 0) {
            p->pid = 0;
            break;
        }
        if (listens(p->port))
            return true;
    }
    fprintf(stderr, "%s does not listen\n", p->name);
    peer_stop(p);
    return false;
}

bool peer_start(struct peer *p, const char *name, const char *const *argv)
{
    peer_prepare(p, name);
    return peer_launch(p, argv);
}

void peer_kill(struct peer *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    p->pid = 0;
}

void peer_stop(struct peer *p)
{
    peer_kill(p);
    run_dir_remove(p->dir);
    if (p->behind)
        peer_stop(p->behind);
    free(p->behind);
    p->behind = NULL;
}

double peer_cpu_s(const struct peer *p)
{
    return measure_cpu_s(p->pid) + (p->behind ? peer_cpu_s(p->behind) : 0);
}

double peer_pss_mib(const struct peer *p)
{
    return measure_pss_mib(p->pid) + (p->behind ? peer_pss_mib(p->behind) : 0);
}

double peer_peak_mib(const struct peer *p)
{
    return measure_peak_mib(p->pid) + (p->behind ? peer_peak_mib(p->behind) : 0);
}
