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

struct row {
    const char *text;
    bool refused;
};

static const struct row ADDRESSES[] = {
    /* allowed: public, private, loopback */
    {"1.1.1.1", false},
    {"8.8.8.8", false},
    {"127.0.0.1", false},
    {"127.255.255.254", false},
    {"10.0.0.1", false},
    {"172.16.0.1", false},
    {"192.168.1.1", false},
    {"100.64.0.1", false},
    {"100.100.100.199", false},
    {"100.100.100.201", false},
    {"169.253.255.255", false},
    {"169.255.0.0", false},
    {"168.63.129.15", false},
    {"1.0.0.0", false},
    {"192.0.1.1", false},
    {"223.255.255.255", false},
    {"::1", false},
    {"2606:4700:4700::1111", false},
    {"fd00::1", false},
    {"fc00::1", false},
    {"fd00:ec2::253", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.1.2.3", false},
    {"64:ff9b::8.8.8.8", false},
    {"2002:808:808::1", false},
    {"fe7f::1", false},
    {"64:ff9a::a9fe:a9fe", false},
    /* link-local and metadata */
    {"169.254.169.254", true},
    {"169.254.0.0", true},
    {"169.254.255.255", true},
    {"169.254.170.2", true},
    {"100.100.100.200", true},
    {"168.63.129.16", true},
    {"192.0.0.192", true},
    {"fe80::1", true},
    {"fe80::1%eth0", true},
    {"fe80::1%lo", true},
    {"febf::1", true},
    {"fd00:ec2::254", true},
    {"fd20:ce::254", true},
    {"fec0::1", true},
    {"feff::1", true},
    /* this network, multicast, broadcast, reserved */
    {"0.0.0.0", true},
    {"0.1.2.3", true},
    {"0.255.255.255", true},
    {"192.0.0.1", true},
    {"224.0.0.1", true},
    {"239.255.255.250", true},
    {"240.0.0.1", true},
    {"255.255.255.254", true},
    {"255.255.255.255", true},
    {"::", true},
    {"ff02::1", true},
    {"ff0e::1", true},
    /* wrapped */
    {"::ffff:169.254.169.254", true},
    {"::ffff:a9fe:a9fe", true},
    {"::ffff:0.0.0.0", true},
    {"::ffff:224.0.0.1", true},
    {"::ffff:0:169.254.169.254", true},
    {"::169.254.169.254", true},
    {"64:ff9b::169.254.169.254", true},
    {"64:ff9b::a9fe:a9fe", true},
    {"64:ff9b::6464:64c8", true},
    {"64:ff9b:1::8.8.8.8", true},
    {"2002:a9fe:a9fe::", true},
    {"2002:a9fe:a9fe::1", true},
    {"2002:0:1::", true},
    {"2002:e000:1::1", true},
    /* no address at all */
    {"", true},
    {"localhost", true},
    {"169.254.169.254.", true},
    {"127.1", true},
    {"0x7f.0.0.1", true},
    {"1.2.3", true},
    {"[::1]", true},
    {"1.2.3.4:80", true},
    {"::1::", true},
    {"12345:67:89ab:cdef:0123:4567:89ab:cdef:0123:4567:89ab", true},
};

static void judges_each_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof *ADDRESSES; i++) {
        const struct row *row = &ADDRESSES[i];
        const char *problem = address_text_problem(row->text);
        if ((problem != NULL) != row->refused)
            fail_msg("%s: %s", row->text, problem ? problem : "allowed");
    }
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
        if (address)
            assert_ptr_equal(address_problem(address), address_text_problem(text));
    }
}

static void refuses_what_is_no_internet_address(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    assert_non_null(address_problem((struct sockaddr *)&local));
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
        cmocka_unit_test(judges_socket_addresses_as_texts),
        cmocka_unit_test(refuses_what_is_no_internet_address),
        cmocka_unit_test(refuses_each_url),
        cmocka_unit_test(names_the_refused_address),
        cmocka_unit_test(judges_on_a_reused_connection_too),
        cmocka_unit_test(sends_through_the_proxy_that_is_given),
        cmocka_unit_test(judges_the_host_of_the_url_before_a_proxy),
        cmocka_unit_test(says_that_the_proxy_refused),
        cmocka_unit_test(uses_no_proxy_of_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
