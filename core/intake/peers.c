#include "intake/peers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <utlist.h>

enum { SLOW_MS = 1000, ASLEEP_LOOK_MS = 1000 };

/* Whom a connection waits for, the first to go first. */
enum turn {
    TURN_HEAD,   /* the client: a request, or the rest of its head */
    TURN_BODY,   /* the client: the rest of a request */
    TURN_ANSWER, /* the client: to take the answer; goes when a body goes */
    TURN_OURS,
};

struct peer {
    struct peer *prev, *next;
    int fd;
    bool served; /* its request counts as under way */
    bool ended;
    bool asleep;  /* it waits for us, and its time stands still */
    int64_t left; /* of its time, while it is asleep */
    int64_t end;
    bool reads_on;     /* its own thread changes it; of such a one: */
    struct span words; /* to be said at say_at, or before the end; empty: they are said */
    int64_t say_at;
    int64_t patience; /* an end before the other */
    int64_t since; /* of its turn: a head's beginning, or a request's */
    _Atomic enum turn turn;
};

struct peers {
    pthread_mutex_t lock;
    pthread_cond_t look;  /* for the sweeper */
    pthread_cond_t quiet; /* for peers_close() */
    pthread_t thread;
    const struct clock *clock;
    struct peer *all;
    size_t requests, asleep;
    size_t open, max; /* not ended */
    int64_t request_ms, idle_ms;
    int64_t look_at; /* when the sweeper looks next */
    bool closing, no_sleep, stop;
    atomic_ullong told;
};

/* ------------------------------------------------------------------ the sweep */

/* Of a request that is not here yet nothing was taken: SDKs send it again when they read
 * that, and not when the connection just ends. */
#define LATE "{\"errors\":[\"the body did not come in time\"]}"
static const char LATE_ANSWER[] = "HTTP/1.1 408 Request Timeout\r\n"
                                  "Content-Type: application/json\r\n"
                                  "Content-Length: 44\r\nConnection: close\r\n\r\n" LATE;
_Static_assert(sizeof LATE - 1 == 44, "as it says");

static void say(struct peers *p, struct peer *x)
{
    if (!x->words.len)
        return;
    p->told++;
    send(x->fd, x->words.at, x->words.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(x->fd, SHUT_WR);
    x->words.len = 0;
}

static void end(struct peers *p, struct peer *x)
{
    x->ended = true;
    p->open--;
    if (x->turn == TURN_BODY && !x->reads_on)
        x->words = (struct span){LATE_ANSWER, sizeof LATE_ANSWER - 1};
    say(p, x);
    shutdown(x->fd, SHUT_RDWR);
}

static int64_t end_of(const struct peer *x)
{
    return x->reads_on && x->patience < x->end ? x->patience : x->end;
}

/* One that is asleep has no end yet. To look at it then all the same spares a wake-up each
 * time that one awakes where all were asleep. */
static int64_t no_end_before(const struct peer *x, int64_t now)
{
    return now + (x->left > ASLEEP_LOOK_MS ? x->left : ASLEEP_LOOK_MS);
}

/* The list is in the order of coming, so that of equals the older one goes. */
static bool goes_before(const struct peer *a, const struct peer *b)
{
    bool head = a->turn == TURN_HEAD;
    return !b || (head == (b->turn == TURN_HEAD) ? a->since < b->since : head);
}

/* Who has let us wait since that moment or longer; NULL: nobody, and *first tells since when
 * somebody does (INT64_MAX: all wait for us). */
static struct peer *slowest(const struct peers *p, int64_t since, int64_t *first)
{
    struct peer *found = NULL;
    *first = INT64_MAX;
    for (struct peer *x = p->all; x; x = x->next) {
        if (x->ended || x->turn == TURN_OURS)
            continue;
        *first = x->since < *first ? x->since : *first;
        if (x->since <= since && goes_before(x, found))
            found = x;
    }
    return found;
}

/* Ends the slow ones that are too many; the next moment to look, or INT64_MAX. */
static int64_t make_room(struct peers *p, int64_t now)
{
    int64_t first = INT64_MAX;
    while (p->open > p->max) {
        struct peer *x = slowest(p, now - SLOW_MS, &first);
        if (!x)
            return first == INT64_MAX ? first : first + SLOW_MS;
        end(p, x);
    }
    return INT64_MAX;
}

/* Ends who is over time; the next moment to look, or INT64_MAX. */
static int64_t sweep(struct peers *p, int64_t now)
{
    int64_t next = INT64_MAX;
    for (struct peer *x = p->all; x; x = x->next) {
        if (x->ended)
            continue;
        int64_t at = x->asleep ? no_end_before(x, now) : end_of(x);
        if (at <= now) {
            end(p, x);
            continue;
        }
        if (x->words.len && x->say_at <= now)
            say(p, x);
        if (x->words.len && x->say_at < at)
            at = x->say_at;
        next = at < next ? at : next;
    }
    int64_t again = make_room(p, now);
    return again < next ? again : next;
}

static void *run(void *arg)
{
    struct peers *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->stop) {
        int64_t now = clock_steady_ms(p->clock);
        p->look_at = sweep(p, now);
        if (p->look_at == INT64_MAX) {
            pthread_cond_wait(&p->look, &p->lock);
        } else {
            struct timespec until = clock_monotonic_in(p->look_at - now);
            pthread_cond_timedwait(&p->look, &p->lock, &until);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void look_by(struct peers *p, int64_t at, int64_t now)
{
    /* The sweeper sleeps in real time, which stands still while the machine is suspended.
     */
    if (at < p->look_at || p->look_at <= now)
        pthread_cond_signal(&p->look);
}

static void set_end(struct peers *p, struct peer *x, int64_t in_ms)
{
    int64_t now = clock_steady_ms(p->clock);
    x->since = now;
    x->end = now + in_ms;
    look_by(p, x->end, now);
}

/* ------------------------------------------------------------------ making */

static void init_sync(struct peers *p)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&p->look, &attributes);
    pthread_cond_init(&p->quiet, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void destroy(struct peers *p)
{
    pthread_cond_destroy(&p->look);
    pthread_cond_destroy(&p->quiet);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct peers *peers_new(const struct clock *clock, int64_t request_ms, int64_t idle_ms,
                        size_t max, struct err *err)
{
    struct peers *p = calloc(1, sizeof *p);
    if (!p) {
        err_memory(err);
        return NULL;
    }
    p->clock = clock;
    p->request_ms = request_ms;
    p->idle_ms = idle_ms;
    p->max = max;
    p->look_at = INT64_MAX;
    init_sync(p);
    if (pthread_create(&p->thread, NULL, run, p) == 0)
        return p;
    err_set(err, ERR_MEMORY, "a thread of the intake could not be started");
    destroy(p);
    return NULL;
}

void peers_free(struct peers **pp)
{
    struct peers *p = *pp;
    struct peer *x, *next;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->look);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    DL_FOREACH_SAFE(p->all, x, next)
    {
        free(x);
    }
    destroy(p);
    *pp = NULL;
}

/* -------------------------------------------------------------- connections, requests */

struct peer *peers_add(struct peers *p, int fd)
{
    struct peer *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->fd = fd;
    pthread_mutex_lock(&p->lock);
    DL_APPEND(p->all, x);
    p->open++;
    set_end(p, x, p->request_ms);
    if (p->open > p->max)
        pthread_cond_signal(&p->look);
    pthread_mutex_unlock(&p->lock);
    return x;
}

void peers_remove(struct peers *p, struct peer *x)
{
    pthread_mutex_lock(&p->lock);
    DL_DELETE(p->all, x);
    p->open -= !x->ended;
    pthread_mutex_unlock(&p->lock);
    free(x);
}

bool peers_begin(struct peers *p, struct peer *x)
{
    pthread_mutex_lock(&p->lock);
    set_end(p, x, p->request_ms);
    x->turn = TURN_BODY;
    bool served = !p->closing;
    x->served = served;
    p->requests += served;
    pthread_mutex_unlock(&p->lock);
    return served;
}

void peers_end(struct peers *p, struct peer *x)
{
    pthread_mutex_lock(&p->lock);
    set_end(p, x, p->idle_ms);
    x->turn = TURN_HEAD;
    x->asleep = x->reads_on = false;
    x->words.len = 0;
    p->requests -= x->served;
    x->served = false;
    if (p->requests == 0)
        pthread_cond_broadcast(&p->quiet);
    pthread_mutex_unlock(&p->lock);
}

void peers_read_on(struct peers *p, struct peer *x, struct span words, int64_t say_ms,
                   int64_t in_ms)
{
    pthread_mutex_lock(&p->lock);
    int64_t now = clock_steady_ms(p->clock);
    x->reads_on = true;
    x->words = words;
    x->say_at = now + say_ms;
    x->patience = now + in_ms;
    look_by(p, say_ms < in_ms ? x->say_at : x->patience, now);
    pthread_mutex_unlock(&p->lock);
}

void peers_cut(struct peers *p, struct peer *x)
{
    pthread_mutex_lock(&p->lock);
    if (!x->ended)
        end(p, x);
    pthread_mutex_unlock(&p->lock);
}

unsigned long long peers_told(const struct peers *p)
{
    return p->told;
}

bool peers_received(struct peers *p, struct peer *x)
{
    if (x->turn == TURN_OURS)
        return true; /* again, after it slept */
    pthread_mutex_lock(&p->lock);
    bool told = x->ended || (x->reads_on && !x->words.len);
    x->reads_on = false;
    x->words.len = 0;
    x->turn = TURN_OURS; /* with the lock: either it is told that it is late, or it is taken */
    pthread_mutex_unlock(&p->lock);
    return !told;
}

void peers_answered(struct peers *p, struct peer *x)
{
    if (!x->asleep) { /* only its own thread changes that */
        x->turn = TURN_ANSWER;
        return;
    }
    pthread_mutex_lock(&p->lock);
    x->asleep = false;
    set_end(p, x, x->left);
    x->turn = TURN_ANSWER; /* since now, not since it began */
    pthread_mutex_unlock(&p->lock);
}

bool peers_sleep(struct peers *p, struct peer *x)
{
    pthread_mutex_lock(&p->lock);
    bool may = !p->no_sleep;
    p->asleep += may;
    x->asleep = may;
    x->left = x->end - clock_steady_ms(p->clock);
    pthread_mutex_unlock(&p->lock);
    return may;
}

void peers_wake(struct peers *p)
{
    pthread_mutex_lock(&p->lock);
    if (--p->asleep == 0)
        pthread_cond_broadcast(&p->quiet);
    pthread_mutex_unlock(&p->lock);
}

void peers_close(struct peers *p, int64_t grace_ms)
{
    struct timespec until = clock_monotonic_in(grace_ms);
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    while (p->requests > 0 && pthread_cond_timedwait(&p->quiet, &p->lock, &until) == 0)
        ;
    p->no_sleep = true;
    pthread_mutex_unlock(&p->lock);
}

void peers_rest(struct peers *p, int64_t answer_ms)
{
    pthread_mutex_lock(&p->lock);
    while (p->asleep > 0)
        pthread_cond_wait(&p->quiet, &p->lock);
    struct timespec until = clock_monotonic_in(answer_ms);
    while (p->requests > 0 && pthread_cond_timedwait(&p->quiet, &p->lock, &until) == 0)
        ;
    pthread_mutex_unlock(&p->lock);
}
