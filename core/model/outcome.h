/* What came of one HTTP request. Filled by send/, judged by rules/, kept by store/. */
#ifndef MODEL_OUTCOME_H
#define MODEL_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome_kind {
    OUTCOME_RESPONSE,  /* a complete answer: see status */
    OUTCOME_NETWORK,   /* DNS, refused, reset, TLS, time-out, cut or malformed answer: error
                          says which */
    OUTCOME_FORBIDDEN, /* an address, header or URL that is never sent to: not tried again
                        */
    OUTCOME_CANCELLED, /* the caller took it back before it ended, or had no memory for it */
    OUTCOME_UNKNOWN,   /* the process ended between sending and recording */
};

enum { OUTCOME_BODY_KEPT = 16 * 1024, OUTCOME_HEADERS_KEPT = 64 * 1024 };

struct outcome {
    enum outcome_kind kind;
    int status; /* HTTP status, also of an answer cut later; 0: none came */
    bool timed_out;
    char error[256];    /* one sentence, sanitised; empty for a complete answer */
    char address[64];   /* the peer really connected to, "1.2.3.4:443"; empty: none */
    int64_t started_at; /* wall ms */
    int64_t total_us, dns_us, connect_us, tls_us,
        first_us;           /* from the start; 0: not reached */
    int64_t retry_after_ms; /* the pause that the answer asks for, from now; -1: none */
    char *headers;          /* response header lines, malloc'ed, NULL: none */
    size_t headers_len;
    char *body; /* the first OUTCOME_BODY_KEPT bytes, malloc'ed, NULL: none */
    size_t body_len;
    int64_t body_total; /* bytes that came, at least body_len */
};

void outcome_free(struct outcome *o); /* what it holds */
const char *outcome_kind_name(enum outcome_kind kind);

#endif
