/* What comes back: collects a response within its limits, and finds words for what went
 * wrong. */
#ifndef SEND_ANSWER_H
#define SEND_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "model/outcome.h"

enum { ANSWER_BODY_READ = 1024 * 1024 };

#define ANSWER_BAD_URL "the URL cannot be read"

struct answer {
    struct buf headers;    /* of the final response only, status line first */
    struct buf body;       /* the first OUTCOME_BODY_KEPT bytes */
    int64_t headers_total; /* bytes, 1xx responses included */
    int64_t body_total;
    bool headers_ended;          /* the empty line after them came */
    bool headers_over, body_cut; /* we ended it: too many headers, enough body */
    const char *refused; /* why the last address judged is never sent to; NULL: it is */
    char refused_address[64];
    bool own_ca; /* the request named its own authorities */
    bool proxied; /* a proxy is what is connected to */
    bool tried; /* another address of the host was one that may be sent to */
    int64_t began_us, tls_began_us, first_us; /* monotonic; 0: not yet */
};

void answer_init(struct answer *a);
void answer_free(struct answer *a);

/* libcurl's callbacks; userdata is the struct answer. */
size_t answer_header(char *bytes, size_t size, size_t count, void *userdata);
size_t answer_body(char *bytes, size_t size, size_t count, void *userdata);
CURLcode answer_tls_begins(CURL *easy, void *context, void *userdata);

/* Moves what was collected into the outcome and judges the end of the transfer. */
void answer_judge(struct answer *a, CURL *easy, CURLcode code, const char *curl_words,
                  int64_t timeout_ms, int64_t now, struct outcome *out);

#endif
