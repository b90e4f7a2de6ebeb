/* What TLS one request wants: its files looked at, and told to libcurl. Internal to send/. */
#ifndef SEND_TLS_H
#define SEND_TLS_H

#include <curl/curl.h>

#include "send/send.h"

/* Whether the files can be used; else why not, in words for people (sanitised). A key that
 * everybody can read, and any file that everybody can write, cannot: others on this host could
 * speak with it, or choose whom it trusts. What is in them only the handshake finds out. */
bool tls_check(const struct send_tls *tls, char *words, size_t size);

bool tls_is_plain(const struct send_tls *tls); /* nothing set */

/* ca_file: the sender's own, NULL: the system's. False: no memory, and the handle must not be
 * used. */
bool tls_apply(CURL *easy, const struct send_tls *tls, const char *ca_file);

#endif
