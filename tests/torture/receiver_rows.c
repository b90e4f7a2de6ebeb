#include "torture/receiver_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define RETRIED(s)       .state = DELIVERY_RETRYING, .status = s
#define FAILED(s, words) .state = DELIVERY_RETRYING, .status = s, .error = words
#define DELIVERED(s)     .state = DELIVERY_DELIVERED, .status = s
#define DEAD(s, words)   .state = DELIVERY_DEAD, .status = s, .reason = words
#define ASKS(s, value)   .answer = {.status = s, .headers = "Retry-After: " value "\r\n"}
#define RAW(text)                                                                          \
    .answer = {.how = RECEIVER_RAW, .body = text, .body_size = sizeof text - 1}
#define TLS(kind)                                                                          \
    .tls = true, .own_authority = true, .certificate = kind, .lasting = true,              \
    .unheard = true

#define CLOSED_EARLY "the connection was closed before the answer was complete"
#define NO_ANSWER    "the connection was closed without an answer"
#define NO_NAME      "could not resolve the host name"
#define BROKEN       "the connection was reset|" NO_ANSWER "|the connection broke while sending"

static char bomb[64 * 1024], long_line[300 * 1024];

struct row receiver_rows[] = {
    /* well */
    {"200", .answer = {.status = 200}, DELIVERED(200)},
    {"201 with a body of 100 kB", .answer = {.status = 201, .body_size = 100000},
     DELIVERED(201)},
    {"202 in chunks", .answer = {.how = RECEIVER_CHUNKED, .status = 202, .body_size = 5000},
     DELIVERED(202)},
    {"204", .answer = {.status = 204}, DELIVERED(204)},
    {"299", .answer = {.status = 299}, DELIVERED(299)},
    {"HTTP/1.0", .answer = {.how = RECEIVER_HTTP10}, DELIVERED(200)},
    {"closes without a length", .answer = {.how = RECEIVER_UNTIL_CLOSE, .body_size = 70000},
     DELIVERED(200)},
    {"a few 1xx first", .answer = {.how = RECEIVER_INFORMS}, DELIVERED(200)},
    {"100 that nobody waits for",
     RAW("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
     DELIVERED(200)},
    {"ignores what wants 100", .big = true, DELIVERED(200)},
    {"answers before the request",
     .greeting = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", DELIVERED(200)},
    {"endless body under 200", .answer = {.how = RECEIVER_ENDLESS}, DELIVERED(200)},
    {"3 MiB of body under 200", .answer = {.body_size = 3 << 20}, DELIVERED(200)},
    {"60 kB of headers", .answer = {.headers = long_line}, DELIVERED(200)},
    {"header with controls",
     RAW("HTTP/1.1 200 OK\r\nX-Owned: \x1b]0;owned\x07\x9b\r\nContent-Length: 2\r\n\r\nok"),
     DELIVERED(200)},
    {"lines that end with LF only", RAW("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
     DELIVERED(200)},
    {"status without words", RAW("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
     DELIVERED(200)},
    {"a status line of HTTP/2", RAW("HTTP/2 200\r\ncontent-length: 2\r\n\r\nok"),
     DELIVERED(200)},
    {"more than its length",
     RAW("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n"),
     DELIVERED(200)},
    {"the same length twice",
     RAW("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
     DELIVERED(200)},
    {"gzip bomb", .answer = {.headers = "Content-Encoding: gzip\r\n", .body = bomb},
     DELIVERED(200)},
    {"IPv6", .ipv6 = true, DELIVERED(200)},
    {"a host name", .host = "receiver.test", DELIVERED(200)},
    {"one good address of two", .host = "mixed.test", DELIVERED(200)},
    {"TLS", .tls = true, .own_authority = true, DELIVERED(200)},
    {"TLS 1.2", .tls = true, .own_authority = true, .newest_tls = TLS1_2_VERSION,
     DELIVERED(200)},

    /* not tried again */
    {"300", .answer = {.status = 300}, DEAD(300, "answered 300")},
    {"301", .answer = {.status = 301, .headers = "Location: /next\r\n"},
     DEAD(301, "answered 301")},
    {"302", .answer = {.status = 302, .headers = "Location: /next\r\n"},
     DEAD(302, "answered 302")},
    {"303", .answer = {.status = 303, .headers = "Location: /next\r\n"},
     DEAD(303, "answered 303")},
    {"304", .answer = {.status = 304}, DEAD(304, "answered 304")},
    {"305", .answer = {.status = 305, .headers = "Location: http://127.0.0.1:1/\r\n"},
     DEAD(305, "answered 305")},
    {"307", .answer = {.status = 307, .headers = "Location: /next\r\n"},
     DEAD(307, "answered 307")},
    {"308 to a metadata address",
     .answer = {.status = 308, .headers = "Location: http://169.254.169.254/\r\n"},
     DEAD(308, "answered 308")},
    {"400", .answer = {.status = 400}, DEAD(400, "answered 400")},
    {"401", .answer = {.status = 401, .headers = "WWW-Authenticate: Basic realm=x\r\n"},
     DEAD(401, "answered 401")},
    {"403", .answer = {.status = 403}, DEAD(403, "answered 403")},
    {"404", .answer = {.status = 404}, DEAD(404, "answered 404")},
    {"407", .answer = {.status = 407, .headers = "Proxy-Authenticate: Basic realm=x\r\n"},
     DEAD(407, "answered 407")},
    {"408", .answer = {.status = 408}, DEAD(408, "answered 408")},
    {"413 before the body is read", .answer = {.how = RECEIVER_EARLY, .status = 413},
     .big = true, DEAD(413, "answered 413")},
    {"422", .answer = {.status = 422}, DEAD(422, "answered 422")},
    {"410", .answer = {.status = 410}, DEAD(410, "answered 410"), .disabled = true},
    {"a metadata address", .host = "metadata.test", .lasting = true, .unreached = true,
     .unheard = true,
     .error = "refused: 169.254.169.254 is a link-local address|"
              "refused: 169.254.169.254 is the metadata address of a cloud",
     DEAD(0, "refused: 169.254.169.254 is the metadata address of a cloud")},
    {"a metadata address, mapped", .host = "mapped.test", .lasting = true,
     .unreached = true, .unheard = true,
     .error = "refused: ::ffff:169.254.169.254 is the metadata address of a cloud",
     DEAD(0, "refused: ::ffff:169.254.169.254 is the metadata address of a cloud")},

    /* asked to wait */
    {"429", .answer = {.status = 429}, RETRIED(429)},
    {"429 for 120 seconds", ASKS(429, "120"), RETRIED(429), .pause_ms = 120000},
    {"429 until a date", ASKS(429, "Thu, 01 Jan 2026 01:00:00 GMT"), RETRIED(429),
     .pause_ms = HOUR_MS - WINDOW_MS},
    {"429 until a date of RFC 850", ASKS(429, "Thursday, 01-Jan-26 01:00:00 GMT"),
     RETRIED(429), .pause_ms = HOUR_MS - WINDOW_MS},
    {"429 until a date of asctime", ASKS(429, "Thu Jan  1 01:00:00 2026"), RETRIED(429),
     .pause_ms = HOUR_MS - WINDOW_MS},
    {"429 until a date that has passed", ASKS(429, "Wed, 31 Dec 2025 00:00:00 GMT"),
     RETRIED(429)},
    {"429 for 0 seconds", ASKS(429, "0"), RETRIED(429)},
    {"429 for -5 seconds", ASKS(429, "-5"), RETRIED(429)},
    {"429 for 1.5 seconds", ASKS(429, "1.5"), RETRIED(429)},
    {"429 until soon", ASKS(429, "soon"), RETRIED(429)},
    {"429 with an empty wait", ASKS(429, ""), RETRIED(429)},
    {"429 for a day and a second", ASKS(429, "86401"),
     DEAD(429, "asked to wait beyond 1d of age, the last: answered 429")},
    {"429 for ever", ASKS(429, "99999999999999999999999999"),
     DEAD(429, "asked to wait beyond 1d of age, the last: answered 429")},
    {"429 until the year 9999", ASKS(429, "Fri, 31 Dec 9999 23:59:59 GMT"),
     DEAD(429, "asked to wait beyond 1d of age, the last: answered 429")},
    {"500 for 60 seconds", ASKS(500, "60"), RETRIED(500), .pause_ms = 60000},
    {"502 for 60 seconds", ASKS(502, "60"), RETRIED(502), .pause_ms = 60000},
    {"503 for 60 seconds", ASKS(503, "60"), RETRIED(503), .pause_ms = 60000},
    {"503 for 60 seconds, cut",
     .answer = {.how = RECEIVER_CUTS, .status = 503, .headers = "Retry-After: 60\r\n"},
     FAILED(503, CLOSED_EARLY), .pause_ms = 60000},
    {"404 for 60 seconds", ASKS(404, "60"), DEAD(404, "answered 404")},

    /* tried again */
    {"500", .answer = {.status = 500}, RETRIED(500)},
    {"504 in chunks", .answer = {.how = RECEIVER_CHUNKED, .status = 504}, RETRIED(504)},
    {"599", .answer = {.status = 599}, RETRIED(599)},
    {"status 999", RAW("HTTP/1.1 999 No\r\nContent-Length: 2\r\n\r\nno"), RETRIED(999)},
    {"status 99", RAW("HTTP/1.1 99 No\r\nContent-Length: 2\r\n\r\nno"),
     FAILED(0, "the answer is not HTTP")},
    {"101 that nobody asked for",
     RAW("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx"),
     FAILED(0, "the answer wants to speak another protocol")},
    {"nobody listens", .nobody = true, .lasting = true, .unreached = true, .unheard = true,
     FAILED(0, "connection refused")},
    {"closes before the request", .door = RECEIVER_SHUTS, .unheard = true,
     FAILED(0, BROKEN)},
    {"resets before the request", .door = RECEIVER_KICKS, .unheard = true,
     FAILED(0, BROKEN)},
    {"half-open", .door = RECEIVER_HALVES, FAILED(0, NO_ANSWER)},
    {"closes after the request", .answer = {.how = RECEIVER_CLOSES}, FAILED(0, NO_ANSWER)},
    {"resets after the request", .answer = {.how = RECEIVER_RESETS}, FAILED(0, BROKEN)},
    {"accepts and never reads", .door = RECEIVER_IS_DEAF, .brief = true, .unheard = true,
     FAILED(0, "timed out after 300 ms (connected, no answer)")},
    {"accepts and never reads much", .door = RECEIVER_IS_DEAF, .brief = true, .big = true,
     .unheard = true, FAILED(0, "timed out after 300 ms (connected, no answer)")},
    {"reads and never answers", .answer = {.how = RECEIVER_NEVER}, .brief = true,
     FAILED(0, "timed out after 300 ms (connected, no answer)")},
    {"drips a header", .answer = {.how = RECEIVER_DRIPS_HEADERS}, .brief = true,
     FAILED(200, "timed out after 300 ms (the answer was not complete)")},
    {"drips a body under 200", .answer = {.how = RECEIVER_DRIPS}, .brief = true,
     FAILED(200, "timed out after 300 ms (the answer was not complete)")},
    {"endless body under 500", .answer = {.how = RECEIVER_ENDLESS, .status = 500},
     RETRIED(500)},
    {"endless body under 404", .answer = {.how = RECEIVER_ENDLESS, .status = 404},
     DEAD(404, "answered 404")},
    {"endless headers", .answer = {.how = RECEIVER_ENDLESS_HEADERS},
     FAILED(200, "the answer's headers are over 64 KiB")},
    {"endless header", .answer = {.headers = long_line},
     FAILED(200, "a line of the answer's headers is too long, or memory is out")},
    {"1xx flood", .answer = {.how = RECEIVER_ENDLESS_INFORMS},
     FAILED(0, "the answer's headers are over 64 KiB")},
    {"body cut under 200", .answer = {.how = RECEIVER_CUTS}, FAILED(200, CLOSED_EARLY)},
    {"chunks cut under 200", .answer = {.how = RECEIVER_CUTS_CHUNKED},
     FAILED(200, CLOSED_EARLY)},
    {"header cut under 200", .answer = {.how = RECEIVER_CUTS_HEADERS},
     FAILED(200, CLOSED_EARLY)},
    {"bad chunk", .answer = {.how = RECEIVER_BAD_CHUNK},
     FAILED(200, "the answer is malformed (chunked encoding)")},
    {"chunk of a size without end",
     RAW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\nx"),
     FAILED(200, "the answer is malformed (chunked encoding)")},
    {"unknown transfer encoding",
     RAW("HTTP/1.1 200 OK\r\nTransfer-Encoding: rot13\r\n\r\nbx"),
     FAILED(200, "Unrecognized")},
    {"two lengths",
     RAW("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nok"),
     FAILED(200, CLOSED_EARLY)},
    {"negative length", RAW("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok"),
     FAILED(200, "the answer is not HTTP")},
    {"header with NUL", RAW("HTTP/1.1 200 OK\r\nX-A: \0b\r\nContent-Length: 2\r\n\r\nok"),
     FAILED(200, "the answer is not HTTP")},
    {"no HTTP", .answer = {.how = RECEIVER_GARBAGE}, FAILED(0, "the answer is not HTTP")},
    {"HTTP/0.9", RAW("<html>ok</html>"), FAILED(0, "the answer is not HTTP")},

    /* names */
    {"unknown host", .host = "unknown.test", .lasting = true, .unreached = true,
     .unheard = true, FAILED(0, NO_NAME)},
    {"DNS without an address", .host = "nothing.test", .lasting = true, .unreached = true,
     .unheard = true, FAILED(0, NO_NAME)},
    {"DNS with an empty answer", .host = "empty.test", .lasting = true, .unreached = true,
     .unheard = true, FAILED(0, NO_NAME)},
    {"failing DNS", .host = "fails.test", .lasting = true, .unreached = true,
     .unheard = true, FAILED(0, NO_NAME)},
    {"slow DNS", .host = "slow.test", .brief = true, .lasting = true, .unreached = true,
     .unheard = true, FAILED(0, "timed out while resolving the host name")},

    /* TLS */
    {"TLS expired", TLS(CERTIFICATE_EXPIRED),
     FAILED(0, "TLS: the certificate has expired")},
    {"TLS not yet valid", TLS(CERTIFICATE_NOT_YET_VALID),
     FAILED(0, "TLS: the certificate is not valid yet")},
    {"TLS for another host", TLS(CERTIFICATE_WRONG_HOST),
     FAILED(0, "TLS: the certificate is not for this host")},
    {"TLS self-signed", TLS(CERTIFICATE_SELF_SIGNED),
     FAILED(0, "TLS: the certificate is self-signed")},
    {"TLS of an unknown authority", TLS(CERTIFICATE_UNKNOWN_AUTHORITY),
     FAILED(
         0,
         "TLS: the certificate comes from an authority that this machine does not know")},
    {"TLS 1.1 only", TLS(CERTIFICATE_GOOD), .newest_tls = TLS1_1_VERSION,
     FAILED(0, "TLS: the handshake failed")},
    {"TLS 1.0 only", TLS(CERTIFICATE_GOOD), .newest_tls = TLS1_VERSION,
     FAILED(0, "TLS: the handshake failed")},
    {"plain HTTP on https", .scheme = "https",
     .greeting = "HTTP/1.1 400 Bad Request\r\n\r\n", .lasting = true, .unheard = true,
     FAILED(0, "TLS: the other side does not speak TLS")},
    {"https on plain HTTP", .tls = true, .own_authority = true, .scheme = "http",
     .lasting = true, .unheard = true, FAILED(0, BROKEN "|the answer is not HTTP")},
    {"TLS cut", .tls = true, .own_authority = true, .answer = {.how = RECEIVER_CUTS},
     FAILED(200, CLOSED_EARLY)},
};

const size_t receiver_row_count = sizeof receiver_rows / sizeof *receiver_rows;

/* 10 MiB of zeros in 10 kB. */
static size_t make_bomb(void)
{
    static unsigned char zeros[64 * 1024];
    z_stream z = {.next_out = (unsigned char *)bomb, .avail_out = sizeof bomb};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    for (int i = 0; i < 160; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        assert_int_equal(deflate(&z, i < 159 ? Z_NO_FLUSH : Z_FINISH),
                         i < 159 ? Z_OK : Z_STREAM_END);
    }
    deflateEnd(&z);
    return z.total_out;
}

static struct row *row_of(const char *name)
{
    for (size_t i = 0; i < receiver_row_count; i++)
        if (strcmp(receiver_rows[i].name, name) == 0)
            return &receiver_rows[i];
    fail_msg("no row %s", name);
    return NULL;
}

static char *header_of(char *out, size_t len)
{
    memset(out, 'x', len);
    memcpy(out, "X-Long: ", 8);
    memcpy(out + len, "\r\n", 3);
    return out;
}

int receiver_rows_make_long(void **state)
{
    static char head[512], whole[sizeof bomb + sizeof head];
    (void)state;
    size_t len = make_bomb();
    int at = snprintf(
        head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", len);
    memcpy(whole, head, (size_t)at);
    memcpy(whole + at, bomb, len);
    row_of("gzip bomb")->answer = (struct receiver_answer){
        .how = RECEIVER_RAW, .body = whole, .body_size = (size_t)at + len};
    row_of("60 kB of headers")->answer.headers = header_of(long_line, 60 * 1024);
    row_of("endless header")->answer.headers = header_of(long_line + 64 * 1024, 200 * 1024);
    return 0;
}
