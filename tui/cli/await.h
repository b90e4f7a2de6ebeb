/* A writing step of the store, waited for: give await_done and the struct to the step, then
 * call await_answer(). */
#ifndef CLI_AWAIT_H
#define CLI_AWAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uuid.h"

enum await_result { AWAIT_COUNT, AWAIT_ALERT, AWAIT_SILENCE, AWAIT_PROJECT };

struct await {
    enum await_result result; /* what the step answers */
    int64_t count;            /* AWAIT_COUNT */
    char id[UUID_SIZE];       /* the others */
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done;
    struct err err;
};

void await_init(struct await *s, enum await_result result);
void await_done(void *await, const struct err *err, const void *result); /* a store_done */
bool await_answer(struct await *s, struct err *err); /* also ends its life */

#endif
