#include "support/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { DAY = 24 * 3600 };

struct certificate_authority {
    EVP_PKEY *key;
    X509 *certificate;
};

static void must(int ok, const char *what)
{
    if (ok > 0)
        return;
    fprintf(stderr, "OpenSSL: %s failed\n", what);
    abort();
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL, value);
    must(X509_add_ext(x, extension, -1), "X509_add_ext");
    X509_EXTENSION_free(extension);
}

/* Unsigned yet: valid from `from` to `to`, in days from now. */
static X509 *make(EVP_PKEY *key, const char *name, long from, long to)
{
    static long serial = 1;
    X509 *x = X509_new();
    must(x != NULL, "X509_new");
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), from * DAY);
    X509_gmtime_adj(X509_getm_notAfter(x), to * DAY);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    must(X509_set_pubkey(x, key), "X509_set_pubkey");
    return x;
}

static void sign(X509 *x, X509 *issuer, EVP_PKEY *key)
{
    must(X509_set_issuer_name(x, X509_get_subject_name(issuer)), "X509_set_issuer_name");
    must(X509_sign(x, key, EVP_sha256()), "X509_sign");
}

struct certificate_authority *certificate_authority_new(void)
{
    struct certificate_authority *a = calloc(1, sizeof *a);
    must(a != NULL, "calloc");
    a->key = EVP_EC_gen("P-256");
    must(a->key != NULL, "EVP_EC_gen");
    static int made;
    char name[32];
    snprintf(name, sizeof name, "Test authority %d", ++made);
    a->certificate = make(a->key, name, -30, 30);
    add_extension(a->certificate, a->certificate, NID_basic_constraints,
                  "critical,CA:TRUE");
    add_extension(a->certificate, a->certificate, NID_subject_key_identifier, "hash");
    sign(a->certificate, a->certificate, a->key);
    return a;
}

void certificate_authority_free(struct certificate_authority **a)
{
    if (!*a)
        return;
    X509_free((*a)->certificate);
    EVP_PKEY_free((*a)->key);
    free(*a);
    *a = NULL;
}

void certificate_authority_write(const struct certificate_authority *a, const char *path)
{
    FILE *file = fopen(path, "w");
    must(file != NULL, path);
    must(PEM_write_X509(file, a->certificate), "PEM_write_X509");
    fclose(file);
}

static X509 *make_leaf(const struct certificate_authority *a, EVP_PKEY *key,
                       enum certificate_kind kind)
{
    long from = kind == CERTIFICATE_NOT_YET_VALID ? 2 : -10;
    long to = kind == CERTIFICATE_EXPIRED ? -2 : 10;
    X509 *x = make(key, "localhost", from, to);
    add_extension(x, a->certificate, NID_subject_alt_name,
                  kind == CERTIFICATE_WRONG_HOST ? "DNS:elsewhere.example"
                                                 : "DNS:localhost,IP:127.0.0.1");
    if (kind == CERTIFICATE_SELF_SIGNED)
        sign(x, x, key);
    else
        sign(x, a->certificate, a->key);
    return x;
}

void certificate_client_write(const struct certificate_authority *a, const char *certificate,
                              const char *key, const char *passphrase)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    must(pair != NULL, "EVP_EC_gen");
    X509 *x = make(pair, "test client", -10, 10);
    sign(x, a->certificate, a->key);
    mode_t before = umask(077);
    FILE *file = fopen(certificate, "w");
    must(file && PEM_write_X509(file, x), certificate);
    fclose(file);
    file = fopen(key, "a"); /* it may be the same file */
    must(file && PEM_write_PrivateKey(file, pair, passphrase ? EVP_aes_128_cbc() : NULL,
                                      (const unsigned char *)passphrase,
                                      passphrase ? (int)strlen(passphrase) : 0, NULL, NULL),
         key);
    fclose(file);
    umask(before);
    X509_free(x);
    EVP_PKEY_free(pair);
}

void certificate_require_client(const struct certificate_authority *a, SSL_CTX *server)
{
    must(X509_STORE_add_cert(SSL_CTX_get_cert_store(server), a->certificate),
         "X509_STORE_add_cert");
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

SSL_CTX *certificate_context(const struct certificate_authority *a,
                             enum certificate_kind kind)
{
    struct certificate_authority *other =
        kind == CERTIFICATE_UNKNOWN_AUTHORITY ? certificate_authority_new() : NULL;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    must(key && context, "EVP_EC_gen");
    X509 *leaf = make_leaf(other ? other : a, key, kind);
    must(SSL_CTX_use_certificate(context, leaf), "SSL_CTX_use_certificate");
    must(SSL_CTX_use_PrivateKey(context, key), "SSL_CTX_use_PrivateKey");
    X509_free(leaf);
    EVP_PKEY_free(key);
    certificate_authority_free(&other);
    return context;
}
