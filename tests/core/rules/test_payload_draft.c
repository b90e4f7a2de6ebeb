/* General bodies whose events come one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/uuid.h"
#include "rules/payload_draft.h"

enum { EVENTS = 60 };

struct source {
    struct payload_event events[EVENTS];
    char ids[EVENTS][UUID_SIZE], users[EVENTS][16];
};

static struct payload_head head_of(enum payload_style style, enum event_type type)
{
    return (struct payload_head){.delivery_id = "D",
                                 .alert_id = "A",
                                 .alert_name = "Ops \"x\"",
                                 .workspace = "team",
                                 .type = type,
                                 .created_at = 1767323045678,
                                 .truncated = 5,
                                 .style = style,
                                 .retries = 3};
}

/* Runs of one user and of one request, users that come again, measured entities between. */
static void make(struct source *s)
{
    static const char *const entities[] = {"{\"n\":1}", "{ }", "{\"metric_name\":\"m\"}",
                                           "{\"n\":2}", "{\"metric_name\":null}"};
    for (int i = 0; i < EVENTS; i++) {
        uuid_v7(s->ids[i], 1000 + i);
        if (i % 11)
            snprintf(s->users[i], sizeof s->users[i], "user-%d", i / 4 % 7);
        else
            s->users[i][0] = '\0';
        s->events[i] = (struct payload_event){s->ids[i], span_of(s->users[i]), i / 3,
                                              span_of(entities[i * i % 5])};
    }
}

/* From a copy that is overwritten at once. */
static void add_lent(struct payload_draft *d, const struct payload_event *e)
{
    struct buf lent;
    char id[UUID_SIZE];
    memcpy(id, e->id, sizeof id);
    buf_init(&lent, BUF_UNLIMITED);
    buf_add_span(&lent, e->user);
    assert_true(buf_add_span(&lent, e->entity));
    const struct payload_event copy = {
        id, {lent.data, e->user.len}, e->request, {lent.data + e->user.len, e->entity.len}};
    assert_true(payload_draft_add(d, &copy));
    memset(id, '#', sizeof id);
    memset(lent.data, '#', lent.len);
    buf_free(&lent);
}

static void move(struct buf *from, struct buf *to)
{
    assert_true(buf_add_span(to, buf_span(from)));
    buf_clear(from);
}

/* every: after so many events the lists are taken away. */
static void write_by_pieces(const struct payload_head *head, const struct source *s,
                            size_t count, size_t every, struct buf *out)
{
    struct payload_draft d;
    struct buf taken[PAYLOAD_LISTS];
    payload_draft_init(&d, head->style, head->type);
    for (int i = 0; i < PAYLOAD_LISTS; i++)
        buf_init(&taken[i], BUF_UNLIMITED);
    for (size_t i = 0; i < count; i++) {
        add_lent(&d, &s->events[i]);
        for (int k = 0; k < PAYLOAD_LISTS && i % every == 0; k++)
            move(&d.lists[k], &taken[k]);
    }
    for (int i = 0; i < PAYLOAD_LISTS; i++) {
        move(&d.lists[i], &taken[i]);
        assert_true(payload_draft_around(&d, head, (enum payload_list)i, out));
        move(&taken[i], out);
        buf_free(&taken[i]);
    }
    assert_true(payload_draft_around(&d, head, PAYLOAD_LISTS, out));
    payload_draft_free(&d);
}

static void one_by_one_is_the_whole(void **state)
{
    (void)state;
    static const enum event_type types[] = {EVENT_TRACE_ERRORS, EVENT_PROMPT_COMMITTED};
    static struct source s;
    struct buf whole, pieces;
    buf_init(&whole, BUF_UNLIMITED);
    buf_init(&pieces, BUF_UNLIMITED);
    make(&s);
    for (size_t n = 0; n < 2 * 2 * EVENTS; n++) {
        const struct payload_head head =
            head_of(n % 2 ? PAYLOAD_SERVER : PAYLOAD_DOCUMENTED, types[n / 2 % 2]);
        struct js_value root;
        size_t count = n / 4;
        assert_true(payload_body(&head, s.events, count, &whole));
        assert_true(js_parse(buf_span(&whole), &root, NULL));
        write_by_pieces(&head, &s, count, 1 + n % 5, &pieces);
        assert_string_equal(buf_text(&pieces), buf_text(&whole));
        buf_clear(&whole);
        buf_clear(&pieces);
    }
    buf_free(&whole);
    buf_free(&pieces);
}

static void write_one(const struct payload_head *head, const char *const (*events)[2],
                      size_t count, struct buf *out)
{
    struct payload_draft d;
    payload_draft_init(&d, head->style, head->type);
    for (size_t i = 0; i < count; i++) {
        const struct payload_event e = {"E", span_of(events[i][0]), 7,
                                        span_of(events[i][1])};
        assert_true(payload_draft_add(&d, &e));
    }
    buf_clear(out);
    for (int i = 0; i <= PAYLOAD_LISTS; i++) {
        buf_add_char(out, '|');
        assert_true(payload_draft_around(&d, head, (enum payload_list)i, out));
        if (i < PAYLOAD_LISTS)
            buf_add_span(out, buf_span(&d.lists[i]));
    }
    payload_draft_free(&d);
}

static void users_are_named_once(void **state)
{
    (void)state;
    static const char *const events[][2] = {{"", "{}"},    {"ana", "{}"}, {"ana", "{}"},
                                            {"bob", "{}"}, {"ana", "{}"}, {"an", "{}"},
                                            {"bob", "{}"}, {"", "{}"},    {"\"", "{}"}};
    const struct payload_head head = head_of(PAYLOAD_DOCUMENTED, EVENT_TRACE_ERRORS);
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    write_one(&head, events, sizeof events / sizeof *events, &out);
    assert_non_null(strstr(buf_text(&out), "[\"ana\",\"bob\",\"an\",\"\\\"\"|]"));
    assert_non_null(strstr(buf_text(&out), "|],\"eventCount\":9,\"truncated\":5,"));
    buf_free(&out);
}

/* The server's elements: one for each request, and for each that was measured. */
static void measured_events_stand_by_themselves(void **state)
{
    (void)state;
    static const char *const events[][2] = {{"ana", "{\"n\":1}"},
                                            {"bob", "{\"n\":2}"},
                                            {"ana", "{\"metric_name\":\"m\"}"},
                                            {"cyd", "{\"n\":3}"},
                                            {"ana", "{\"n\":4}"}};
    const struct payload_head head = head_of(PAYLOAD_SERVER, EVENT_TRACE_ERRORS);
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    write_one(&head, events, 5, &out);
    assert_non_null(strstr(buf_text(&out), "[\"E\",\"E\",\"E\"|],\"userNames\":["
                                           "\"ana\",\"ana\",\"cyd\"|]"));
    assert_non_null(strstr(buf_text(&out),
                           "\"metadata\":[[{\"n\":1},{\"n\":2}],"
                           "{\"metric_name\":\"m\"},[{\"n\":3},{\"n\":4}|]]}"));
    write_one(&head, events, 3, &out);
    assert_non_null(strstr(buf_text(&out), "{\"metric_name\":\"m\"}|]},"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_by_one_is_the_whole),
        cmocka_unit_test(users_are_named_once),
        cmocka_unit_test(measured_events_stand_by_themselves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
