/* One HTTP request to an endpoint and its outcome, with every rule about addresses, TLS and
 * headers in it. The engine, the connection test and `send` all go through here.
 *
 * A sender owns one libcurl multi handle (easy handles are reused) and belongs to one
 * thread; only sender_wake() may be called by others. Rules, whoever sends: http and https
 * only, no redirects followed (3xx is an answer), no user info in URLs, TLS 1.2 up and
 * verified, no proxy unless one is given (the environment's are not used), no cookies,
 * netrc, HSTS or alt-svc, HTTP/1.1, no Expect, response headers at most 64 KiB, response
 * body read up to 1 MiB (cut there by us, it is still complete), the address judged by
 * address.h at connect and at reuse. Through a proxy only the address that stands in the URL
 * itself is judged: what a name leads to is the proxy's to know. */
#ifndef SEND_SEND_H
#define SEND_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "model/alert.h"
#include "model/outcome.h"

struct sender;

struct sender_options {
    const struct clock *clock; /* stamps; time-outs are libcurl's own */
    const char *proxy;         /* NULL or empty: none */
    const char *ca_file;       /* NULL or empty: the system's bundle */
    size_t connections;        /* kept open at most */
    bool refuse_private;       /* loopback, private and special ranges too; see address.h */
    const char *unix_path;     /* a Unix socket that all requests go to, whatever host the URL
                                  names; no address is judged. NULL: TCP */
};

struct sender *sender_new(const struct sender_options *options, struct err *err);
void sender_free(struct sender **s); /* requests under way are cancelled: done is called */

/* TLS of one request: paths of PEM files on this host; NULL: not set. They are read for each
 * connection; connections are shared only by requests that agree in all of this. */
struct send_tls {
    const char *ca_file;     /* instead of the sender's */
    const char *client_cert; /* and where client_key is NULL, the key too */
    const char *client_key;
    bool insecure; /* neither certificate nor host name are verified */
};

/* A signature after Standard Webhooks 1.0.0; see signing.h. */
struct send_signing {
    const char *id;       /* of the webhook: the same for every attempt */
    int64_t at;           /* wall ms of this attempt */
    const char *secret;   /* NULL: not signed */
    const char *previous; /* signs beside it; NULL: none */
};

/* Gives the next bytes of a body, at most `size`, from `at` on. 0: it cannot, and the
 * request ends; SEND_NO_MEMORY: it cannot for now. Called in sender_turn(), and for a
 * signature in sender_start(). */
#define SEND_NO_MEMORY SIZE_MAX
typedef size_t send_more(void *arg, size_t at, char *to, size_t size);

/* What to send. Everything is borrowed until sender_start() returns, but `body`, or `more` with
 * its arg, which must live until done. */
struct send_request {
    const char *url, *token; /* token NULL: no Authorization */
    const struct alert_header *headers;
    size_t header_count;
    struct send_tls tls;
    struct send_signing signing;
    const char *hidden; /* a secret that stands in the body; NULL: none */
    const char *body;
    size_t body_len;
    send_more *more; /* in place of `body`; NULL: none */
    void *more_arg;
    int64_t timeout_ms, connect_timeout_ms;
};

/* What an alert says of its requests, all but the body and the times; borrowed from it. `id`:
 * the webhook's; now: wall ms. */
void send_request_of(const struct alert *a, const char *id, int64_t now,
                     struct send_request *out);

/* The outcome is moved out by the callee, or freed after it returns. */
typedef void send_done(void *arg, struct outcome *outcome);

struct send_handle; /* valid until its done */

/* POST with Content-Type: application/json, our User-Agent, Authorization: Bearer TOKEN,
 * the signature if there is a secret for one, then the custom headers; a custom header replaces
 * a built-in one of its name and never doubles it, and is none of the signature's. Secrets that
 * the answer says back are covered with asterisks (scrub.h). What can't
 * be sent at all (bad URL, bad header) is an OUTCOME_FORBIDDEN given by done from the next
 * sender_turn(), files of TLS that cannot be used an OUTCOME_NETWORK. NULL: no memory, done is
 * not called. */
struct send_handle *sender_start(struct sender *s, const struct send_request *request,
                                 send_done *done, void *arg);
void sender_cancel(
    struct send_handle *h); /* done comes with OUTCOME_CANCELLED at the next turn */

/* Carries requests on; waits up to wait_ms for something to happen (0: not at all, and at
 * most until sender_wake()). done runs in here. Returns the number of requests under way.
 */
size_t sender_turn(struct sender *s, int64_t wait_ms);
size_t sender_active(const struct sender *s);
void sender_wake(struct sender *s); /* any thread */

/* The request header lines as they go out for this request, with the token, the signatures and
 * the values of custom headers masked, one per line: for showing. False: the buffer failed. */
bool send_show_headers(const struct send_request *request, struct buf *out);

#endif
