/* Host names for tests: a getaddrinfo() of the program's own, which libcurl calls in place
 * of the C library's. For one file of a program. */
#ifndef TORTURE_DNS_H
#define TORTURE_DNS_H

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const struct dns_name {
    const char *name;
    int code;   /* of getaddrinfo() */
    bool hangs; /* until dns_release() */
    const char *addresses[2];
} DNS_NAMES[] = {
    {"receiver.test", 0, false, {"127.0.0.1"}},
    {"mixed.test", 0, false, {"169.254.169.254", "127.0.0.1"}},
    {"metadata.test", 0, false, {"169.254.169.254"}},
    {"mapped.test", 0, false, {"::ffff:169.254.169.254"}},
    {"empty.test", 0, false, {NULL}},
    {"unknown.test", EAI_NONAME, false, {NULL}},
    {"nothing.test", EAI_NODATA, false, {NULL}},
    {"fails.test", EAI_AGAIN, false, {NULL}},
    {"slow.test", EAI_AGAIN, true, {NULL}},
};

static pthread_mutex_t dns_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t dns_released = PTHREAD_COND_INITIALIZER;
static unsigned dns_releases;

/* Lets all questions that hang end. */
static void dns_release(void)
{
    pthread_mutex_lock(&dns_lock);
    dns_releases++;
    pthread_cond_broadcast(&dns_released);
    pthread_mutex_unlock(&dns_lock);
}

static void dns_hang(void)
{
    pthread_mutex_lock(&dns_lock);
    unsigned before = dns_releases;
    while (dns_releases == before)
        pthread_cond_wait(&dns_released, &dns_lock);
    pthread_mutex_unlock(&dns_lock);
}

typedef int dns_function(const char *, const char *, const struct addrinfo *,
                         struct addrinfo **);

static int dns_answer(const struct dns_name *n, const char *service,
                      const struct addrinfo *hints, struct addrinfo **out)
{
    dns_function *real = (dns_function *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo numeric = hints ? *hints : (struct addrinfo){0};
    numeric.ai_family = AF_UNSPEC;
    numeric.ai_flags = AI_NUMERICHOST;
    *out = NULL;
    for (size_t i = 0; i < 2 && n->addresses[i]; i++, out = &(*out)->ai_next) {
        int code = real(n->addresses[i], service, &numeric, out);
        if (code != 0)
            return code;
    }
    return n->code;
}

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    for (size_t i = 0; host && i < sizeof DNS_NAMES / sizeof *DNS_NAMES; i++) {
        const struct dns_name *n = &DNS_NAMES[i];
        if (strcasecmp(host, n->name) != 0)
            continue;
        if (n->hangs)
            dns_hang();
        return dns_answer(n, service, hints, out);
    }
    return ((dns_function *)dlsym(RTLD_NEXT, "getaddrinfo"))(host, service, hints, out);
}

#endif
