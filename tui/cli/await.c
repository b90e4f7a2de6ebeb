#include "cli/await.h"

#include <stdio.h>

#include "model/alert.h"
#include "model/project.h"
#include "model/silence.h"

void await_init(struct await *s, enum await_result result)
{
    *s = (struct await){.result = result};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->cond, NULL);
}

static void take_result(struct await *s, const void *result)
{
    if (s->result == AWAIT_COUNT)
        s->count = *(const int64_t *)result;
    if (s->result == AWAIT_ALERT)
        snprintf(s->id, sizeof s->id, "%s", ((const struct alert *)result)->id);
    if (s->result == AWAIT_SILENCE)
        snprintf(s->id, sizeof s->id, "%s", ((const struct silence *)result)->id);
    if (s->result == AWAIT_PROJECT)
        snprintf(s->id, sizeof s->id, "%s", ((const struct project *)result)->id);
}

void await_done(void *await, const struct err *err, const void *result)
{
    struct await *s = await;
    pthread_mutex_lock(&s->mutex);
    if (err)
        s->err = *err;
    else if (result)
        take_result(s, result);
    s->done = true;
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->mutex);
}

bool await_answer(struct await *s, struct err *err)
{
    pthread_mutex_lock(&s->mutex);
    while (!s->done)
        pthread_cond_wait(&s->cond, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
    pthread_mutex_destroy(&s->mutex);
    pthread_cond_destroy(&s->cond);
    return s->err.code == ERR_NONE || err_set(err, s->err.code, "%s", s->err.text);
}
