/* How receivers misbehave (receiver_rows.h), each against the whole engine: what becomes of
 * the delivery, of the endpoint and of the alert, and what the attempt tells of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "store/accept.h"
#include "store/alerts.h"
#include "store/deliveries.h"
#include "support/rig.h"
#include "torture/dns.h"
#include "torture/receiver_rows.h"

enum {
    LONG_MS = 60000,
    BIG = 4 << 20,
};

/* ---------------------------------------------------------------- before */

static void choose_receiver(struct rig *r, const struct row *row)
{
    if (!row->tls && !row->ipv6)
        return;
    receiver_stop(&r->receiver);
    r->receiver = row->tls ? receiver_start_tls(row->certificate) : receiver_start_ipv6();
    if (row->own_authority)
        r->ca_file = receiver_ca_file(r->receiver);
    if (row->newest_tls)
        receiver_limit_tls(r->receiver, row->newest_tls);
}

static void choose_url(struct rig *r, const struct row *row)
{
    int port = row->nobody ? receiver_closed_port() : receiver_port(r->receiver);
    snprintf(r->url, sizeof r->url, "%s://%s:%d/hook",
             row->scheme ? row->scheme
             : row->tls  ? "https"
                         : "http",
             row->host   ? row->host
             : row->ipv6 ? "[::1]"
                         : "127.0.0.1",
             port);
}

static void set_up(struct rig *r, const struct row *row)
{
    const struct receiver_answer answers[] = {row->answer, {.status = 200}};
    rig_make(r);
    rig_stop(r, 0);
    choose_receiver(r, row);
    choose_url(r, row);
    r->policy.timeout_ms = row->brief ? BRIEF_MS : LONG_MS;
    r->store.limits.window_ms = WINDOW_MS;
    store_set_limits(r->store.store, &r->store.limits);
    receiver_script(r->receiver, answers, 2);
    receiver_greet(r->receiver, row->greeting);
    receiver_door(r->receiver, row->door);
    rig_start(r);
}

static void raise_event(struct rig *r, bool big)
{
    struct accept *a = step_request("default");
    struct fact *f = step_add_fact(a, EVENT_TRACE_FEEDBACK_SCORE, NULL, "p", 1);
    size_t len = big ? BIG : 1;
    char *head = malloc(len + 64);
    assert_non_null(head);
    int at = sprintf(head, "{\"name\":\"");
    memset(head + at, 'n', len);
    strcpy(head + at + len, "\"");
    f->head = arena_span(&a->arena, span_of(head));
    free(head);
    assert_true(f->head.at && step_accept(r->store.store, a, NULL, NULL));
}

/* ---------------------------------------------------------------- after */

static bool is_one_of(const char *words, const char *list)
{
    size_t len = strlen(words);
    for (const char *at = list; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strcspn(at, "|") <= len && len > 0 && strncmp(words, at, strcspn(at, "|")) == 0)
            return true;
    return false;
}

static void check_words(const struct row *row, const struct outcome *o)
{
    bool expected = row->error ? is_one_of(o->error, row->error) : !o->error[0];
    if (!expected || o->status != row->status)
        fail_msg("%d \"%s\" (%s)", o->status, o->error, outcome_kind_name(o->kind));
    assert_true(text_is_safe(span_of(o->error), TEXT_LINE));
    assert_null(strstr(o->error, "/hook"));
    assert_int_equal(o->kind == OUTCOME_RESPONSE, !row->error);
    assert_int_equal(o->timed_out, row->brief);
}

static void check_place_and_time(const struct rig *r, const struct row *row,
                                 const struct outcome *o)
{
    char address[64];
    snprintf(address, sizeof address, row->ipv6 ? "[::1]:%d" : "127.0.0.1:%d",
             receiver_port(r->receiver));
    assert_int_equal(o->started_at, atomic_load(&r->store.now));
    assert_true(o->total_us > 0 && o->dns_us >= 0 && o->dns_us <= o->total_us);
    if (row->door != RECEIVER_KICKS) { /* that may come before the connect is seen */
        assert_string_equal(o->address, row->unreached ? "" : address);
        assert_int_equal(o->connect_us > 0, !row->unreached);
    }
    assert_true(o->status == 0 ||
                (o->first_us >= o->connect_us && o->first_us <= o->total_us));
    assert_true(!row->unheard || o->first_us == 0); /* nothing came */
    assert_int_equal(o->tls_us > 0, row->tls && !row->unheard);
    assert_true(o->tls_us == 0 || (o->tls_us >= o->connect_us && o->tls_us <= o->total_us));
}

static void check_answer(const struct row *row, const struct outcome *o)
{
    assert_true(o->headers || row->status == 0);
    assert_true(!o->headers || strncmp(o->headers, "HTTP/", 5) == 0);
    assert_int_equal(o->body_len,
                     o->body_total < OUTCOME_BODY_KEPT ? o->body_total : OUTCOME_BODY_KEPT);
    assert_int_equal(o->body != NULL, o->body_len > 0);
    assert_in_range(o->body_total, 0, (1 << 20) + (64 << 10));
}

static void check_next(struct rig *r, const struct row *row, const struct delivery *d)
{
    const struct attempt *a = &d->attempts[0];
    char why[80];
    int64_t now = rig_now(r);
    assert_int_equal(a->n, 1);
    assert_int_equal(a->next_at, d->next_at);
    attempt_why_next(a, why, sizeof why);
    assert_int_equal(why[0] != 0, row->state == DELIVERY_RETRYING);
    if (why[0])
        assert_non_null(
            strstr(why, row->pause_ms ? "the answer asked to wait" : "the wait doubles"));
    if (row->state != DELIVERY_RETRYING)
        assert_int_equal(d->next_at, 0);
    else if (row->pause_ms)
        assert_int_equal(d->next_at, now + row->pause_ms);
    else
        assert_in_range(d->next_at, now + 500, now + 1500);
    if (row->state == DELIVERY_DEAD)
        assert_string_equal(d->reason, row->reason);
    else
        assert_null(d->reason);
}

static bool is_enabled(struct rig *r, const char *id)
{
    struct alert_rows alerts;
    bool enabled = false;
    assert_true(store_alert_list(r->store.reader, NULL, &alerts, NULL));
    for (size_t i = 0; i < alerts.count; i++)
        if (strcmp(alerts.items[i].id, id) == 0)
            enabled = alerts.items[i].enabled;
    alert_rows_free(&alerts);
    return enabled;
}

static struct delivery check(struct rig *r, const struct row *row, const char *alert)
{
    struct delivery d = rig_delivery(r);
    assert_int_equal(d.attempt_count, 1);
    const struct outcome *o = &d.attempts[0].outcome;
    check_words(row, o);
    check_place_and_time(r, row, o);
    check_answer(row, o);
    check_next(r, row, &d);
    assert_int_equal(is_enabled(r, alert), !row->disabled);
    return d;
}

/* ---------------------------------------------------------------- and then */

/* And none is under way. */
static void expect_requests(struct rig *r, size_t count)
{
    struct engine_status status;
    rig_pump(r);
    engine_status(r->engine, &status);
    assert_int_equal(status.sending, 0);
    assert_int_equal(receiver_count(r->receiver), count);
}

/* Another delivery to it goes at once, or when the pause is over. */
static void check_the_next_one(struct rig *r, const struct row *row)
{
    size_t before = receiver_count(r->receiver);
    rig_event_of(r, EVENT_PROMPT_DELETED);
    rig_advance(r, WINDOW_MS);
    if (row->pause_ms) {
        expect_requests(r, before);
        rig_advance(r, row->pause_ms - WINDOW_MS - 1);
        expect_requests(r, before);
        rig_advance(r, 1);
    }
    rig_until_state(r, DELIVERY_DELIVERED, row->pause_ms ? 2 : 1);
}

static void check_it_is_delivered(struct rig *r, const struct row *row,
                                  const struct delivery *first)
{
    struct delivery d;
    r->policy.timeout_ms = LONG_MS;
    engine_set_policy(r->engine, &r->policy);
    receiver_door(r->receiver, RECEIVER_OPEN);
    receiver_greet(r->receiver, NULL);
    rig_alert_of(r, r->url, EVENT_PROMPT_DELETED, NULL);
    check_the_next_one(r, row);
    if (!row->pause_ms) {
        size_t before = receiver_count(r->receiver);
        rig_advance(r, first->next_at - rig_now(r) - 1);
        expect_requests(r, before);
        rig_advance(r, 1);
        rig_until_state(r, DELIVERY_DELIVERED, 2);
    }
    assert_true(store_delivery_get(r->store.reader, NULL, first->id, &d, NULL));
    assert_int_equal(d.attempt_count, 2);
    assert_int_equal(d.attempts[1].outcome.status, 200);
    delivery_free(&d);
}

/* The same again, and again as much of it told. */
static void check_it_lasts(struct rig *r, const struct row *row,
                           const struct delivery *first)
{
    struct delivery d;
    rig_advance(r, first->next_at - rig_now(r));
    rig_until_state(r, DELIVERY_RETRYING, 0);
    rig_until_state(r, DELIVERY_RETRYING, 1);
    assert_true(store_delivery_get(r->store.reader, NULL, first->id, &d, NULL));
    assert_int_equal(d.attempt_count, 2);
    check_words(row, &d.attempts[1].outcome);
    delivery_free(&d);
}

static void behaves(void **state)
{
    const struct row *row = *state;
    struct rig r;
    char alert[UUID_SIZE];
    set_up(&r, row);
    rig_alert(&r, r.url, alert);
    raise_event(&r, row->big);
    rig_advance(&r, WINDOW_MS);
    rig_until_state(&r, row->state, 1);
    struct delivery d = check(&r, row, alert);
    if (!row->unheard && row->door == RECEIVER_OPEN) {
        assert_true(receiver_wait(r.receiver, 1, RIG_DEADLINE_MS));
        assert_int_equal(receiver_count(r.receiver), 1);
        assert_int_equal(receiver_header_count(receiver_request(r.receiver, 0), "Expect"),
                         0);
        if (row->answer.how != RECEIVER_EARLY)
            assert_string_equal(receiver_request(r.receiver, 0)->body, d.body);
    }
    size_t requests = receiver_count(r.receiver);
    if (row->state != DELIVERY_RETRYING) {
        rig_advance(&r, HOUR_MS);
        expect_requests(&r, requests);
    } else if (row->lasting) {
        check_it_lasts(&r, row, &d);
    } else {
        check_it_is_delivered(&r, row, &d);
    }
    delivery_free(&d);
    dns_release();
    rig_remove(&r);
}

/* ---------------------------------------------------------------- more than one request */

/* Two deliveries, the first over a connection that stays. */
static struct delivery second_over_a_kept_connection(struct rig *r, bool big,
                                                     struct receiver_answer second)
{
    const struct receiver_answer answers[] = {{.status = 200}, second, {.status = 200}};
    receiver_script(r->receiver, answers, 3);
    rig_alert(r, r->url, NULL);
    rig_close_one(r);
    rig_until_state(r, DELIVERY_DELIVERED, 1);
    raise_event(r, big);
    rig_advance(r, HOUR_MS);
    rig_until_state(r, DELIVERY_DELIVERED, 2);
    return rig_delivery(r);
}

/* libcurl asks again on a new connection, with the same body. */
static void closes_when_used_again(bool big)
{
    struct rig r;
    rig_make(&r);
    r.policy.timeout_ms = LONG_MS;
    engine_set_policy(r.engine, &r.policy);
    struct delivery d = second_over_a_kept_connection(
        &r, big, (struct receiver_answer){.how = RECEIVER_CLOSES});
    assert_int_equal(d.attempt_count, 1);
    assert_int_equal(receiver_count(r.receiver), 3);
    assert_int_equal(receiver_request(r.receiver, 1)->connection, 1);
    assert_int_equal(receiver_request(r.receiver, 2)->connection, 2);
    assert_string_equal(receiver_request(r.receiver, 1)->body, d.body);
    assert_string_equal(receiver_request(r.receiver, 2)->body, d.body);
    delivery_free(&d);
    rig_remove(&r);
}

static void closes_a_connection_that_is_used_again(void **state)
{
    (void)state;
    closes_when_used_again(false);
}

static void closes_it_after_a_long_body(void **state)
{
    (void)state;
    closes_when_used_again(true);
}

static void has_closed_a_connection_since(void **state)
{
    struct rig r;
    (void)state;
    rig_make(&r);
    rig_alert(&r, r.url, NULL);
    rig_close_one(&r);
    rig_until_state(&r, DELIVERY_DELIVERED, 1);
    receiver_hang_up(r.receiver);
    rig_close_one(&r);
    rig_until_state(&r, DELIVERY_DELIVERED, 2);
    struct delivery d = rig_delivery(&r);
    assert_int_equal(d.attempt_count, 1);
    delivery_free(&d);
    rig_remove(&r);
}

static void chain_of_redirects_is_not_followed(void **state)
{
    struct rig r;
    char headers[200];
    (void)state;
    rig_make(&r);
    snprintf(headers, sizeof headers, "Location: %s\r\n", r.url);
    receiver_answer(r.receiver,
                    (struct receiver_answer){.status = 307, .headers = headers});
    rig_alert(&r, r.url, NULL);
    rig_close_one(&r);
    rig_until_state(&r, DELIVERY_DEAD, 1);
    expect_requests(&r, 1);
    rig_remove(&r);
}

static void accepts_no_connection(void **state)
{
    struct rig r;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fill[4];
    (void)state;
    assert_int_equal(bind(listener, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    for (size_t i = 0; i < 4; i++) { /* its queue is full from here on */
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fill[i], (struct sockaddr *)&at, len);
    }
    rig_make(&r);
    r.policy.connect_timeout_ms = BRIEF_MS;
    engine_set_policy(r.engine, &r.policy);
    snprintf(r.url, sizeof r.url, "http://127.0.0.1:%d/", ntohs(at.sin_port));
    rig_alert(&r, r.url, NULL);
    rig_close_one(&r);
    rig_until_state(&r, DELIVERY_RETRYING, 1);
    struct delivery d = rig_delivery(&r);
    assert_string_equal(d.attempts[0].outcome.error, "timed out while connecting");
    delivery_free(&d);
    rig_remove(&r);
    for (size_t i = 0; i < 4; i++)
        close(fill[i]);
    close(listener);
}

/* ---------------------------------------------------------------- all of them */

static bool has_ipv6(void)
{
    struct receiver *r = receiver_start_ipv6();
    bool has = r != NULL;
    receiver_stop(&r);
    return has;
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(closes_a_connection_that_is_used_again),
        cmocka_unit_test(closes_it_after_a_long_body),
        cmocka_unit_test(has_closed_a_connection_since),
        cmocka_unit_test(chain_of_redirects_is_not_followed),
        cmocka_unit_test(accepts_no_connection),
    };
    size_t count = sizeof others / sizeof *others;
    struct CMUnitTest *tests = calloc(count + receiver_row_count, sizeof *tests);
    bool ipv6 = has_ipv6();
    if (!tests)
        return 1;
    memcpy(tests, others, sizeof others);
    for (size_t i = 0; i < receiver_row_count; i++) {
        struct row *row = &receiver_rows[i];
        if (row->ipv6 && !ipv6)
            printf("no IPv6 on this machine: not tested\n");
        else
            tests[count++] = (struct CMUnitTest){row->name, behaves, NULL, NULL, row};
    }
    int failed =
        _cmocka_run_group_tests("receivers", tests, count, receiver_rows_make_long, NULL);
    free(tests);
    return failed;
}
