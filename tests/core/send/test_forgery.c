/* Request forgery: URLs, names, redirects and proxies by which a webhook could be led to where
 * it must not go. One table; what resolves names and what connects is the test's own, so that
 * nothing leaves the machine and a name can lead anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "support/receiver.h"
#include "support/sending.h"

/* ---------------------------------------------------------------- names and connections */

/* Read by libcurl's resolver threads; set between two requests. */
static _Atomic(const char *) answers; /* addresses with blanks between, for every name */
static atomic_int diverted_port;      /* not 0: each connect ends there instead */

/* One malloc for both: what freeaddrinfo() of glibc takes back. */
static struct addrinfo *address_info(const char *text, const char *service)
{
    struct addrinfo *info = calloc(1, sizeof *info + sizeof(struct sockaddr_in6));
    struct sockaddr_in *v4 = (struct sockaddr_in *)(info + 1);
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(info + 1);
    in_port_t port = htons((uint16_t)strtoul(service ? service : "0", NULL, 10));
    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)(info + 1);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        info->ai_family = v4->sin_family = AF_INET;
        info->ai_addrlen = sizeof *v4;
        v4->sin_port = port;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
        info->ai_family = v6->sin6_family = AF_INET6;
        info->ai_addrlen = sizeof *v6;
        v6->sin6_port = port;
    }
    return info;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    char text[INET6_ADDRSTRLEN];
    const char *list = atomic_load(&answers);
    (void)node;
    (void)hints;
    *out = NULL;
    struct addrinfo **next = out;
    for (size_t len; list && *(list += strspn(list, " ")); list += len) {
        len = strcspn(list, " ");
        snprintf(text, sizeof text, "%.*s", (int)len, list);
        *next = address_info(text, service);
        next = &(*next)->ai_next;
    }
    return *out ? 0 : EAI_NONAME;
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    static int (*real)(int, const struct sockaddr *, socklen_t);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)atomic_load(&diverted_port))};
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "connect");
    if (to.sin_port && address->sa_family == AF_INET)
        return real(fd, (struct sockaddr *)&to, sizeof to);
    return real(fd, address, len);
}

/* ---------------------------------------------------------------- the table */

enum how {
    STRAIGHT,
    PROXIED,    /* through a proxy */
    REDIRECTED, /* the receiver answers 307 and the URL; 302 and 308 too */
    DIVERTED,   /* whatever address was judged, the connection ends at the receiver's */
};
enum rule { LOOSE, STRICT /* delivery.private = refuse */ };

/* In the URL $ stands for the receiver's port. */
struct vector {
    const char *url;
    enum how how;
    enum rule rule;
    const char *names; /* what names lead to */
    const char *error; /* the beginning; NULL: it arrives */
};

#define METADATA "refused: 169.254.169.254 is the metadata address of a cloud"
#define LOOPBACK "refused: 127.0.0.1 is a loopback address (delivery.private = refuse)"
#define NOT_SENT "not sent: "

static const struct vector VECTORS[] = {
    /* one address, many spellings */
    {"http://169.254.169.254/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://169.254.169.254:$/", STRAIGHT, LOOSE, NULL, METADATA},
    {"https://169.254.169.254/", STRAIGHT, LOOSE, NULL, METADATA},
    {"HTTP://169.254.169.254/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://2852039166/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://0xa9fea9fe/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://0XA9.0xFE.0xA9.0xFE/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://0251.0376.0251.0376/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://025177524776/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://169.0376.0xa9.254/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://169.254.43518/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://169.16689662/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://0/", STRAIGHT, LOOSE, NULL, "refused: 0.0.0.0 is "},
    {"http://[::ffff:169.254.169.254]/", STRAIGHT, LOOSE, NULL, "refused: ::ffff:169.254"},
    {"http://[::ffff:a9fe:a9fe]/", STRAIGHT, LOOSE, NULL, "refused: ::ffff:169.254"},
    {"http://[0:0:0:0:0:ffff:a9fe:a9fe]/", STRAIGHT, LOOSE, NULL, "refused: ::ffff:169"},
    {"http://[::169.254.169.254]/", STRAIGHT, LOOSE, NULL, "refused: ::169.254.169.254 is"},
    {"http://[64:ff9b::a9fe:a9fe]/", STRAIGHT, LOOSE, NULL, "refused: 64:ff9b::a9fe:a9fe is"},
    {"http://[64:ff9b:1::a9fe:a9fe]/", STRAIGHT, LOOSE, NULL, "refused: 64:ff9b:1::a9fe:"},
    {"http://[2002:a9fe:a9fe::]/", STRAIGHT, LOOSE, NULL, "refused: 2002:a9fe:a9fe:: is"},
    {"http://[fe80::1]/", STRAIGHT, LOOSE, NULL, "refused: fe80::1 is a link-local"},
    {"http://[fe80::1%25lo]/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://[fe80::1%lo]/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://[fd00:ec2::254]/", STRAIGHT, LOOSE, NULL, "refused: fd00:ec2::254 is the meta"},
    {"http://100.100.100.200/", STRAIGHT, LOOSE, NULL, "refused: 100.100.100.200 is the"},
    /* loopback and private, where they are refused */
    {"http://127.0.0.1:$/", STRAIGHT, STRICT, NULL, LOOPBACK},
    {"http://2130706433:$/", STRAIGHT, STRICT, NULL, LOOPBACK},
    {"http://0x7f.1:$/", STRAIGHT, STRICT, NULL, LOOPBACK},
    {"http://0177.0.0.01:$/", STRAIGHT, STRICT, NULL, LOOPBACK},
    {"http://127.1:$/", STRAIGHT, STRICT, NULL, LOOPBACK},
    {"http://[::1]:$/", STRAIGHT, STRICT, NULL, "refused: ::1 is a loopback address"},
    {"http://[::ffff:127.0.0.1]:$/", STRAIGHT, STRICT, NULL, "refused: ::ffff:127.0.0.1 is"},
    {"http://[64:ff9b::7f00:1]:$/", STRAIGHT, STRICT, NULL, "refused: 64:ff9b::7f00:1 is"},
    {"http://[2002:7f00:1::1]:$/", STRAIGHT, STRICT, NULL, "refused: 2002:7f00:1::1 is"},
    {"http://localhost:$/", STRAIGHT, STRICT, NULL, "refused: "},
    {"http://LOCALHOST.:$/", STRAIGHT, STRICT, "127.0.0.1", LOOPBACK},
    {"http://10.1.2.3/", STRAIGHT, STRICT, NULL, "refused: 10.1.2.3 is a private address"},
    {"http://[fd12::1]/", STRAIGHT, STRICT, NULL, "refused: fd12::1 is a private address"},
    /* names */
    {"http://evil.test/", STRAIGHT, LOOSE, "169.254.169.254", METADATA},
    {"http://169.254.169.254./", STRAIGHT, LOOSE, "169.254.169.254", METADATA},
    {"http://169.254.169.254.nip.test/", STRAIGHT, LOOSE, "169.254.169.254", METADATA},
    {"http://xn--evl-sma.test/", STRAIGHT, LOOSE, "169.254.169.254", METADATA},
    {"http://evil.test/", STRAIGHT, LOOSE, "::ffff:169.254.169.254", "refused: ::ffff:169"},
    {"http://evil.test/", STRAIGHT, LOOSE, "64:ff9b::a9fe:a9fe fe80::1", "refused: "},
    {"http://evil.test/", STRAIGHT, LOOSE, "169.254.169.254 169.254.170.2", "refused: 169."},
    {"http://evil.test:$/", STRAIGHT, STRICT, "127.0.0.1", LOOPBACK},
    {"http://evil.test:$/", STRAIGHT, STRICT, "::1 127.0.0.1 10.0.0.1", "refused: "},
    {"http://two.test:$/", STRAIGHT, LOOSE, "169.254.169.254 127.0.0.1", NULL},
    {"http://two.test:$/", STRAIGHT, LOOSE, "127.0.0.1 169.254.169.254", NULL},
    {"http://rebound.test/", DIVERTED, STRICT, "8.8.8.8", LOOPBACK},
    {"http://8.8.8.8/", DIVERTED, STRICT, NULL, LOOPBACK},
    /* whose parser is right about the host */
    {"http://user:pw@127.0.0.1:$/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$@169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$\\@169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$%40169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://169.254.169.254#@127.0.0.1:$/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://169.254.169.254?@127.0.0.1:$/", STRAIGHT, LOOSE, NULL, METADATA},
    {"http://127.0.0.1:$#@169.254.169.254/", STRAIGHT, LOOSE, NULL, NULL},
    {"http://127.0.0.1:$/?u=http://169.254.169.254/", STRAIGHT, LOOSE, NULL, NULL},
    {"http://%31%36%39.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://169\xe3\x80\x82" "254\xe3\x80\x82" "169\xe3\x80\x82" "254/", STRAIGHT, LOOSE,
     NULL, NOT_SENT},
    {"http://\xef\xbc\x91\xef\xbc\x96\xef\xbc\x99.254.169.254/", STRAIGHT, LOOSE, NULL,
     NOT_SENT},
    {"http://\xe2\x93\x9b" "ocalhost:$/", STRAIGHT, LOOSE, "127.0.0.1", NOT_SENT},
    {"http://169.254.169.254%00.example.org/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://[::1", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://[169.254.169.254]/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http:///169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http:169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"//169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://..169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {" http://169.254.169.254/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    /* ports and lines */
    {"http://127.0.0.1:0/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:65616/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:-80/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:8o/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$:80/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$/\r\nX-Injected: 1", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$/ HTTP/1.1\nHost: evil.test", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1\t:$/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"http://127.0.0.1:$/%0d%0aX-Injected:%201", STRAIGHT, LOOSE, NULL, NULL},
    /* other schemes */
    {"file:///etc/hostname", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"gopher://127.0.0.1:$/_POST", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"ftp://127.0.0.1:$/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"dict://127.0.0.1:$/d", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"ldap://127.0.0.1:$/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"ws://127.0.0.1:$/", STRAIGHT, LOOSE, NULL, NOT_SENT},
    {"javascript:alert(1)", STRAIGHT, LOOSE, NULL, NOT_SENT},
    /* where an answer wants to have it */
    {"http://169.254.169.254/", REDIRECTED, LOOSE, NULL, NULL},
    {"http://127.0.0.1:$/elsewhere", REDIRECTED, LOOSE, NULL, NULL},
    {"file:///etc/hostname", REDIRECTED, LOOSE, NULL, NULL},
    {"//169.254.169.254/", REDIRECTED, LOOSE, NULL, NULL},
    /* what stands in the URL, also where a proxy would connect */
    {"http://169.254.169.254/", PROXIED, LOOSE, NULL, NOT_SENT "the metadata address"},
    {"https://0xa9fea9fe/", PROXIED, LOOSE, NULL, NOT_SENT "the metadata address"},
    {"http://169.254.169.254./", PROXIED, LOOSE, NULL, NOT_SENT},
    {"http://[::ffff:a9fe:a9fe]/", PROXIED, LOOSE, NULL, NOT_SENT "the metadata address"},
    {"http://127.1/", PROXIED, STRICT, NULL, NOT_SENT "a loopback address"},
    {"http://[fd12::1]/", PROXIED, STRICT, NULL, NOT_SENT "a private address"},
    {"http://hooks.test/", PROXIED, STRICT, NULL, NULL},
};

/* ---------------------------------------------------------------- one vector */

struct fixture {
    struct receiver *receiver;
    char proxy[64];
};

static void fill_port(const char *url, int port, char *out, size_t size)
{
    const char *mark = strchr(url, '$');
    if (mark)
        snprintf(out, size, "%.*s%d%s", (int)(mark - url), url, port, mark + 1);
    else
        snprintf(out, size, "%s", url);
}

static void fail_vector(const struct vector *v, const struct outcome *o)
{
    fail_msg("%s (%d, %d) -> %s: %s, %d", v->url, (int)v->how, (int)v->rule,
             outcome_kind_name(o->kind), o->error, o->status);
}

static void expect(struct fixture *f, const struct vector *v, struct sending *s, const char *url,
                   size_t arrived)
{
    struct send_request request = sending_request(url);
    request.token = "t0ken";
    struct outcome o = sending_post(s, &request);
    if (v->error && (o.kind != OUTCOME_FORBIDDEN || strncmp(o.error, v->error, strlen(v->error))))
        fail_vector(v, &o);
    if (!v->error && o.kind != OUTCOME_RESPONSE)
        fail_vector(v, &o);
    if (receiver_count(f->receiver) != arrived)
        fail_vector(v, &o);
    outcome_free(&o);
}

/* The second time finds a connection that is open, where one was opened at all. */
static void post_twice(struct fixture *f, const struct vector *v, const char *url)
{
    struct sending s;
    size_t before = receiver_count(f->receiver), each = v->error ? 0 : 1;
    const char *proxy = v->how == PROXIED ? f->proxy : NULL;
    if (v->rule == STRICT)
        sending_make_strict(&s, proxy);
    else
        sending_make(&s, proxy, NULL);
    expect(f, v, &s, url, before + each);
    expect(f, v, &s, url, before + 2 * each);
    sending_end(&s);
    if (each && v->how != PROXIED)
        assert_int_equal(receiver_request(f->receiver, before)->connection,
                         receiver_request(f->receiver, before + 1)->connection);
}

static void redirect(struct fixture *f, const struct vector *v, const char *url)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    char location[600], own[128];
    receiver_url(f->receiver, "/hook", own, sizeof own);
    snprintf(location, sizeof location, "Location: %s\r\n", url);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        receiver_answer(f->receiver,
                        (struct receiver_answer){.status = statuses[i], .headers = location});
        post_twice(f, v, own);
    }
    receiver_status(f->receiver, 200);
}

static void leads_each_vector_nowhere(void **state)
{
    struct fixture *f = *state;
    char url[512];
    for (size_t i = 0; i < sizeof VECTORS / sizeof *VECTORS; i++) {
        const struct vector *v = &VECTORS[i];
        fill_port(v->url, receiver_port(f->receiver), url, sizeof url);
        atomic_store(&answers, v->names);
        atomic_store(&diverted_port, v->how == DIVERTED ? receiver_port(f->receiver) : 0);
        if (v->how == REDIRECTED)
            redirect(f, v, url);
        else
            post_twice(f, v, url);
    }
    for (size_t i = 0; i < receiver_count(f->receiver); i++)
        assert_null(strstr(receiver_request(f->receiver, i)->headers, "X-Injected"));
}

static void has_sixty_vectors_and_more(void **state)
{
    (void)state;
    assert_true(sizeof VECTORS / sizeof *VECTORS >= 60);
}

static int init(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->receiver = receiver_start();
    receiver_url(f->receiver, "", f->proxy, sizeof f->proxy);
    *state = f;
    return 0;
}

static int cleanup(void **state)
{
    struct fixture *f = *state;
    receiver_stop(&f->receiver);
    free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(leads_each_vector_nowhere, init, cleanup),
        cmocka_unit_test(has_sixty_vectors_and_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
