#include "engine/inbox.h"
#include "store/delivering.h"

#include <stdlib.h>

void inbox_init(struct inbox *in, void (*wake)(void *arg), void *arg)
{
    *in = (struct inbox){.wake = wake, .arg = arg};
    in->last = &in->first;
    pthread_mutex_init(&in->lock, NULL);
}

void inbox_free(struct inbox *in)
{
    for (struct note *n = inbox_take(in), *next; n; n = next) {
        next = n->next;
        note_free(n);
    }
    pthread_mutex_destroy(&in->lock);
}

struct note *note_new(struct inbox *in, enum note_kind kind)
{
    struct note *n = calloc(1, sizeof *n);
    if (n) {
        n->inbox = in;
        n->kind = kind;
    }
    return n;
}

static void free_one(struct note *n)
{
    for (size_t i = 0; i < n->claims.count; i++)
        claim_free(&n->claims.items[i]);
    free(n->claims.items);
    outcome_free(&n->record.outcome);
    free(n->record.request_headers);
    free(n);
}

void note_free(struct note *n)
{
    for (struct note *other = n->others, *next; other; other = next) {
        next = other->next;
        free_one(other);
    }
    free_one(n);
}

static void take_claims(struct note *n, struct claims *claims)
{
    n->claims = *claims;
    *claims = (struct claims){0};
}

static void take_result(struct note *n, const void *result)
{
    if (n->kind == NOTE_CLAIMED)
        take_claims(n, (struct claims *)(uintptr_t)result);
    else if (n->kind == NOTE_CLOSED && n->claims_too)
        take_claims(n, &((struct closed *)(uintptr_t)result)->claims);
    else if (result)
        n->count = *(const int64_t *)result;
}

void note_answered(void *arg, const struct err *err, const void *result)
{
    struct note *n = arg;
    struct inbox *in = n->inbox;
    n->failed = err != NULL;
    if (err)
        n->err = *err;
    else
        take_result(n, result);
    pthread_mutex_lock(&in->lock);
    bool first = !in->first; /* else it was woken already */
    *in->last = n;
    in->last = &n->next;
    if (first)
        in->wake(in->arg);
    pthread_mutex_unlock(&in->lock);
}

struct note *inbox_take(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    struct note *first = in->first;
    in->first = NULL;
    in->last = &in->first;
    pthread_mutex_unlock(&in->lock);
    return first;
}

bool inbox_has(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    bool has = in->first != NULL;
    pthread_mutex_unlock(&in->lock);
    return has;
}
