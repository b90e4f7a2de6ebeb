#include "support/sending.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/run.h"

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "sending: %s\n", what);
    abort();
}

static void make(struct sending *s, struct sender_options options)
{
    struct err err = {0};
    atomic_store(&s->now, 1767225600000);
    s->clock = clock_driven(&s->now);
    options.clock = &s->clock;
    options.connections = 64;
    s->sender = sender_new(&options, &err);
    must(s->sender != NULL, err.text);
}

void sending_make(struct sending *s, const char *proxy, const char *ca_file)
{
    make(s, (struct sender_options){.proxy = proxy, .ca_file = ca_file});
}

void sending_make_strict(struct sending *s, const char *proxy)
{
    make(s, (struct sender_options){.proxy = proxy, .refuse_private = true});
}

void sending_end(struct sending *s)
{
    sender_free(&s->sender);
}

struct send_request sending_request(const char *url)
{
    static const char body[] = "{\"id\":1}";
    return (struct send_request){.url = url,
                                 .body = body,
                                 .body_len = sizeof body - 1,
                                 .timeout_ms = 15000,
                                 .connect_timeout_ms = 15000};
}

void sending_done(void *arg, struct outcome *outcome)
{
    struct sent *sent = arg;
    sent->count++;
    sent->outcome = *outcome;
    *outcome = (struct outcome){0};
}

void sending_finish(struct sending *s)
{
    long long end = run_now_ms() + SENDING_DEADLINE_MS;
    while (sender_turn(s->sender, 100) > 0)
        must(run_now_ms() < end, "a request does not end");
}

struct outcome sending_post(struct sending *s, const struct send_request *request)
{
    struct sent sent = {0};
    must(sender_start(s->sender, request, sending_done, &sent) != NULL, "no memory");
    sending_finish(s);
    must(sent.count == 1, "done was not called once");
    return sent.outcome;
}

int sending_set_up(void **state)
{
    struct sending_fixture *f = calloc(1, sizeof *f);
    must(f != NULL, "no memory");
    f->receiver = receiver_start();
    receiver_url(f->receiver, "/hook", f->url, sizeof f->url);
    sending_make(&f->sending, NULL, NULL);
    *state = f;
    return 0;
}

int sending_tear_down(void **state)
{
    struct sending_fixture *f = *state;
    sending_end(&f->sending);
    receiver_stop(&f->receiver);
    free(f);
    return 0;
}
