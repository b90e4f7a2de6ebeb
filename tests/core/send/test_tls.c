/* TLS: whom a sender believes, and the words for whom it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "support/receiver.h"
#include "support/sending.h"
#include "support/tempdir.h"

/* One request to a receiver of that kind; own_authority: by the receiver's CA file. */
static struct outcome post(struct receiver *r, bool own_authority)
{
    struct sending s;
    char url[64];
    receiver_url(r, "/hook", url, sizeof url);
    sending_make(&s, NULL, own_authority ? receiver_ca_file(r) : NULL);
    struct send_request request = sending_request(url);
    request.token = "t0ken";
    struct outcome o = sending_post(&s, &request);
    sending_end(&s);
    return o;
}

static void delivers_to_a_good_certificate(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    struct outcome o = post(r, true);
    assert_string_equal(o.error, "");
    assert_int_equal(o.status, 200);
    assert_true(o.tls_us >= o.connect_us && o.first_us >= o.tls_us && o.tls_us > 0);
    assert_string_equal(receiver_request(r, 0)->body, "{\"id\":1}");
    outcome_free(&o);
    receiver_stop(&r);
}

static void names_what_is_wrong_with_a_certificate(void **state)
{
    (void)state;
    static const struct {
        enum certificate_kind kind;
        bool own_authority;
        const char *error;
    } rows[] = {
        {CERTIFICATE_SELF_SIGNED, false, "TLS: the certificate is self-signed"},
        {CERTIFICATE_SELF_SIGNED, true, "TLS: the certificate is self-signed"},
        {CERTIFICATE_EXPIRED, true, "TLS: the certificate has expired"},
        {CERTIFICATE_NOT_YET_VALID, true, "TLS: the certificate is not valid yet"},
        {CERTIFICATE_WRONG_HOST, true, "TLS: the certificate is not for this host"},
        {CERTIFICATE_UNKNOWN_AUTHORITY, true,
         "TLS: the certificate comes from an authority that this machine does not know"},
        {CERTIFICATE_GOOD, false,
         "TLS: the certificate comes from an authority that this machine does not know"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct receiver *r = receiver_start_tls(rows[i].kind);
        struct outcome o = post(r, rows[i].own_authority);
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        assert_string_equal(o.error, rows[i].error);
        assert_int_equal(receiver_count(r), 0); /* nothing was said to it */
        outcome_free(&o);
        receiver_stop(&r);
    }
}

static void speaks_nothing_older_than_tls_1_2(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    receiver_limit_tls(r, TLS1_1_VERSION);
    struct outcome o = post(r, true);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "TLS: the handshake failed");
    outcome_free(&o);
    receiver_limit_tls(r, TLS1_2_VERSION);
    o = post(r, true);
    assert_int_equal(o.status, 200);
    outcome_free(&o);
    receiver_stop(&r);
}

static void says_that_a_plain_server_speaks_no_tls(void **state)
{
    (void)state;
    struct receiver *r = receiver_start();
    struct sending s;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", receiver_port(r));
    receiver_greet(r, "HTTP/1.1 400 Bad Request\r\n\r\n");
    sending_make(&s, NULL, NULL);
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(&s, &request);
    assert_string_equal(o.error, "TLS: the other side does not speak TLS");
    outcome_free(&o);
    sending_end(&s);
    receiver_stop(&r);
}

static void names_a_ca_file_that_cannot_be_read(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    struct sending s;
    char url[64];
    receiver_url(r, "/", url, sizeof url);
    sending_make(&s, NULL, "/nowhere/ca.pem");
    struct send_request request = sending_request(url);
    struct outcome o = sending_post(&s, &request);
    assert_int_equal(o.kind, OUTCOME_NETWORK);
    assert_string_equal(o.error, "TLS: the file of delivery.ca_file could not be read");
    outcome_free(&o);
    sending_end(&s);
    receiver_stop(&r);
}

/* A write to a connection that is gone must not raise SIGPIPE either. */
static void survives_what_ends_within_tls(void **state)
{
    (void)state;
    static const enum receiver_how hows[] = {RECEIVER_CLOSES, RECEIVER_RESETS,
                                             RECEIVER_CUTS, RECEIVER_CUTS_CHUNKED,
                                             RECEIVER_GARBAGE};
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
        receiver_answer(r, (struct receiver_answer){.how = hows[i]});
        struct outcome o = post(r, true);
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        assert_true(o.error[0]);
        outcome_free(&o);
    }
    receiver_stop(&r);
}

/* ---------------------------------------------------------------- TLS of one request */

struct paths {
    char *dir;
    char cert[128], key[128], other_key[128], both[128], locked[128], text[128], fifo[128];
};

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_paths(struct paths *p, const struct receiver *r)
{
    char unused[160];
    p->dir = tempdir_make();
    snprintf(p->cert, sizeof p->cert, "%s/cert.pem", p->dir);
    snprintf(p->key, sizeof p->key, "%s/key.pem", p->dir);
    snprintf(p->both, sizeof p->both, "%s/both.pem", p->dir);
    snprintf(p->locked, sizeof p->locked, "%s/locked.pem", p->dir);
    snprintf(p->other_key, sizeof p->other_key, "%s/other.pem", p->dir);
    snprintf(p->text, sizeof p->text, "%s/text", p->dir);
    snprintf(p->fifo, sizeof p->fifo, "%s/fifo", p->dir);
    snprintf(unused, sizeof unused, "%s/unused.pem", p->dir);
    receiver_write_client(r, p->cert, p->key, NULL);
    receiver_write_client(r, p->both, p->both, NULL);
    receiver_write_client(r, unused, p->other_key, NULL);
    receiver_write_client(r, p->locked, p->locked, "open sesame");
    write_text(p->text, "no PEM at all\n");
    assert_int_equal(mkfifo(p->fifo, 0600), 0);
}

static struct outcome post_with(struct sending *s, const struct receiver *r, struct send_tls tls)
{
    char url[64];
    receiver_url(r, "/hook", url, sizeof url);
    struct send_request request = sending_request(url);
    request.tls = tls;
    request.token = "t0ken";
    return sending_post(s, &request);
}

static void expect_with(struct sending *s, const struct receiver *r, struct send_tls tls,
                        const char *error)
{
    struct outcome o = post_with(s, r, tls);
    if (error)
        assert_string_equal(o.error, error);
    else if (o.status != 200)
        fail_msg("%s", o.error);
    assert_int_equal(o.kind, error ? OUTCOME_NETWORK : OUTCOME_RESPONSE);
    outcome_free(&o);
}

#define UNKNOWN "TLS: the certificate comes from an authority that this machine does not know"

/* One sender, one host and port: a connection that one may use is no other's. */
static void shares_no_connection_between_different_trust(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    struct sending s;
    const struct send_tls plain = {0}, own = {.ca_file = receiver_ca_file(r)},
                          insecure = {.insecure = true};
    sending_make(&s, NULL, NULL);
    for (int round = 0; round < 2; round++) {
        expect_with(&s, r, insecure, NULL);
        expect_with(&s, r, plain, UNKNOWN);
        expect_with(&s, r, own, NULL);
        expect_with(&s, r, plain, UNKNOWN);
    }
    assert_int_equal(receiver_count(r), 4);
    assert_int_equal(receiver_request(r, 0)->connection, receiver_request(r, 2)->connection);
    assert_int_equal(receiver_request(r, 1)->connection, receiver_request(r, 3)->connection);
    assert_int_not_equal(receiver_request(r, 0)->connection, receiver_request(r, 1)->connection);
    sending_end(&s);
    receiver_stop(&r);
}

static void trusts_its_own_authority_alone(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD),
                    *theirs = receiver_start_tls(CERTIFICATE_GOOD);
    struct sending s;
    sending_make(&s, NULL, receiver_ca_file(theirs)); /* delivery.ca_file */
    expect_with(&s, r, (struct send_tls){.ca_file = receiver_ca_file(r)}, NULL);
    expect_with(&s, theirs, (struct send_tls){0}, NULL);
    expect_with(&s, theirs, (struct send_tls){.ca_file = receiver_ca_file(r)}, UNKNOWN);
    expect_with(&s, r, (struct send_tls){0}, UNKNOWN);
    sending_end(&s);
    receiver_stop(&r);
    receiver_stop(&theirs);
}

static void insecure_believes_anybody(void **state)
{
    (void)state;
    static const enum certificate_kind kinds[] = {
        CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_WRONG_HOST,
        CERTIFICATE_SELF_SIGNED, CERTIFICATE_UNKNOWN_AUTHORITY};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct receiver *r = receiver_start_tls(kinds[i]);
        struct sending s;
        sending_make(&s, NULL, NULL);
        expect_with(&s, r, (struct send_tls){.insecure = true}, NULL);
        receiver_limit_tls(r, TLS1_1_VERSION); /* but never in an old TLS */
        struct sending fresh;
        sending_make(&fresh, NULL, NULL);
        expect_with(&fresh, r, (struct send_tls){.insecure = true}, "TLS: the handshake failed");
        sending_end(&fresh);
        sending_end(&s);
        receiver_stop(&r);
    }
}

static void copy_file(const char *from, const char *to)
{
    char bytes[8192];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    size_t len = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(in);
    fclose(out);
}

/* What was trusted once is not trusted longer than its file says so. */
static void reads_its_files_for_each_connection(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD),
                    *theirs = receiver_start_tls(CERTIFICATE_GOOD);
    struct sending s;
    char *dir = tempdir_make(), path[128];
    snprintf(path, sizeof path, "%s/ca.pem", dir);
    const struct send_tls own = {.ca_file = path};
    receiver_answer(r, (struct receiver_answer){.how = RECEIVER_HTTP10});
    sending_make(&s, NULL, NULL);
    for (int round = 0; round < 2; round++) {
        copy_file(receiver_ca_file(r), path);
        expect_with(&s, r, own, NULL);
        copy_file(receiver_ca_file(theirs), path);
        expect_with(&s, r, own, UNKNOWN);
    }
    sending_end(&s);
    tempdir_remove(dir);
    receiver_stop(&r);
    receiver_stop(&theirs);
}

#define UNUSABLE "TLS: the client certificate or its key cannot be used: not PEM, with a " \
                 "passphrase, or of two different keys"

static void shows_its_client_certificate(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD),
                        *theirs = receiver_start_tls(CERTIFICATE_GOOD);
        struct paths mine, foreign;
        struct sending s;
        receiver_require_client(r);
        receiver_limit_tls(r, version);
        make_paths(&mine, r);
        make_paths(&foreign, theirs);
        sending_make(&s, NULL, receiver_ca_file(r));
        struct outcome o = post_with(&s, r, (struct send_tls){0});
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        outcome_free(&o);
        expect_with(&s, r, (struct send_tls){.client_cert = mine.cert, .client_key = mine.key},
                    NULL);
        expect_with(&s, r, (struct send_tls){.client_cert = mine.both}, NULL);
        o = post_with(&s, r, (struct send_tls){.client_cert = foreign.both});
        assert_int_equal(o.kind, OUTCOME_NETWORK); /* that it is not accepted, or cut off */
        outcome_free(&o);
        o = post_with(&s, r, (struct send_tls){0}); /* not on a connection of the others */
        assert_int_equal(o.kind, OUTCOME_NETWORK);
        outcome_free(&o);
        assert_int_equal(receiver_count(r), 2);
        assert_int_not_equal(receiver_request(r, 0)->connection,
                             receiver_request(r, 1)->connection);
        sending_end(&s);
        tempdir_remove(mine.dir);
        tempdir_remove(foreign.dir);
        receiver_stop(&r);
        receiver_stop(&theirs);
    }
}

/* OpenSSL asks on the terminal, and where there is none on standard error. */
static void expect_no_question(struct sending *s, const struct receiver *r, const struct paths *p)
{
    struct stat asked;
    char path[160];
    snprintf(path, sizeof path, "%s/stderr", p->dir);
    int kept = dup(2), fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(kept >= 0 && fd >= 0 && dup2(fd, 2) == 2);
    struct outcome o = post_with(s, r, (struct send_tls){.client_cert = p->locked});
    dup2(kept, 2);
    assert_int_equal(fstat(fd, &asked), 0);
    close(fd);
    close(kept);
    assert_int_equal(asked.st_size, 0);
    assert_string_equal(o.error, UNUSABLE);
    outcome_free(&o);
}

static void expect_file(struct sending *s, const struct receiver *r, struct send_tls tls,
                        const char *what, const char *path, const char *why)
{
    char words[256];
    snprintf(words, sizeof words, "not sent: the %s %s: %s", what, path, why);
    expect_with(s, r, tls, words);
}

/* A passphrase is never asked for: the terminal is the console's. */
static void names_a_file_that_cannot_be_used(void **state)
{
    (void)state;
    struct receiver *r = receiver_start_tls(CERTIFICATE_GOOD);
    struct paths p;
    struct sending s;
    make_paths(&p, r);
    sending_make(&s, NULL, receiver_ca_file(r));
    expect_with(&s, r, (struct send_tls){.client_cert = p.cert, .client_key = p.other_key},
                UNUSABLE);
    expect_no_question(&s, r, &p);
    assert_int_equal(chmod(p.text, 0600), 0);
    expect_with(&s, r, (struct send_tls){.client_cert = p.text}, UNUSABLE);
    expect_with(&s, r, (struct send_tls){.ca_file = p.text},
                "TLS: the alert's CA file holds no certificate in PEM");
    expect_file(&s, r, (struct send_tls){.ca_file = "/nowhere/ca.pem"}, "CA file",
                "/nowhere/ca.pem", "No such file or directory");
    expect_file(&s, r, (struct send_tls){.ca_file = p.fifo}, "CA file", p.fifo,
                "no regular file");
    expect_file(&s, r, (struct send_tls){.ca_file = p.dir}, "CA file", p.dir,
                "no regular file");
    assert_int_equal(chmod(p.text, 0666), 0);
    expect_file(&s, r, (struct send_tls){.ca_file = p.text}, "CA file", p.text,
                "everybody can write it: chmod o-w it first");
    assert_int_equal(chmod(p.key, 0644), 0);
    expect_file(&s, r, (struct send_tls){.client_cert = p.cert, .client_key = p.key},
                "client key", p.key, "everybody can read it: chmod o-r it first");
    assert_int_equal(chmod(p.both, 0644), 0);
    expect_file(&s, r, (struct send_tls){.client_cert = p.both}, "client certificate", p.both,
                "everybody can read it: chmod o-r it first");
    assert_int_equal(receiver_count(r), 0);
    sending_end(&s);
    tempdir_remove(p.dir);
    receiver_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivers_to_a_good_certificate),
        cmocka_unit_test(names_what_is_wrong_with_a_certificate),
        cmocka_unit_test(speaks_nothing_older_than_tls_1_2),
        cmocka_unit_test(says_that_a_plain_server_speaks_no_tls),
        cmocka_unit_test(names_a_ca_file_that_cannot_be_read),
        cmocka_unit_test(survives_what_ends_within_tls),
        cmocka_unit_test(shares_no_connection_between_different_trust),
        cmocka_unit_test(trusts_its_own_authority_alone),
        cmocka_unit_test(insecure_believes_anybody),
        cmocka_unit_test(reads_its_files_for_each_connection),
        cmocka_unit_test(shows_its_client_certificate),
        cmocka_unit_test(names_a_file_that_cannot_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
