#include "core/model/alert_fixture.h"
#include "model/alert.h"

static const struct verdict URLS[] = {
    {"http://h", NULL},
    {"https://hooks.example.org/services/T0/B0/x?a=b#c", NULL},
    {"HTTPS://Example.ORG", NULL},
    {"http://127.0.0.1:8080/", NULL},
    {"http://h:1", NULL},
    {"http://h:65535/x", NULL},
    {"http://a_b.c-d.e.", NULL},
    {"http://[::1]/x", NULL},
    {"http://[2001:db8::1]:8443", NULL},
    {"http://[::ffff:127.0.0.1]", NULL},
    {"https://h/a@b", NULL},
    {"https://h?x=a:b@c", NULL},
    {"https://h/%20", NULL},
    {"https://h/!", NULL},
    {"http://[0000:0000:0000:0000:0000:ffff:255.255.255.255]", NULL},
    {NULL, "is required"},
    {"", "is required"},
    {"  \t ", "is required"},
    {"h", "Must start with http:// or https://"},
    {"ftp://h", "Must start with"},
    {"file:///etc/passwd", "Must start with"},
    {"http:/h", "Must start with"},
    {"http:h", "Must start with"},
    {" http://h", "Must start with"},
    {"httpss://h", "Must start with"},
    {"javascript:alert(1)", "Must start with"},
    {"http://", "host is missing"},
    {"http:///path", "host is missing"},
    {"http://?q", "host is missing"},
    {"http://#f", "host is missing"},
    {"http://:80", "host is missing"},
    {"http://h:", "1 to 65535"},
    {"http://h:0", "1 to 65535"},
    {"http://h:65536", "1 to 65535"},
    {"http://h:99999999999999999999999999", "1 to 65535"},
    {"http://h:-1", "not a number"},
    {"http://h:8x", "not a number"},
    {"http://h:80:81", "not a number"},
    {"http://[::1]:0", "1 to 65535"},
    {"http://user@h", "user name or password"},
    {"http://user:pw@h/", "user name or password"},
    {"http://good.org:80@evil.org", "user name or password"},
    {"http://@h", "user name or password"},
    {"http://h h/", "percent-encoded"},
    {"http://h/a b", "percent-encoded"},
    {"http://h/a\tb", "percent-encoded"},
    {"http://h/a\r\nX: y", "percent-encoded"},
    {"http://h/\x7f", "percent-encoded"},
    {"http://good.org\\@evil.org", "percent-encoded"},
    {"http://h/a\\b", "percent-encoded"},
    {"http://h/\xc3\xa4", "percent-encoded"},
    {"http://m\xc3\xbcller.de", "xn--"},
    {"http://h%41", "no host name has"},
    {"http://h,i", "no host name has"},
    {"http://<h>", "no host name has"},
    {"http://a]", "no host name has"},
    {"http://.", "empty part"},
    {"http://a..b", "empty part"},
    {"http://.a", "empty part"},
    {"http://[::1", "closing bracket"},
    {"http://[]", "IPv6 address"},
    {"http://[zz]", "IPv6 address"},
    {"http://[127.0.0.1]", "IPv6 address"},
    {"http://[fe80::1%25eth0]", "IPv6 address"},
    {"http://[1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6:7:8:9:0:1:2:3:4:5:6]", "IPv6 address"},
    {"http://[0000:0000:0000:0000:0000:ffff:255.255.255.2555]", "IPv6 address"},
    {"http://[::1]x", "between host and port"},
    {"http://h/\x80", "percent-encoded"},
};

static void url_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof URLS / sizeof *URLS; i++)
        assert_problem(URLS[i].text, alert_url_problem(URLS[i].text), URLS[i].problem);
}

static void url_has_a_length(void **state)
{
    (void)state;
    static const char head[] = "http://h/";
    char *fits = repeated(head, 'x', ALERT_URL_MAX - strlen(head));
    char *over = repeated(head, 'x', ALERT_URL_MAX - strlen(head) + 1);
    char *host = repeated("http://", 'x', 254);
    assert_null(alert_url_problem(fits));
    assert_string_equal(alert_url_problem(over), "The URL is too long");
    assert_string_equal(alert_url_problem(host), "The host is too long");
    host[strlen(host) - 1] = '\0';
    assert_null(alert_url_problem(host));
    free(fits);
    free(over);
    free(host);
}

static void origin_shows_nothing_behind_the_port(void **state)
{
    (void)state;
    static const struct {
        const char *url, *origin;
    } rows[] = {
        {"https://h.org/secret/path", "https://h.org"},
        {"http://h:81?token=x", "http://h:81"},
        {"https://[::1]:9#x", "https://[::1]:9"},
        {"https://user:pw@h", "?"},
        {"nonsense", "?"},
        {"", "?"},
    };
    char out[64], little[8];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        alert_url_origin(rows[i].url, out, sizeof out);
        assert_string_equal(out, rows[i].origin);
    }
    alert_url_origin("https://h.org/x", little, sizeof little);
    assert_string_equal(little, "https:/");
}

static void same_origin_compares_scheme_host_port(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"https://h/a", "https://h/b?c", true},
        {"https://h", "HTTPS://H:443/", true},
        {"http://h:80", "http://h", true},
        {"https://h", "http://h", false},
        {"https://h:443", "http://h:443", false},
        {"https://h", "https://h:444", false},
        {"https://h", "https://hh", false},
        {"https://h", "https://i", false},
        {"https://h", "bad", false},
        {"bad", "bad", false},
        {NULL, NULL, false},
        {"https://h", NULL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(alert_url_same_origin(rows[i].a, rows[i].b), rows[i].same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_is_judged),
        cmocka_unit_test(url_has_a_length),
        cmocka_unit_test(origin_shows_nothing_behind_the_port),
        cmocka_unit_test(same_origin_compares_scheme_host_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
