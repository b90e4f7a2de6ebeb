/* TLS keys and certificates for tests, made at run time and kept in memory. */
#ifndef SUPPORT_CERTIFICATE_H
#define SUPPORT_CERTIFICATE_H

#include <openssl/err.h>
#include <openssl/ssl.h>

enum certificate_kind {
    CERTIFICATE_GOOD, /* for 127.0.0.1 and localhost, signed by the test authority */
    CERTIFICATE_EXPIRED,
    CERTIFICATE_NOT_YET_VALID,
    CERTIFICATE_WRONG_HOST,
    CERTIFICATE_SELF_SIGNED,
    CERTIFICATE_UNKNOWN_AUTHORITY,
};

/* The test authority of this process. Calls abort the program when OpenSSL fails. */
struct certificate_authority;
struct certificate_authority *certificate_authority_new(void);
void certificate_authority_free(struct certificate_authority **a);
void certificate_authority_write(const struct certificate_authority *a, const char *path);

/* A client's certificate, signed by the authority, and its key, both as PEM files of mode 0600;
 * passphrase NULL: the key has none. Calls for two names make two keys. */
void certificate_client_write(const struct certificate_authority *a, const char *certificate,
                              const char *key, const char *passphrase);
/* From now on the server lets in only clients of that authority. */
void certificate_require_client(const struct certificate_authority *a, SSL_CTX *server);

/* A server's context with a certificate of that kind; freed by SSL_CTX_free(). */
SSL_CTX *certificate_context(const struct certificate_authority *a,
                             enum certificate_kind kind);

#endif
