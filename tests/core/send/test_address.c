/* Which addresses may be sent to: as numbers, and as hosts of URLs on their way through
 * libcurl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/un.h>
#include <cmocka.h>

#include "send/address.h"
#include "support/receiver.h"
#include "support/sending.h"

enum verdict { FINE, PRIVATE, NEVER }; /* PRIVATE: refused only where that is asked for */

struct row {
    const char *text;
    enum verdict verdict;
};

static const struct row ADDRESSES[] = {
    /* public, private, loopback */
    {"1.1.1.1", FINE},
    {"8.8.8.8", FINE},
    {"127.0.0.1", PRIVATE},
    {"127.255.255.254", PRIVATE},
    {"10.0.0.1", PRIVATE},
    {"172.16.0.1", PRIVATE},
    {"192.168.1.1", PRIVATE},
    {"100.64.0.1", PRIVATE},
    {"100.100.100.199", PRIVATE},
    {"100.100.100.201", PRIVATE},
    {"169.253.255.255", FINE},
    {"169.255.0.0", FINE},
    {"168.63.129.15", FINE},
    {"168.63.129.17", FINE},
    {"1.0.0.0", FINE},
    {"192.0.1.1", FINE},
    {"223.255.255.255", FINE},
    {"::1", PRIVATE},
    {"2606:4700:4700::1111", FINE},
    {"fd00::1", PRIVATE},
    {"fc00::1", PRIVATE},
    {"fd00:ec2::253", PRIVATE},
    {"fd20:ce::255", PRIVATE},
    {"::ff00:169.254.169.254", FINE},
    {"::ff:169.254.169.254", FINE},
    {"::ffff:ff:169.254.169.254", FINE},
    {"64:ff9b::ff:169.254.169.254", FINE},
    {"64:ff9b:2::169.254.169.254", FINE},
    {"::ffff:127.0.0.1", PRIVATE},
    {"::ffff:10.1.2.3", PRIVATE},
    {"64:ff9b::8.8.8.8", FINE},
    {"2002:808:808::1", FINE},
    {"fe7f::1", FINE},
    {"64:ff9a::a9fe:a9fe", FINE},
    {"9.255.255.255", FINE},
    {"11.0.0.0", FINE},
    {"126.255.255.255", FINE},
    {"128.0.0.0", FINE},
    {"100.63.255.255", FINE},
    {"100.128.0.0", FINE},
    {"172.15.255.255", FINE},
    {"172.32.0.0", FINE},
    {"192.167.255.255", FINE},
    {"192.169.0.0", FINE},
    {"198.17.255.255", FINE},
    {"198.20.0.0", FINE},
    {"192.0.3.0", FINE},
    {"192.88.98.255", FINE},
    {"192.88.100.0", FINE},
    {"198.51.101.0", FINE},
    {"203.0.112.255", FINE},
    {"203.0.114.0", FINE},
    {"2001:1::1", FINE},
    {"2001:db9::1", FINE},
    {"5f01::1", FINE},
    {"3fff:1000::1", FINE},
    {"3f00::1", FINE},
    {"100:0:0:1::1", FINE},
    /* private and special: by the setting */
    {"10.255.255.255", PRIVATE},
    {"172.31.255.255", PRIVATE},
    {"192.168.255.255", PRIVATE},
    {"100.127.255.255", PRIVATE},
    {"192.0.2.1", PRIVATE},
    {"192.0.2.255", PRIVATE},
    {"192.88.99.1", PRIVATE},
    {"192.88.99.255", PRIVATE},
    {"198.18.0.1", PRIVATE},
    {"198.19.255.255", PRIVATE},
    {"198.51.100.7", PRIVATE},
    {"198.51.100.255", PRIVATE},
    {"203.0.113.7", PRIVATE},
    {"203.0.113.255", PRIVATE},
    {"fdff:ffff::1", PRIVATE},
    {"2001:db8::1", PRIVATE},
    {"2001::1", PRIVATE},
    {"100::1", PRIVATE},
    {"5f00::1", PRIVATE},
    {"5f00:ffff::1", PRIVATE},
    {"3fff:fff::1", PRIVATE},
    {"::127.0.0.1", PRIVATE},
    {"::ffff:0:192.168.0.1", PRIVATE},
    {"64:ff9b::10.0.0.1", PRIVATE},
    {"64:ff9b::7f00:1", PRIVATE},
    {"2002:7f00:1::", PRIVATE},
    {"2002:c0a8:101::1", PRIVATE},
    /* link-local and metadata */
    {"169.254.169.254", NEVER},
    {"169.254.0.0", NEVER},
    {"169.254.255.255", NEVER},
    {"169.254.170.2", NEVER},
    {"100.100.100.200", NEVER},
    {"168.63.129.16", NEVER},
    {"192.0.0.192", NEVER},
    {"fe80::1", NEVER},
    {"fe80::1%eth0", NEVER},
    {"fe80::1%lo", NEVER},
    {"febf::1", NEVER},
    {"fd00:ec2::254", NEVER},
    {"fd20:ce::254", NEVER},
    {"fec0::1", NEVER},
    {"feff::1", NEVER},
    /* this network, multicast, broadcast, reserved */
    {"0.0.0.0", NEVER},
    {"0.1.2.3", NEVER},
    {"0.255.255.255", NEVER},
    {"192.0.0.1", NEVER},
    {"192.0.0.255", NEVER},
    {"224.0.0.1", NEVER},
    {"239.255.255.250", NEVER},
    {"240.0.0.1", NEVER},
    {"255.255.255.254", NEVER},
    {"255.255.255.255", NEVER},
    {"::", NEVER},
    {"ff02::1", NEVER},
    {"ff0e::1", NEVER},
    /* wrapped */
    {"::ffff:169.254.169.254", NEVER},
    {"::ffff:a9fe:a9fe", NEVER},
    {"::ffff:0.0.0.0", NEVER},
    {"::ffff:224.0.0.1", NEVER},
    {"::ffff:0:169.254.169.254", NEVER},
    {"::169.254.169.254", NEVER},
    {"64:ff9b::169.254.169.254", NEVER},
    {"64:ff9b::a9fe:a9fe", NEVER},
    {"64:ff9b::6464:64c8", NEVER},
    {"64:ff9b:1::8.8.8.8", NEVER},
    {"64:ff9b:1:ffff::8.8.8.8", NEVER},
    {"2002:a9fe:a9fe::", NEVER},
    {"2002:a9fe:a9fe::1", NEVER},
    {"2002:0:1::", NEVER},
    {"2002:e000:1::1", NEVER},
    /* no address at all */
    {"", NEVER},
    {"localhost", NEVER},
    {"169.254.169.254.", NEVER},
    {"127.1", NEVER},
    {"0x7f.0.0.1", NEVER},
    {"1.2.3", NEVER},
    {"[::1]", NEVER},
    {"1.2.3.4:80", NEVER},
    {"::1::", NEVER},
    {"12345:67:89ab:cdef:0123:4567:89ab:cdef:0123:4567:89ab", NEVER},
};

static void judges_each_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        const struct row *row = &ADDRESSES[i];
        const char *loose = address_text_problem(row->text, ADDRESS_PRIVATE_ALLOWED);
        const char *strict = address_text_problem(row->text, ADDRESS_PRIVATE_REFUSED);
        if ((loose != NULL) != (row->verdict == NEVER))
            fail_msg("%s: %s", row->text, loose ? loose : "allowed");
        if ((strict != NULL) != (row->verdict != FINE))
            fail_msg("%s, strictly: %s", row->text, strict ? strict : "allowed");
    }
}

/* Of two ranges that hold it, the narrower says why. */
static void says_why_an_address_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *address, *problem;
    } rows[] = {{"0.1.2.3", "an address of \"this network\""},
                {"169.254.169.254", "the metadata address of a cloud"},
                {"169.254.169.255", "a link-local address"},
                {"192.0.0.192", "the metadata address of a cloud"},
                {"192.0.0.191", "a reserved address"},
                {"192.0.0.193", "a reserved address"},
                {"224.0.0.1", "a multicast address"},
                {"255.255.255.255", "the broadcast address"},
                {"255.255.255.254", "a reserved address"},
                {"::", "the unspecified address"},
                {"fe80::1", "a link-local address"},
                {"fec0::1", "a site-local address"},
                {"ff02::1", "a multicast address"},
                {"fd00:ec2::254", "the metadata address of a cloud"},
                {"::1", "a loopback address (delivery.private = refuse)"},
                {"127.0.0.1", "a loopback address (delivery.private = refuse)"},
                {"10.0.0.1", "a private address (delivery.private = refuse)"},
                {"2001:db8::1", "a special-purpose address (delivery.private = refuse)"},
                {"h", "not an internet address"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(address_text_problem(rows[i].address, ADDRESS_PRIVATE_REFUSED),
                            rows[i].problem);
}

static void judges_socket_addresses_as_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        const char *text = ADDRESSES[i].text;
        const struct sockaddr *address = NULL;
        if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
            address = (struct sockaddr *)&v4;
        else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
            address = (struct sockaddr *)&v6;
        for (int rule = 0; address && rule <= ADDRESS_PRIVATE_REFUSED; rule++)
            assert_ptr_equal(address_problem(address, (enum address_rule)rule),
                             address_text_problem(text, (enum address_rule)rule));
    }
}

static void refuses_what_is_no_internet_address(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    assert_non_null(address_problem((struct sockaddr *)&local, ADDRESS_PRIVATE_ALLOWED));
}

/* ---------------------------------------------------------------- through libcurl */

/* No packet leaves for these: they end before the connect. */
static const char *const REFUSED_URLS[] = {
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/",
    "http://169.254.169.254:80/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0xa9.0xfe.0xa9.0xfe/",
    "http://0251.0376.0251.0376/",
    "http://025177524776/",
    "http://169.254.43518/",
    "http://169.16689662/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    /* never came as far as an address */
    "http://user:pw@127.0.0.1/",
    "http://user@127.0.0.1/",
    "http://127.0.0.1@169.254.169.254/",
    "file:///etc/hostname",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "dict://127.0.0.1/",
    "127.0.0.1/",
    "http://",
    "http:///hook",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1\\@169.254.169.254/",
    "http://127.0.0.1/a b",
    "http://127.0.0.1/\r\nX-Injected: 1",
    "http://127.0.0.1\t/",
    "http://%31%36%39.254.169.254/",
    "http://[::1/",
    "",
};

static void expect_forbidden(struct sending *s, const char *url)
{
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(s, &request);
    if (o.kind != OUTCOME_FORBIDDEN || !o.error[0])
        fail_msg("%s: %s \"%s\"", url, outcome_kind_name(o.kind), o.error);
    assert_int_equal(o.status, 0);
    outcome_free(&o);
}

static void refuses_each_url(void **state)
{
    (void)state;
    struct sending s;
    sending_make(&s, NULL, NULL);
    for (size_t i = 0; i < sizeof REFUSED_URLS / sizeof *REFUSED_URLS; i++)
        expect_forbidden(&s, REFUSED_URLS[i]);
    sending_end(&s);
}

static void names_the_refused_address(void **state)
{
    (void)state;
    struct sending s;
    sending_make(&s, NULL, NULL);
    struct send_request request = sending_request("http://2852039166/secret");
    struct outcome o = sending_post(&s, &request);
    assert_string_equal(o.error,
                        "refused: 169.254.169.254 is the metadata address of a cloud");
    outcome_free(&o);
    sending_end(&s);
}

/* Each spelling of loopback reaches the receiver, and is judged again on the connection
 * that the one before left open. */
static void judges_on_a_reused_connection_too(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1",  "0x7f.1", "2130706433",
                                        "0177.0.0.1", "127.1",  "127.0.0.1"};
    struct receiver *r = receiver_start();
    struct sending s;
    sending_make(&s, NULL, NULL);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char url[64];
        snprintf(url, sizeof url, "http://%s:%d/", hosts[i], receiver_port(r));
        struct send_request request = sending_request(url);
        struct outcome o = sending_post(&s, &request);
        assert_int_equal(o.kind, OUTCOME_RESPONSE);
        outcome_free(&o);
    }
    assert_int_equal(receiver_request(r, 5)->connection, 1);
    expect_forbidden(&s, "http://169.254.169.254/");
    sending_end(&s);
    receiver_stop(&r);
}

/* ---------------------------------------------------------------- through a proxy */

static void sends_through_the_proxy_that_is_given(void **state)
{
    (void)state;
    struct receiver *proxy = receiver_start();
    struct sending s;
    char url[64];
    receiver_url(proxy, "", url, sizeof url);
    sending_make(&s, url, NULL);
    struct send_request request = sending_request("http://hooks.example.invalid/a");
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.status, 200);
    assert_string_equal(receiver_request(proxy, 0)->path, "http://hooks.example.invalid/a");
    outcome_free(&o);
    sending_end(&s);
    receiver_stop(&proxy);
}

static void judges_the_host_of_the_url_before_a_proxy(void **state)
{
    (void)state;
    struct receiver *proxy = receiver_start();
    struct sending s;
    char url[64];
    receiver_url(proxy, "", url, sizeof url);
    sending_make(&s, url, NULL);
    for (size_t i = 0; i < sizeof REFUSED_URLS / sizeof *REFUSED_URLS; i++)
        expect_forbidden(&s, REFUSED_URLS[i]);
    expect_forbidden(&s, "http://169.254.169.254./");
    assert_int_equal(receiver_count(proxy), 0);
    sending_end(&s);
    receiver_stop(&proxy);
}

static void says_that_the_proxy_refused(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *error;
    } rows[] = {{403, "the proxy refused the connection"},
                {407, "the proxy wants a password"}};
    struct receiver *proxy = receiver_start();
    struct sending s;
    char url[64];
    receiver_url(proxy, "", url, sizeof url);
    sending_make(&s, url, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        receiver_answer(proxy, (struct receiver_answer){.status = rows[i].status,
                                                        .headers = "Retry-After: 9\r\n"});
        struct send_request request = sending_request("https://hooks.example.invalid/a");
        request.token = "t0ken";
        struct outcome o = sending_post(&s, &request);
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        assert_string_equal(o.error, rows[i].error);
        assert_int_equal(o.retry_after_ms, -1);
        assert_null(o.headers);
        const struct receiver_request *connect = receiver_request(proxy, i);
        assert_string_equal(connect->method, "CONNECT");
        assert_null(strstr(connect->headers, "t0ken"));
        outcome_free(&o);
    }
    sending_end(&s);
    receiver_stop(&proxy);
}

/* Port 1 is the proxy's, not the receiver's: nobody listens there. */
static void says_that_the_proxy_is_not_there(void **state)
{
    (void)state;
    struct sending s;
    sending_make(&s, "http://127.0.0.1:1", NULL);
    struct send_request request = sending_request("http://hooks.example.invalid/a");
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "the proxy: connection refused");
    outcome_free(&o);
    sending_end(&s);
}

static void uses_no_proxy_of_the_environment(void **state)
{
    (void)state;
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy",
                                        "all_proxy", "ALL_PROXY"};
    struct receiver *r = receiver_start(), *proxy = receiver_start();
    struct sending s;
    char url[64], proxy_url[64];
    receiver_url(r, "/direct", url, sizeof url);
    receiver_url(proxy, "", proxy_url, sizeof proxy_url);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], proxy_url, 1);
    sending_make(&s, NULL, NULL);
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.status, 200);
    outcome_free(&o);
    sending_end(&s);
    setenv("no_proxy", "*", 1); /* nor its exceptions from the one that is given */
    sending_make(&s, proxy_url, NULL);
    o = sending_post(&s, &request);
    outcome_free(&o);
    sending_end(&s);
    assert_int_equal(receiver_count(r), 1);
    assert_int_equal(receiver_count(proxy), 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    unsetenv("no_proxy");
    receiver_stop(&proxy);
    receiver_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_each_address),
        cmocka_unit_test(says_why_an_address_is_refused),
        cmocka_unit_test(judges_socket_addresses_as_texts),
        cmocka_unit_test(refuses_what_is_no_internet_address),
        cmocka_unit_test(refuses_each_url),
        cmocka_unit_test(names_the_refused_address),
        cmocka_unit_test(judges_on_a_reused_connection_too),
        cmocka_unit_test(sends_through_the_proxy_that_is_given),
        cmocka_unit_test(judges_the_host_of_the_url_before_a_proxy),
        cmocka_unit_test(says_that_the_proxy_refused),
        cmocka_unit_test(says_that_the_proxy_is_not_there),
        cmocka_unit_test(uses_no_proxy_of_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
