#include "quiet.h"

#include <stddef.h>

void quiet_begin(sigset_t *before)
{
    static const int crashes[] = {SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                                  SIGABRT, SIGTRAP, SIGSYS};
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(&set, crashes[i]);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

void quiet_end(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

int quiet_thread(pthread_t *thread, void *(*main)(void *), void *arg)
{
    sigset_t before;
    quiet_begin(&before);
    int problem = pthread_create(thread, NULL, main, arg);
    quiet_end(&before);
    return problem;
}
