/* Requests as bytes on a socket, to an intake with a store: each is answered in HTTP or refused by
 * closing, never with a fault of ours (500), and the accounts add up. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "intake/intake.h"
#include "store/alerts.h"
#include "support/run.h"
#include "support/steps.h"

/* An input that is no whole request is not answered before its time is over. */
enum { PATIENCE_MS = 10 };

static struct store_fixture store;
static struct intake *intake;

/* The threads are left to the end of the process: what libcurl's TLS keeps for them is given back
 * before this runs. */
static void end(void)
{
    run_dir_remove(store.dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct alert a;
    struct err err;
    store_fixture_make(&store);
    step_alert_make(&a, "fuzz", "http://127.0.0.1:9/", EVENT_TRACE_ERRORS);
    HOLDS(step_alert_put(store.store, &a, STORE_CREATE, NULL, &err));
    alert_free(&a);
    const struct intake_options options = {
        .store = store.store,
        .clock = &store.clock,
        .host = "127.0.0.1",
        .max_body = 1 << 20,
        .max_headers = 32 * 1024,
        .connections = 64,
        .timeout_ms = 5000,
        .threads = 1,
        .send_timeout_ms = 50,
        .send_connect_timeout_ms = 50,
        .retries = 3,
    };
    HOLDS((intake = intake_start(&options, &err)) != NULL);
    atexit(end);
    return 0;
}

static int connected(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(intake_port(intake)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    HOLDS(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* No TIME_WAIT: a minute of them would use up the ports. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    return fd;
}

static void adds_up(void)
{
    struct store_counts c;
    struct err err;
    HOLDS(store_counts(store.reader, &c, &err));
    int64_t ended = c.dropped + c.waiting_events;
    for (int i = 0; i <= DELIVERY_DEAD; i++)
        ended += c.events[i];
    HOLDS(c.accepted == ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned runs;
    char answer[4096];
    size_t got = 0;
    int fd = connected();
    if (send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size)
        shutdown(fd, SHUT_WR);
    struct pollfd p = {fd, POLLIN, 0};
    for (ssize_t n; got < sizeof answer - 1 && poll(&p, 1, PATIENCE_MS) > 0 &&
                    (n = recv(fd, answer + got, sizeof answer - 1 - got, 0)) > 0;)
        got += (size_t)n;
    answer[got] = '\0';
    close(fd);
    HOLDS(got == 0 || strncmp(answer, "HTTP/1.", 7) == 0);
    HOLDS(got < 12 || strncmp(answer + 9, "500", 3) != 0);
    if (++runs % 256 == 0)
        adds_up();
    return 0;
}
