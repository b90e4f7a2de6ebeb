/* Signatures after Standard Webhooks, and the life of their secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "send/signing.h"
#include "support/receiver.h"
#include "support/sending.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER  "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define THIRD  "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA="

#define NOW     1767225600000 /* 2026-01-01T00:00:00Z */
#define IN_A_DAY "2026-01-02T00:00:00.000Z"

static char *value_of(const struct send_signing *s, const char *body, size_t len)
{
    const struct send_request request = {.signing = *s, .body = body, .body_len = len};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(signing_value(&request, &out));
    return buf_take(&out);
}

static size_t give_three(void *arg, size_t at, char *to, size_t size)
{
    size_t count = size < 3 ? size : 3;
    memcpy(to, (const char *)arg + at, count);
    return count;
}

static size_t give_nothing(void *arg, size_t at, char *to, size_t size)
{
    (void)arg;
    (void)at;
    (void)to;
    (void)size;
    return 0;
}

static void signs_a_body_in_pieces_as_a_whole_one(void **state)
{
    (void)state;
    static char body[] = "{\"test\": 243223231}";
    const struct send_signing s = {
        .id = "msg_1", .at = NOW, .secret = SECRET, .previous = OTHER};
    struct send_request request = {.signing = s,
                                   .body_len = strlen(body) / 3 * 3,
                                   .more = give_three,
                                   .more_arg = body};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(signing_value(&request, &out));
    char *whole = value_of(&s, body, request.body_len);
    assert_string_equal(buf_text(&out), whole);
    free(whole);
    request.more = give_nothing;
    assert_false(signing_value(&request, &out));
    buf_free(&out);
}

/* The example of the specification's own libraries. */
static void signs_the_published_vector(void **state)
{
    (void)state;
    static const char body[] = "{\"test\": 2432232314}";
    const struct send_signing s = {.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                   .at = 1614265330999, /* whole seconds are signed */
                                   .secret = SECRET};
    char *value = value_of(&s, body, strlen(body));
    assert_string_equal(value, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    free(value);
}

/* Against OpenSSL's HMAC, for keys of each length and bodies of any bytes. */
static void agrees_with_openssl(void **state)
{
    (void)state;
    for (int len = ALERT_SIGNING_KEY_MIN; len <= ALERT_SIGNING_KEY_MAX; len++) {
        unsigned char key[ALERT_SIGNING_KEY_MAX], body[512], mac[32];
        unsigned char text[600];
        char secret[128] = "whsec_", expected[64] = "v1,";
        assert_true(RAND_bytes(key, sizeof key) == 1 && RAND_bytes(body, sizeof body) == 1);
        EVP_EncodeBlock((unsigned char *)secret + 6, key, len);
        const struct send_signing s = {.id = "0198ec68", .at = NOW + len * 1000, .secret = secret};
        int head = snprintf((char *)text, sizeof text, "0198ec68.%lld.",
                            (long long)(NOW / 1000 + len));
        memcpy(text + head, body, (size_t)len * 8);
        assert_non_null(HMAC(EVP_sha256(), key, len, text, (size_t)(head + len * 8), mac, NULL));
        EVP_EncodeBlock((unsigned char *)expected + 3, mac, sizeof mac);
        char *value = value_of(&s, (char *)body, (size_t)len * 8);
        assert_string_equal(value, expected);
        free(value);
    }
}

static void both_secrets_sign_while_they_rotate(void **state)
{
    (void)state;
    const struct send_signing first = {.id = "i", .at = NOW, .secret = SECRET},
                              second = {.id = "i", .at = NOW, .secret = OTHER},
                              both = {.id = "i", .at = NOW, .secret = OTHER, .previous = SECRET};
    char *a = value_of(&first, "b", 1), *b = value_of(&second, "b", 1),
         *all = value_of(&both, "b", 1), expected[200];
    snprintf(expected, sizeof expected, "%s %s", b, a);
    assert_string_equal(all, expected);
    free(a);
    free(b);
    free(all);
}

static void names_what_cannot_be_signed(void **state)
{
    (void)state;
    static const struct {
        struct send_signing s;
        bool fine;
    } rows[] = {
        {{.id = NULL, .secret = NULL}, true},
        {{.id = "i", .secret = SECRET}, true},
        {{.id = "i", .secret = SECRET, .previous = OTHER}, true},
        {{.id = NULL, .secret = SECRET}, false},
        {{.id = "", .secret = SECRET}, false},
        {{.id = "a.b", .secret = SECRET}, false},
        {{.id = "a\r\nX: 1", .secret = SECRET}, false},
        {{.id = "i", .secret = "whsec_short"}, false},
        {{.id = "i", .secret = "generate"}, false},
        {{.id = "i", .secret = SECRET, .previous = "no"}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *problem = signing_problem(&rows[i].s);
        if ((problem == NULL) != rows[i].fine)
            fail_msg("row %zu: %s", i, problem ? problem : "fine");
    }
}

/* ---------------------------------------------------------------- secrets */

struct trio {
    const char *secret, *previous, *until;
};
struct life {
    struct trio stored, given, kept; /* kept.secret "?": any new one */
    bool created;                    /* nothing was stored */
};

static const struct life LIVES[] = {
    /* nothing of it, and a first one */
    {{0}, {0}, {0}, true},
    {{0}, {SECRET}, {SECRET}, true},
    {{0}, {SECRET}, {SECRET}, false},
    {{0}, {"generate"}, {"?"}, true},
    /* the same again, as clients put back what they got */
    {{SECRET}, {SECRET}, {SECRET}, false},
    {{SECRET, OTHER, IN_A_DAY}, {SECRET, OTHER, IN_A_DAY}, {SECRET, OTHER, IN_A_DAY}, false},
    /* rotated: by itself, with an end of one's own, by a new one, at once */
    {{SECRET}, {OTHER}, {OTHER, SECRET, IN_A_DAY}, false},
    {{SECRET}, {"generate"}, {"?", SECRET, IN_A_DAY}, false},
    {{SECRET},
     {OTHER, NULL, "2026-02-01T00:00:00Z"},
     {OTHER, SECRET, "2026-02-01T00:00:00Z"},
     false},
    {{SECRET}, {OTHER, NULL, "2026-01-01T00:00:00Z"}, {OTHER}, false},
    {{SECRET}, {OTHER, THIRD}, {OTHER, THIRD, IN_A_DAY}, false},
    /* rotated again before the first time was over; and back */
    {{OTHER, SECRET, "2026-01-01T10:00:00Z"},
     {THIRD, SECRET, "2026-01-01T10:00:00Z"},
     {THIRD, OTHER, IN_A_DAY},
     false},
    {{OTHER, SECRET, "2026-01-01T10:00:00Z"}, {THIRD}, {THIRD, OTHER, IN_A_DAY}, false},
    {{OTHER, SECRET, IN_A_DAY}, {SECRET, SECRET, IN_A_DAY}, {SECRET, OTHER, IN_A_DAY}, false},
    /* ended: by hand, by time, with the signature itself */
    {{OTHER, SECRET, IN_A_DAY}, {OTHER}, {OTHER}, false},
    {{OTHER, SECRET, "2025-12-31T23:59:59Z"},
     {OTHER, SECRET, "2025-12-31T23:59:59Z"},
     {OTHER},
     false},
    {{OTHER, SECRET, IN_A_DAY}, {NULL, SECRET, IN_A_DAY}, {0}, false},
    {{SECRET}, {0}, {0}, false},
    /* imported whole, and what makes no sense */
    {{0}, {OTHER, SECRET, IN_A_DAY}, {OTHER, SECRET, IN_A_DAY}, true},
    {{0}, {OTHER, SECRET, "2020-01-01T00:00:00Z"}, {OTHER}, true},
    {{0}, {OTHER, OTHER, IN_A_DAY}, {OTHER}, true},
    {{0}, {OTHER, NULL, IN_A_DAY}, {OTHER}, true},
    {{0}, {OTHER, SECRET, "soon"}, {OTHER, SECRET, "soon"}, true}, /* alert_check() names it */
};

static void make(struct alert *a, const struct trio *t)
{
    alert_init(a);
    assert_true(alert_set_metadata(a, ALERT_SIGNING_SECRET, t->secret) &&
                alert_set_metadata(a, ALERT_SIGNING_PREVIOUS, t->previous) &&
                alert_set_metadata(a, ALERT_SIGNING_UNTIL, t->until));
}

static void assert_member(size_t row, const struct alert *a, const char *key, const char *expected)
{
    const char *got = alert_metadata(a, key);
    if (expected && strcmp(expected, "?") == 0) {
        unsigned char bytes[ALERT_SIGNING_KEY_MAX];
        size_t len = 0;
        assert_true(got && alert_signing_key(got, bytes, &len));
        assert_int_equal(len, 32);
    } else if (strcmp(got ? got : "", expected ? expected : "") != 0) {
        fail_msg("row %zu: %s is %s, not %s", row, key, got ? got : "-", expected ? expected : "-");
    }
}

static void settles_what_is_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LIVES / sizeof *LIVES; i++) {
        const struct life *l = &LIVES[i];
        struct alert stored, next;
        make(&stored, &l->stored);
        make(&next, &l->given);
        assert_true(signing_settle(&next, l->created ? NULL : &stored, NOW));
        assert_member(i, &next, ALERT_SIGNING_SECRET, l->kept.secret);
        assert_member(i, &next, ALERT_SIGNING_PREVIOUS, l->kept.previous);
        assert_member(i, &next, ALERT_SIGNING_UNTIL, l->kept.until);
        alert_free(&stored);
        alert_free(&next);
    }
}

static void generates_another_each_time(void **state)
{
    (void)state;
    const struct trio wanted = {"generate"};
    struct alert made[8];
    for (size_t i = 0; i < 8; i++) {
        make(&made[i], &wanted);
        assert_true(signing_settle(&made[i], NULL, NOW));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(alert_metadata(&made[i], ALERT_SIGNING_SECRET),
                                    alert_metadata(&made[k], ALERT_SIGNING_SECRET));
    }
    for (size_t i = 0; i < 8; i++)
        alert_free(&made[i]);
}

static void the_previous_one_signs_until_its_end(void **state)
{
    (void)state;
    const struct trio t = {OTHER, SECRET, IN_A_DAY};
    struct alert a;
    make(&a, &t);
    assert_string_equal(signing_previous(&a, NOW + SIGNING_OVERLAP_MS - 1), SECRET);
    assert_null(signing_previous(&a, NOW + SIGNING_OVERLAP_MS));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_UNTIL, "never"));
    assert_null(signing_previous(&a, NOW));
    alert_free(&a);
}

/* ---------------------------------------------------------------- on the wire */

static const struct receiver_request *arrived(struct receiver *r, const struct send_request *q)
{
    struct sending s;
    sending_make(&s, NULL, NULL);
    struct outcome o = sending_post(&s, q);
    assert_string_equal(o.error, "");
    outcome_free(&o);
    sending_end(&s);
    return receiver_request(r, receiver_count(r) - 1);
}

static void assert_header(const struct receiver_request *q, const char *name, const char *value)
{
    char *got = receiver_header(q, name);
    if (value && !got)
        fail_msg("no %s", name);
    if (value)
        assert_string_equal(got, value);
    else
        assert_null(got);
    assert_int_equal(receiver_header_count(q, name), value != NULL);
    free(got);
}

static void sends_what_it_signed(void **state)
{
    (void)state;
    struct receiver *r = receiver_start();
    char url[64];
    struct alert a;
    receiver_url(r, "/hook", url, sizeof url);
    const struct trio t = {OTHER, SECRET, IN_A_DAY};
    make(&a, &t);
    assert_true(alert_set_secret(&a.url, url));
    struct send_request q = sending_request(url), of;
    send_request_of(&a, "0198ec68-6e06-7253-a20b-d35c9252b9ba", NOW + 999, &of);
    of.body = "a\0b";
    of.body_len = 3;
    of.timeout_ms = q.timeout_ms;
    of.connect_timeout_ms = q.connect_timeout_ms;
    const struct receiver_request *got = arrived(r, &of);
    char *value = value_of(&of.signing, "a\0b", 3);
    assert_header(got, "webhook-id", "0198ec68-6e06-7253-a20b-d35c9252b9ba");
    assert_header(got, "webhook-timestamp", "1767225600");
    assert_header(got, "webhook-signature", value);
    assert_non_null(strchr(value, ' '));
    free(value);
    alert_free(&a);
    got = arrived(r, &q); /* without a secret nothing of it */
    assert_header(got, "webhook-id", NULL);
    assert_header(got, "webhook-timestamp", NULL);
    assert_header(got, "webhook-signature", NULL);
    receiver_stop(&r);
}

static size_t give_no_memory(void *arg, size_t at, char *to, size_t size)
{
    give_nothing(arg, at, to, size);
    return SEND_NO_MEMORY;
}

/* A want of memory is none, and would be tried again without end. */
static void a_body_that_cannot_be_read_is_an_attempt(void **state)
{
    (void)state;
    struct sending s;
    sending_make(&s, NULL, NULL);
    struct send_request request = sending_request("http://127.0.0.1:1/");
    request.signing = (struct send_signing){.id = "1", .at = 1000, .secret = SECRET};
    request.body = NULL;
    request.more = give_nothing;
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "not sent: the body could not be read");
    request.more = give_no_memory;
    assert_null(sender_start(s.sender, &request, sending_done, NULL));
    outcome_free(&o);
    sending_end(&s);
}

/* As a want of memory it would be tried again without end. */
static void what_cannot_be_signed_is_not_sent(void **state)
{
    (void)state;
    struct sending s;
    sending_make(&s, NULL, NULL);
    struct send_request request = sending_request("http://127.0.0.1:1/");
    request.signing = (struct send_signing){.id = "1", .at = 1000, .secret = "whsec_short"};
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.kind, OUTCOME_FORBIDDEN);
    assert_non_null(strstr(o.error, "whsec_ and the base64"));
    outcome_free(&o);
    sending_end(&s);
}

static void no_custom_header_doubles_the_signature(void **state)
{
    (void)state;
    static const char *const names[] = {"webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE"};
    struct receiver *r = receiver_start();
    struct sending s;
    char url[64];
    receiver_url(r, "/hook", url, sizeof url);
    sending_make(&s, NULL, NULL);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct alert_header header = {(char *)names[i], "v1,forged"};
        struct send_request q = sending_request(url);
        q.headers = &header;
        q.header_count = 1;
        struct outcome o = sending_post(&s, &q); /* unsigned it is a header as any other */
        assert_int_equal(o.status, 200);
        outcome_free(&o);
        q.signing = (struct send_signing){"i", NOW, SECRET, NULL};
        o = sending_post(&s, &q);
        assert_int_equal(o.kind, OUTCOME_FORBIDDEN);
        assert_string_equal(o.error, "not sent: a custom header would double one of the signature");
        outcome_free(&o);
    }
    assert_int_equal(receiver_count(r), 3);
    sending_end(&s);
    receiver_stop(&r);
}

static void shows_no_signature_that_could_be_replayed(void **state)
{
    (void)state;
    struct send_request q = sending_request("http://h/");
    struct buf shown;
    q.signing = (struct send_signing){"an-id", NOW, OTHER, SECRET};
    buf_init(&shown, BUF_UNLIMITED);
    assert_true(send_show_headers(&q, &shown));
    assert_non_null(strstr(buf_text(&shown), "webhook-id: an-id\nwebhook-timestamp: 1767225600\n"
                                             "webhook-signature: v1,*** v1,***\n"));
    assert_null(strstr(buf_text(&shown), "whsec_"));
    buf_clear(&shown);
    q.signing.previous = NULL;
    assert_true(send_show_headers(&q, &shown));
    assert_non_null(strstr(buf_text(&shown), "webhook-signature: v1,***\n"));
    buf_free(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_the_published_vector),
        cmocka_unit_test(signs_a_body_in_pieces_as_a_whole_one),
        cmocka_unit_test(agrees_with_openssl),
        cmocka_unit_test(both_secrets_sign_while_they_rotate),
        cmocka_unit_test(names_what_cannot_be_signed),
        cmocka_unit_test(settles_what_is_stored),
        cmocka_unit_test(generates_another_each_time),
        cmocka_unit_test(the_previous_one_signs_until_its_end),
        cmocka_unit_test(sends_what_it_signed),
        cmocka_unit_test(a_body_that_cannot_be_read_is_an_attempt),
        cmocka_unit_test(what_cannot_be_signed_is_not_sent),
        cmocka_unit_test(no_custom_header_doubles_the_signature),
        cmocka_unit_test(shows_no_signature_that_could_be_replayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
