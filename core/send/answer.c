#include "send/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/timefmt.h"
#include "rules/retry.h"

/* Of the machine, whatever clock the others go by: a latency is real. */
static int64_t monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void answer_init(struct answer *a)
{
    *a = (struct answer){.began_us = monotonic_us()};
    /* What they hold is not covered yet (scrub.h). */
    buf_init_secret(&a->headers, OUTCOME_HEADERS_KEPT);
    buf_init_secret(&a->body, OUTCOME_BODY_KEPT);
}

void answer_free(struct answer *a)
{
    buf_free(&a->headers);
    buf_free(&a->body);
}

/* A response begins: what came before was a 1xx. */
static void begin_response(struct answer *a)
{
    buf_clear(&a->headers);
    a->headers_ended = false;
}

size_t answer_header(char *bytes, size_t size, size_t count, void *userdata)
{
    struct answer *a = userdata;
    size_t len = size * count;
    bool status_line = len >= 5 && memcmp(bytes, "HTTP/", 5) == 0;
    if (a->first_us == 0)
        a->first_us = monotonic_us();
    if (status_line && a->body_total == 0) /* else a trailer that looks like one */
        begin_response(a);
    a->headers_ended |= len > 0 && (*bytes == '\r' || *bytes == '\n');
    a->headers_total += (int64_t)len;
    a->headers_over = a->headers_total > OUTCOME_HEADERS_KEPT;
    return !a->headers_over && buf_add(&a->headers, bytes, len) ? len : 0;
}

size_t answer_body(char *bytes, size_t size, size_t count, void *userdata)
{
    struct answer *a = userdata;
    size_t len = size * count, room = a->body.max - a->body.len;
    buf_add(&a->body, bytes, len < room ? len : room);
    a->body_total += (int64_t)len;
    if (a->body_total <= ANSWER_BODY_READ)
        return len;
    a->body_cut = true;
    return 0;
}

CURLcode answer_tls_begins(CURL *easy, void *context, void *userdata)
{
    struct answer *a = userdata;
    (void)easy;
    (void)context;
    if (a->tls_began_us == 0)
        a->tls_began_us = monotonic_us();
    return CURLE_OK;
}

/* The largest pause that the Retry-After lines ask for. */
static int64_t find_retry_after(const struct buf *headers, int64_t now)
{
    static const char name[] = "retry-after:";
    int64_t longest = -1;
    const char *line = buf_text(headers);
    while (line && *line) {
        const char *end = strchr(line, '\n');
        size_t len = end ? (size_t)(end - line) : strlen(line);
        if (len >= sizeof name - 1 && ascii_same_n(line, name, sizeof name - 1)) {
            struct span value = {line + sizeof name - 1, len - (sizeof name - 1)};
            int64_t pause = retry_after_parse(value, now);
            longest = pause > longest ? pause : longest;
        }
        line = end ? end + 1 : NULL;
    }
    return longest;
}

/* What CURLINFO_SSL_VERIFYRESULT can say: OpenSSL's numbers (x509_vfy.h), part of its ABI.
 */
enum verify_result {
    VERIFY_OK = 0,
    VERIFY_NO_ISSUER = 2,
    VERIFY_NOT_YET_VALID = 9,
    VERIFY_EXPIRED = 10,
    VERIFY_SELF_SIGNED = 18,
    VERIFY_SELF_SIGNED_IN_CHAIN = 19,
    VERIFY_NO_ISSUER_LOCALLY = 20,
    VERIFY_LEAF_SIGNATURE = 21,
};

static const char *tls_words(CURL *easy, const char *curl_words)
{
    long verify = VERIFY_OK;
    /* The name is compared by libcurl itself, before it fills the verify result. */
    if (strstr(curl_words, "subject name"))
        return "TLS: the certificate is not for this host";
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verify);
    switch (verify) {
    case VERIFY_EXPIRED:
        return "TLS: the certificate has expired";
    case VERIFY_NOT_YET_VALID:
        return "TLS: the certificate is not valid yet";
    case VERIFY_SELF_SIGNED:
    case VERIFY_SELF_SIGNED_IN_CHAIN:
        return "TLS: the certificate is self-signed";
    case VERIFY_NO_ISSUER:
    case VERIFY_NO_ISSUER_LOCALLY:
    case VERIFY_LEAF_SIGNATURE:
        return "TLS: the certificate comes from an authority that this machine does not "
               "know";
    default:
        return "TLS: the certificate could not be verified";
    }
}

static void timeout_words(const struct answer *a, CURL *easy, int64_t timeout_ms, char *out,
                          size_t size)
{
    curl_off_t resolved = 0, ready = 0;
    long local_port = 0; /* CURLINFO_CONNECT_TIME is set only after the handshake */
    char limit[24];
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    duration_human(timeout_ms, limit);
    if (ready != 0)
        snprintf(out, size, "timed out after %s (%s)", limit,
                 a->first_us ? "the answer was not complete" : "connected, no answer");
    else if (local_port != 0)
        snprintf(out, size,
                 "timed out after the connect, before the request (TLS or proxy)");
    else
        snprintf(out, size, "timed out while %s",
                 resolved ? "connecting" : "resolving the host name");
}

static const char *connect_words(CURL *easy)
{
    long number = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    switch (number) {
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
        return "the connection was reset";
    case ENETUNREACH:
        return "the network is unreachable";
    case EHOSTUNREACH:
        return "the host is unreachable";
    case EMFILE:
    case ENFILE:
        return "could not connect: too many open files (raise ulimit -n)";
    default:
        return "could not connect";
    }
}

/* With TLS 1.3 a receiver says this only after the handshake. */
static const char *alert_words(const char *curl_words)
{
    if (strstr(curl_words, "certificate required"))
        return "TLS: the receiver wants a client certificate";
    if (strstr(curl_words, "alert unknown ca") || strstr(curl_words, "alert bad certificate") ||
        strstr(curl_words, "alert certificate") || strstr(curl_words, "alert unsupported cert"))
        return "TLS: the receiver does not accept the client certificate";
    return NULL;
}

static const char *read_words(CURL *easy, const char *curl_words)
{
    long proxy = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
    if (proxy >= 300)
        return proxy == 407 ? "the proxy wants a password"
                            : "the proxy refused the connection";
    if (strstr(curl_words, "chunk"))
        return "the answer is malformed (chunked encoding)";
    if (alert_words(curl_words))
        return alert_words(curl_words);
    return strstr(curl_words, "reset") ? "the connection was reset"
                                       : "the connection broke while reading the answer";
}

/* Fixed words: libcurl's own may carry the URL, whose path often is a credential. */
static const char *fixed_words(const struct answer *a, CURLcode code, CURL *easy,
                               const char *curl_words)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "could not resolve the host name";
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "could not resolve the proxy's name";
    case CURLE_COULDNT_CONNECT:
        return connect_words(easy);
    case CURLE_PEER_FAILED_VERIFICATION:
        return tls_words(easy, curl_words);
    case CURLE_SSL_CONNECT_ERROR:
        if (alert_words(curl_words))
            return alert_words(curl_words);
        return strstr(curl_words, "wrong version number")
                   ? "TLS: the other side does not speak TLS"
                   : "TLS: the handshake failed";
    case CURLE_SSL_CACERT_BADFILE:
        return a->own_ca ? "TLS: the alert's CA file holds no certificate in PEM"
                         : "TLS: the file of delivery.ca_file could not be read";
    case CURLE_SSL_CERTPROBLEM:
        return "TLS: the client certificate or its key cannot be used: not PEM, with a "
               "passphrase, or of two different keys";
    case CURLE_GOT_NOTHING:
        return "the connection was closed without an answer";
    case CURLE_PARTIAL_FILE:
        return "the connection was closed before the answer was complete";
    case CURLE_RECV_ERROR:
        return read_words(easy, curl_words);
    case CURLE_ABORTED_BY_CALLBACK:
        return "the body could not be read: it was not sent whole";
    case CURLE_SEND_ERROR:
        return alert_words(curl_words) ? alert_words(curl_words)
                                       : "the connection broke while sending";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
        return "the answer is not HTTP";
    case CURLE_OUT_OF_MEMORY:
        return "out of memory";
    default:
        return curl_easy_strerror(code);
    }
}

/* What libcurl says wrongly or not at all: it takes the begin of a long upload for the first byte
 * of the answer, tells of a connect only when the handshake after it succeeded, and of no time
 * at all when a name was not found. */
static void read_own_times(const struct answer *a, struct outcome *out)
{
    out->total_us = monotonic_us() - a->began_us;
    out->first_us = a->first_us ? a->first_us - a->began_us : 0;
    if (out->connect_us == 0 && a->tls_began_us)
        out->connect_us = a->tls_began_us - a->began_us;
}

static void read_numbers(const struct answer *a, CURL *easy, struct outcome *out)
{
    curl_off_t dns = 0, connect = 0, tls = 0;
    long status = 0, port = 0;
    char *ip = NULL;
    curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &dns);
    curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connect);
    curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &tls);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    out->dns_us = dns;
    out->connect_us = connect;
    out->tls_us = tls;
    read_own_times(a, out);
    out->status = status >= 200 ? (int)status : 0;
    if (ip && *ip)
        snprintf(out->address, sizeof out->address, strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld",
                 ip, port);
}

static bool is_complete(const struct answer *a, CURLcode code, int status)
{
    bool cut_by_us = code == CURLE_WRITE_ERROR && a->body_cut;
    /* libcurl takes a connection that closes within the headers for the end of an answer.
     */
    return status >= 200 && a->headers_ended && (code == CURLE_OK || cut_by_us);
}

/* One address of several that is never sent to does not forbid the others. */
static bool is_refused(const struct answer *a)
{
    return a->refused && !a->tried;
}

static const char *failure_words(const struct answer *a, CURL *easy, CURLcode code,
                                 const char *curl_words)
{
    long status = 0;
    if (a->headers_over)
        return "the answer's headers are over 64 KiB";
    /* libcurl holds no line of more than 100 kB, and calls that a want of memory. */
    if (code == CURLE_OUT_OF_MEMORY && a->first_us && !a->headers_ended)
        return "a line of the answer's headers is too long, or memory is out";
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status == 101)
        return "the answer wants to speak another protocol";
    if (code == CURLE_OK)
        return "the connection was closed before the answer was complete";
    return fixed_words(a, code, easy, curl_words);
}

static void set_error(const struct answer *a, CURL *easy, CURLcode code,
                      const char *curl_words, int64_t timeout_ms, struct outcome *out)
{
    /* Denied: a user in it. */
    bool bad_url = code == CURLE_URL_MALFORMAT || code == CURLE_LOGIN_DENIED;
    out->kind = is_refused(a) || bad_url ? OUTCOME_FORBIDDEN : OUTCOME_NETWORK;
    out->timed_out = !is_refused(a) && code == CURLE_OPERATION_TIMEDOUT;
    if (is_refused(a))
        snprintf(out->error, sizeof out->error, "refused: %s is %s", a->refused_address,
                 a->refused);
    else if (bad_url)
        snprintf(out->error, sizeof out->error, "not sent: " ANSWER_BAD_URL);
    else if (out->timed_out)
        timeout_words(a, easy, timeout_ms, out->error, sizeof out->error);
    else
        snprintf(out->error, sizeof out->error, "%s%s",
                 a->proxied && code == CURLE_COULDNT_CONNECT ? "the proxy: " : "",
                 failure_words(a, easy, code, curl_words));
}

void answer_judge(struct answer *a, CURL *easy, CURLcode code, const char *curl_words,
                  int64_t timeout_ms, int64_t now, struct outcome *out)
{
    read_numbers(a, easy, out);
    out->retry_after_ms = out->status ? find_retry_after(&a->headers, now) : -1;
    out->kind = OUTCOME_RESPONSE;
    if (is_refused(a) || !is_complete(a, code, out->status))
        set_error(a, easy, code, curl_words, timeout_ms, out);
    out->body_total = a->body_total;
    size_t headers_len = a->headers.len, body_len = a->body.len;
    out->headers = headers_len ? buf_take(&a->headers) : NULL;
    out->headers_len = out->headers ? headers_len : 0;
    out->body = body_len ? buf_take(&a->body) : NULL;
    out->body_len = out->body ? body_len : 0;
}
