/* The header lines of a webhook: ours, then the alert's own, each name once. */
#ifndef SEND_HEADERS_H
#define SEND_HEADERS_H

#include <curl/curl.h>

#include "base/buf.h"
#include "send/send.h"

/* As libcurl takes them (owned by the caller: headers_free()). NULL: no memory. */
struct curl_slist *headers_list(const struct send_request *request);
void headers_free(struct curl_slist *list); /* wipes: they hold secrets */

/* Why this request's headers or token cannot be sent. NULL: they can. */
const char *headers_problem(const struct send_request *request);

#endif
