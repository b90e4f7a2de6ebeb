/* What a receiver says back of the secrets it was sent ("Cannot POST /services/...") must
 * not be kept or shown. Internal to send/. One thread at a time; the copies are wiped. */
#ifndef SEND_SCRUB_H
#define SEND_SCRUB_H

#include "send/send.h"

struct scrub {
    char *texts; /* one after another, each with its end; NULL: nothing to look for */
    size_t size;
};

/* Copies the secrets of a request: token, header values, signing secrets, `hidden`, and of
 * the URL all after its host, as a whole and each part of 12 bytes or more. Those under 6
 * bytes are no secrets, and would tear holes into any text. False: no memory. */
bool scrub_init(struct scrub *s, const struct send_request *request);
void scrub_free(struct scrub *s);

/* Puts asterisks over each of them. cut: the text goes on, so that one may begin at its
 * end. */
void scrub_apply(const struct scrub *s, char *text, size_t len, bool cut);

#endif
