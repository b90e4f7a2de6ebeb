/* Who owns the other end of a connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "intake/ownpeer.h"

enum { NOBODY = 65534 };

static int listen_on(struct sockaddr_storage *at, socklen_t *size)
{
    int fd = socket(at->ss_family, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)at, *size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, size), 0);
    return fd;
}

enum ending { STAYS, HALF_CLOSES, CLOSES };

static void be_peer(const struct sockaddr_storage *at, socklen_t size, uid_t as,
                    enum ending how)
{
    int fd = setuid(as) == 0 ? socket(at->ss_family, SOCK_STREAM, 0) : -1;
    char byte;
    if (fd < 0 || connect(fd, (const struct sockaddr *)at, size) != 0)
        _exit(1);
    if (how == CLOSES)
        _exit(0);
    if (how == HALF_CLOSES)
        shutdown(fd, SHUT_WR);
    _exit(read(fd, &byte, 1) == 0 ? 0 : 1); /* until the other end is closed */
}

static bool peer_is_known(struct sockaddr_storage *at, socklen_t size, uid_t as,
                          enum ending how, uid_t *uid)
{
    char byte;
    int listener = listen_on(at, &size);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        be_peer(at, size, as, how);
    int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    if (how != STAYS)
        assert_int_equal(read(fd, &byte, 1), 0); /* what it did has come to us */
    bool known = ownpeer_uid(fd, uid);
    close(fd);
    close(listener);
    waitpid(child, NULL, 0);
    return known;
}

static uid_t owner_of_peer(struct sockaddr_storage *at, socklen_t size, uid_t as)
{
    uid_t uid = (uid_t)-1;
    assert_true(peer_is_known(at, size, as, STAYS, &uid));
    return uid;
}

static void tells_the_owner_over_ipv4_and_ipv6(void **state)
{
    (void)state;
    struct sockaddr_storage at = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&at;
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(owner_of_peer(&at, sizeof *in, getuid()), getuid());
    if (getuid() == 0) {
        in->sin_port = 0;
        assert_int_equal(owner_of_peer(&at, sizeof *in, NOBODY), NOBODY);
    }
    memset(&at, 0, sizeof at);
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&at;
    in6->sin6_family = AF_INET6;
    in6->sin6_addr = in6addr_loopback;
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    bool has_ipv6 = probe >= 0 && bind(probe, (struct sockaddr *)&at, sizeof *in6) == 0;
    if (probe >= 0)
        close(probe);
    if (has_ipv6)
        assert_int_equal(owner_of_peer(&at, sizeof *in6, getuid()), getuid());
}

/* The kernel lists it as root's. */
static void one_that_has_closed_is_nobodys(void **state)
{
    (void)state;
    struct sockaddr_storage at = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&at;
    uid_t uid = (uid_t)-1, as = getuid() == 0 ? NOBODY : getuid();
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_false(peer_is_known(&at, sizeof *in, as, CLOSES, &uid));
    in->sin_port = 0;
    assert_true(
        peer_is_known(&at, sizeof *in, as, HALF_CLOSES, &uid)); /* waits for an answer */
    assert_int_equal(uid, as);
}

static void a_unix_socket_tells_by_itself(void **state)
{
    (void)state;
    int pair[2];
    uid_t uid = (uid_t)-1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(ownpeer_uid(pair[0], &uid));
    assert_int_equal(uid, getuid());
    close(pair[0]);
    close(pair[1]);
}

static struct sockaddr_storage ipv4(const char *address, uint16_t port)
{
    struct sockaddr_storage at = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&at;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    assert_int_equal(inet_pton(AF_INET, address, &in->sin_addr), 1);
    return at;
}

static bool find(const char *table, uint16_t local, uint16_t remote, uid_t *uid)
{
    FILE *f = fmemopen((void *)(uintptr_t)table, strlen(table), "r");
    struct sockaddr_storage a = ipv4("127.0.0.1", local), b = ipv4("127.0.0.1", remote);
    bool found = ownpeer_find(f, &a, &b, uid);
    fclose(f);
    return found;
}

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define ROW(local, remote, uid) ROW_OF(local, remote, "01", uid, "31337")
#define ROW_OF(local, remote, st, uid, inode)                                              \
    "   0: " local " " remote " " st " 00000000:00000000 00:00000000 00000000  " uid       \
    "        0 " inode " 1 0000000000000000 20 4 30 10 -1\n"
#define CLOSED(st) ROW_OF("0100007F:9C40", "0100007F:1435", st, "0", "0")

static void reads_the_table_of_the_kernel(void **state)
{
    (void)state;
    uid_t uid = 0;
    /* 0x1435 is 5173, 0x9C40 is 40000 */
    assert_true(find(HEAD ROW("0100007F:1435", "0100007F:9C40", "7")
                         ROW("0100007F:9C40", "0100007F:1435", "1000"),
                     40000, 5173, &uid));
    assert_int_equal(uid, 1000);
    assert_true(find(HEAD ROW("0000000000000000FFFF00000100007F:9C40",
                              "0000000000000000FFFF00000100007F:1435", "33"),
                     40000, 5173, &uid));
    assert_int_equal(uid, 33);
    assert_false(find(HEAD ROW("0200007F:9C40", "0100007F:1435", "1000"), 40000, 5173, &uid));
    assert_false(find(HEAD "garbage\n   0: zz zz\n: : :\n", 40000, 5173, &uid));
    assert_false(find("\n", 40000, 5173, &uid));
    for (int i = 0; i < 4; i++) { /* FIN_WAIT1, FIN_WAIT2, TIME_WAIT, and not yet so */
        static const char *const closed[] = {CLOSED("04"), CLOSED("05"), CLOSED("06"),
                                             CLOSED("01")};
        assert_false(find(closed[i], 40000, 5173, &uid));
    }
    assert_true(find(ROW_OF("0100007F:9C40", "0100007F:1435", "05", "1000", "31337"), 40000,
                     5173, &uid));
    assert_int_equal(uid, 1000);
}

/* What the files are that are opened next; NULL: the true ones. */
static const char *const *tables;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode)
{
    if (!tables)
        return __real_fopen(path, mode);
    const char *table = *tables++;
    return fmemopen((void *)(uintptr_t)table, strlen(table), "r");
}

static void one_that_closes_while_its_row_is_written_is_nobodys(void **state)
{
    (void)state;
    struct sockaddr_storage at = ipv4("127.0.0.1", 0), from;
    socklen_t size = sizeof(struct sockaddr_in), from_size = sizeof from;
    char closing[256], closed[256];
    uid_t uid;
    int listener = listen_on(&at, &size), client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, size), 0);
    int fd = accept(listener, (struct sockaddr *)&from, &from_size);
    assert_true(fd >= 0);
    unsigned theirs = ntohs(((struct sockaddr_in *)&from)->sin_port);
    unsigned ours = ntohs(((struct sockaddr_in *)&at)->sin_port);
    snprintf(closing, sizeof closing, ROW("0100007F:%04X", "0100007F:%04X", "0"), theirs,
             ours);
    snprintf(closed, sizeof closed,
             ROW_OF("0100007F:%04X", "0100007F:%04X", "05", "0", "0"), theirs, ours);
    const char *const then_closed[] = {closing, closed, HEAD}, *const stays[] = {closing,
                                                                                 closing};
    tables = then_closed;
    assert_false(ownpeer_uid(fd, &uid));
    tables = stays;
    assert_true(ownpeer_uid(fd, &uid));
    assert_int_equal(uid, 0);
    tables = NULL;
    close(client);
    close(fd);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_owner_over_ipv4_and_ipv6),
        cmocka_unit_test(one_that_has_closed_is_nobodys),
        cmocka_unit_test(a_unix_socket_tells_by_itself),
        cmocka_unit_test(reads_the_table_of_the_kernel),
        cmocka_unit_test(one_that_closes_while_its_row_is_written_is_nobodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
