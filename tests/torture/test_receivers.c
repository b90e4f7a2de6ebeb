/* How receivers misbehave, each against the whole engine: what becomes of the delivery, of
 * the endpoint and of the alert, and what the attempt tells of it. */
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
#include <zlib.h>

#include "base/text.h"
#include "support/rig.h"
#include "torture/dns.h"

enum {
    WINDOW_MS = 100,
    BRIEF_MS = 300,
    LONG_MS = 60000,
    BIG = 4 << 20,
    HOUR_MS = 3600 * 1000,
};

struct row {
    const char *name;

    struct receiver_answer answer; /* to the first request; the others get 200 */
    enum receiver_door door;       /* the first one finds it so */
    const char *greeting;
    bool ipv6, tls, own_authority;
    enum certificate_kind certificate;
    int newest_tls;
    const char *scheme, *host; /* where the URL says another than the receiver's */
    bool nobody;               /* nobody listens */
    bool brief;                /* it is over by a time-out */
    bool big;                  /* with an event of 4 MiB */

    enum delivery_state state;
    int status;
    const char *error; /* NULL: none, the answer is complete. Parts of it, with | between */
    const char *reason; /* of a dead one */
    int64_t pause_ms;   /* the endpoint's, as asked for; 0: none */
    bool lasting;       /* it is so for the next one too */
    bool unreached;     /* no connection */
    bool unheard;       /* no request */
    bool disabled;      /* the alert */
};

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

static struct row rows[] = {
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
     FAILED(500, "the answer is over 1 MiB")},
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

/* ---------------------------------------------------------------- before */

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
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
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

static int make_long_ones(void **state)
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

enum { ROWS = sizeof rows / sizeof *rows };

static bool has_ipv6(void)
{
    struct receiver *r = receiver_start_ipv6();
    bool has = r != NULL;
    receiver_stop(&r);
    return has;
}

int main(void)
{
    struct CMUnitTest tests[ROWS + 5] = {
        cmocka_unit_test(closes_a_connection_that_is_used_again),
        cmocka_unit_test(closes_it_after_a_long_body),
        cmocka_unit_test(has_closed_a_connection_since),
        cmocka_unit_test(chain_of_redirects_is_not_followed),
        cmocka_unit_test(accepts_no_connection),
    };
    size_t count = 5;
    bool ipv6 = has_ipv6();
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].ipv6 && !ipv6)
            printf("no IPv6 on this machine: not tested\n");
        else
            tests[count++] =
                (struct CMUnitTest){rows[i].name, behaves, NULL, NULL, &rows[i]};
    }
    return _cmocka_run_group_tests("receivers", tests, count, make_long_ones, NULL);
}
