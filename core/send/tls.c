#include "send/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "send/option.h"

enum { SHOWN_PATH = 100, CA_CACHE_S = 300, BUNDLE_CACHE_S = 3600 };

static bool fail(const char *what, const char *path, const char *why, char *words, size_t size)
{
    struct buf safe, shown;
    buf_init(&safe, BUF_UNLIMITED);
    buf_init(&shown, BUF_UNLIMITED);
    text_safe(&safe, span_of(path), TEXT_LINE);
    text_fit(&shown, buf_span(&safe), SHOWN_PATH, "~");
    snprintf(words, size, "the %s %s: %s", what, buf_text(&shown), why);
    buf_free(&shown);
    buf_free(&safe);
    return false;
}

/* A FIFO would keep the whole thread waiting, so nothing but files is opened for reading. */
static bool check_file(const char *what, const char *path, mode_t never, char *words, size_t size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(what, path, strerror(errno), words, size);
    bool read = fstat(fd, &st) == 0;
    close(fd);
    if (!read || !S_ISREG(st.st_mode))
        return fail(what, path, "no regular file", words, size);
    if (st.st_mode & never & S_IWOTH)
        return fail(what, path, "everybody can write it: chmod o-w it first", words, size);
    if (st.st_mode & never)
        return fail(what, path, "everybody can read it: chmod o-r it first", words, size);
    return true;
}

bool tls_check(const struct send_tls *t, char *words, size_t size)
{
    mode_t public = S_IWOTH, secret = S_IWOTH | S_IROTH;
    return (!t->ca_file || check_file("CA file", t->ca_file, public, words, size)) &&
           (!t->client_cert || check_file("client certificate", t->client_cert,
                                          t->client_key ? public : secret, words, size)) &&
           (!t->client_key || check_file("client key", t->client_key, secret, words, size));
}

bool tls_is_plain(const struct send_tls *t)
{
    return !t->ca_file && !t->client_cert && !t->client_key && !t->insecure;
}

bool tls_apply(CURL *easy, const struct send_tls *t, const char *ca_file)
{
    bool fine = true;
    const char *ca = t->ca_file ? t->ca_file : ca_file;
    OPTION_SET(fine, easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    OPTION_SET(fine, easy, CURLOPT_SSL_VERIFYPEER, t->insecure ? 0L : 1L);
    OPTION_SET(fine, easy, CURLOPT_SSL_VERIFYHOST, t->insecure ? 0L : 2L);
    OPTION_SET(fine, easy, CURLOPT_CAPATH, NULL);
    OPTION_SET(fine, easy, CURLOPT_PROXY_CAPATH, NULL);
    if (ca)
        OPTION_SET(fine, easy, CURLOPT_CAINFO, ca);
    /* By default what stood in a CA file is believed for a day, and a session resumed without
     * another look at it. The system's bundle takes a quarter of a second to read. */
    OPTION_SET(fine, easy, CURLOPT_CA_CACHE_TIMEOUT,
               t->ca_file ? 0L : (long)(ca ? CA_CACHE_S : BUNDLE_CACHE_S));
    if (t->ca_file || t->client_cert)
        OPTION_SET(fine, easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (t->client_cert)
        OPTION_SET(fine, easy, CURLOPT_SSLCERT, t->client_cert);
    if (t->client_key)
        OPTION_SET(fine, easy, CURLOPT_SSLKEY, t->client_key);
    /* Else OpenSSL asks for the passphrase of a key on the terminal. */
    OPTION_SET(fine, easy, CURLOPT_KEYPASSWD, "");
    return fine;
}
