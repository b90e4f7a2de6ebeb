/* Threads that leave the signals to the one that waits for them. What a crash raises stays
 * open, so that the terminal is given back whichever thread crashes. */
#ifndef TUI_QUIET_H
#define TUI_QUIET_H

#include <pthread.h>
#include <signal.h>

/* Between the two, threads that this one starts (and theirs) are born quiet. */
void quiet_begin(sigset_t *before);
void quiet_end(const sigset_t *before);

/* pthread_create() for one quiet thread; 0 or an errno. */
int quiet_thread(pthread_t *thread, void *(*main)(void *), void *arg);

#endif
