/* TLS: whom a sender believes, and the words for whom it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "support/receiver.h"
#include "support/sending.h"

/* One request to a receiver of that kind; own_authority: by the receiver's CA file. */
static struct outcome post(struct receiver *r, bool own_authority)
{
    struct sending s;
    char url[64];
    receiver_url(r, "/hook", url, sizeof url);
    sending_make(&s, NULL, own_authority ? receiver_ca_file(r) : NULL);
    struct send_request request = sending_request(url);
    request.token = "t0ken";
    struct outcome o = sending_post(&s, &request);
    sending_end(&s);
    return o;
}

static void delivers_to_a_good_certificate(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    struct outcome o = post(r, true);
    assert_string_equal(o.error, "");
    assert_int_equal(o.status, 200);
    assert_true(o.tls_us >= o.connect_us && o.first_us >= o.tls_us && o.tls_us > 0);
    assert_string_equal(receiver_request(r, 0)->body, "{\"id\":1}");
    outcome_free(&o);
    receiver_stop(&r);
}

static void names_what_is_wrong_with_a_certificate(void **state)
{
    (void)state;
    static const struct {
        enum certificate_kind kind;
        bool own_authority;
        const char *error;
    } rows[] = {
        {CERTIFICATE_SELF_SIGNED, false, "TLS: the certificate is self-signed"},
        {CERTIFICATE_SELF_SIGNED, true, "TLS: the certificate is self-signed"},
        {CERTIFICATE_EXPIRED, true, "TLS: the certificate has expired"},
        {CERTIFICATE_NOT_YET_VALID, true, "TLS: the certificate is not valid yet"},
        {CERTIFICATE_WRONG_HOST, true, "TLS: the certificate is not for this host"},
        {CERTIFICATE_UNKNOWN_AUTHORITY, true,
         "TLS: the certificate comes from an authority that this machine does not know"},
        {CERTIFICATE_GOOD, false,
         "TLS: the certificate comes from an authority that this machine does not know"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct receiver *r = receiver_start_tls(rows[i].kind);
        struct outcome o = post(r, rows[i].own_authority);
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        assert_string_equal(o.error, rows[i].error);
        assert_int_equal(receiver_count(r), 0); /* nothing was said to it */
        outcome_free(&o);
        receiver_stop(&r);
    }
}

static void speaks_nothing_older_than_tls_1_2(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    receiver_limit_tls(r, TLS1_1_VERSION);
    struct outcome o = post(r, true);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "TLS: the handshake failed");
    outcome_free(&o);
    receiver_limit_tls(r, TLS1_2_VERSION);
    o = post(r, true);
    assert_int_equal(o.status, 200);
    outcome_free(&o);
    receiver_stop(&r);
}

static void says_that_a_plain_server_speaks_no_tls(void **state)
{
    (void)state;
    struct receiver *r = receiver_start();
    struct sending s;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", receiver_port(r));
    receiver_greet(r, "HTTP/1.1 400 Bad Request\r\n\r\n");
    sending_make(&s, NULL, NULL);
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(&s, &request);
    assert_string_equal(o.error, "TLS: the other side does not speak TLS");
    outcome_free(&o);
    sending_end(&s);
    receiver_stop(&r);
}

static void names_a_ca_file_that_cannot_be_read(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    struct sending s;
    char url[64];
    receiver_url(r, "/", url, sizeof url);
    sending_make(&s, NULL, "/nowhere/ca.pem");
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "TLS: the file of delivery.ca_file could not be read");
    outcome_free(&o);
    sending_end(&s);
    receiver_stop(&r);
}

/* A write to a connection that is gone must not raise SIGPIPE either. */
static void survives_what_ends_within_tls(void **state)
{
    (void)state;
    static const enum receiver_how hows[] = {RECEIVER_CLOSES, RECEIVER_RESETS,
                                             RECEIVER_CUTS, RECEIVER_CUTS_CHUNKED,
                                             RECEIVER_GARBAGE};
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
        receiver_answer(r, (struct receiver_answer){.how = hows[i]});
        struct outcome o = post(r, true);
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        assert_true(o.error[0]);
        outcome_free(&o);
    }
    receiver_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_to_a_good_certificate),
        cmocka_unit_test(names_what_is_wrong_with_a_certificate),
        cmocka_unit_test(speaks_nothing_older_than_tls_1_2),
        cmocka_unit_test(says_that_a_plain_server_speaks_no_tls),
        cmocka_unit_test(names_a_ca_file_that_cannot_be_read),
        cmocka_unit_test(survives_what_ends_within_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
