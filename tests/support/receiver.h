/* A scripted HTTP(S) server on 127.0.0.1, for tests of everything that sends.
 *
 * It runs in a thread of its own, records each request and answers by its script: the
 * answers are used in order, the last one again and again. All calls are the test's
 * thread's; they abort the program when the system fails. */
#ifndef SUPPORT_RECEIVER_H
#define SUPPORT_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/certificate.h"

struct receiver;

enum receiver_how {
    RECEIVER_ANSWERS,      /* the status line, headers and body, then keep-alive */
    RECEIVER_CHUNKED,      /* the same in chunks */
    RECEIVER_UNTIL_CLOSE,  /* no length: the body ends where the connection does */
    RECEIVER_HTTP10,       /* HTTP/1.0, with a length, closes */
    RECEIVER_INFORMS,      /* three 1xx responses first */
    RECEIVER_NEVER,        /* says nothing; receiver_release() makes it answer */
    RECEIVER_CLOSES,       /* before any answer */
    RECEIVER_RESETS,       /* RST before any answer */
    RECEIVER_CUTS,         /* half the body under the full Content-Length, then closes */
    RECEIVER_CUTS_CHUNKED, /* no last chunk */
    RECEIVER_CUTS_HEADERS, /* closes in the middle of a header line */
    RECEIVER_BAD_CHUNK,    /* a chunk size that is no number */
    RECEIVER_GARBAGE,      /* bytes that are not HTTP */
    RECEIVER_DRIPS,        /* a header section, then a byte now and then, for ever */
    RECEIVER_ENDLESS,      /* a chunked body that never ends */
    RECEIVER_ENDLESS_HEADERS,
    RECEIVER_ENDLESS_INFORMS, /* 1xx responses for ever */
    RECEIVER_DRIPS_HEADERS,   /* a status line, then a byte of a header now and then */
    RECEIVER_EARLY,           /* answers when the headers came, before it reads the body */
    RECEIVER_RAW, /* the body alone, body_size bytes of it where that is set, then closes */
};

/* What becomes of a connection before anything is said. */
enum receiver_door {
    RECEIVER_OPEN,
    RECEIVER_SHUTS,  /* closes at once */
    RECEIVER_KICKS,  /* RST at once */
    RECEIVER_HALVES, /* sends its FIN at once, and reads on */
    RECEIVER_IS_DEAF /* reads nothing, says nothing */
};

struct receiver_answer {
    enum receiver_how how;
    int status;          /* 0: 200 */
    const char *headers; /* further lines, each with \r\n; NULL: none */
    const char *body;    /* NULL: "ok" */
    size_t body_size;    /* 0: the length of body; more than it: filled up with 'x' */
};

struct receiver_request {
    char method[16];
    char *path, *headers, *body; /* headers: lines with \r\n */
    size_t body_len;
    int64_t at_ms;  /* monotonic */
    int connection; /* counted from 1 */
};

struct receiver *receiver_start(void); /* answers 200 until told otherwise */
struct receiver *receiver_start_tls(enum certificate_kind kind);
struct receiver *receiver_start_ipv6(void); /* on ::1; NULL: this machine has none */
void receiver_stop(struct receiver **r);

/* "http://127.0.0.1:PORT" + path, or "http://[::1]:PORT" + path. */
void receiver_url(const struct receiver *r, const char *path, char *out, size_t size);
int receiver_port(const struct receiver *r);
const char *receiver_ca_file(const struct receiver *r); /* of the TLS kinds */

/* The answers are copied, the texts in them are borrowed. Starts from the first one. */
void receiver_script(struct receiver *r, const struct receiver_answer *answers,
                     size_t count);
void receiver_answer(struct receiver *r, struct receiver_answer answer);
void receiver_status(struct receiver *r, int status);
/* Those that wait (RECEIVER_NEVER) get their answer now. */
void receiver_release(struct receiver *r);
/* The newest TLS that it speaks. */
void receiver_limit_tls(struct receiver *r, int version);
/* Only clients with a certificate of the receiver's authority come in; before the first one
 * connects. And writes such a certificate and its key; passphrase NULL: none. */
void receiver_require_client(struct receiver *r);
void receiver_write_client(const struct receiver *r, const char *certificate, const char *key,
                           const char *passphrase);
/* Said to everybody who connects, before anything else; a borrowed text. */
void receiver_greet(struct receiver *r, const char *text);
/* For those who connect from now on. */
void receiver_door(struct receiver *r, enum receiver_door door);
/* Closes every connection that waits for a request. */
void receiver_hang_up(struct receiver *r);

/* False: fewer than `count` came within the deadline. */
bool receiver_wait(struct receiver *r, size_t count, int64_t deadline_ms);
size_t receiver_count(struct receiver *r);
/* Lives until receiver_stop(). Aborts when there are not so many. */
const struct receiver_request *receiver_request(struct receiver *r, size_t i);
/* Frees the texts of one that has been read: they are NULL from here on. */
void receiver_forget(struct receiver *r, size_t i);

/* The value of a header, malloc'ed; NULL: it is not there. And how often it is there. */
char *receiver_header(const struct receiver_request *request, const char *name);
size_t receiver_header_count(const struct receiver_request *request, const char *name);

/* A port of 127.0.0.1 on which nobody listens. */
int receiver_closed_port(void);

#endif
