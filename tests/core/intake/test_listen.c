/* Where the HTTP server listens: ports, addresses, and sockets of the file system. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/intake/server_fixture.h"

static void a_stopped_port_is_free(void **state)
{
    struct fixture *f = *state;
    struct http_client c;
    f->options.port = intake_port(f->intake);
    http_open(&c, f->options.port); /* ended by us: the port waits for the last of it */
    http_send_text(&c, PING);
    assert_int_equal(http_read_status(&c), 200);
    restart(f);
    http_close(&c);
    assert_int_equal(intake_port(f->intake), f->options.port);
    assert_alive(f);
}

static void a_port_in_use_is_said(void **state)
{
    struct fixture *f = *state;
    struct intake_options options = f->options;
    struct err err;
    char words[64], url[64];
    options.port = intake_port(f->intake);
    assert_null(intake_start(&options, &err));
    assert_int_equal(err.code, ERR_BUSY);
    snprintf(words, sizeof words, "port %u on 127.0.0.1 is in use", options.port);
    assert_string_equal(err.text, words);
    intake_url(f->intake, url, sizeof url);
    snprintf(words, sizeof words, "http://127.0.0.1:%u/api", options.port);
    assert_string_equal(url, words);
}

static void only_numeric_addresses_are_listened_on(void **state)
{
    struct fixture *f = *state;
    struct err err;
    f->options.host = "localhost";
    restart(f);
    assert_alive(f);
    struct intake_options options = f->options;
    options.host = "jump.example";
    assert_null(intake_start(&options, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void an_ipv6_address_has_brackets_in_the_url(void **state)
{
    struct fixture *f = *state;
    struct intake_options options = f->options;
    struct err err;
    char url[64], words[64];
    options.host = "::1";
    struct intake *other = intake_start(&options, &err);
    if (!other && err.code == ERR_IO)
        skip(); /* no IPv6 here */
    assert_non_null(other);
    intake_url(other, url, sizeof url);
    snprintf(words, sizeof words, "http://[::1]:%u/api", intake_port(other));
    assert_string_equal(url, words);
    intake_stop(&other, 0);
    assert_null(other);
}

struct place {
    char dir[64], path[80], host[96];
};

static void place_make(struct fixture *f, struct place *p)
{
    snprintf(p->dir, sizeof p->dir, "/tmp/test-intake-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/socket", p->dir);
    snprintf(p->host, sizeof p->host, "unix:%s", p->path);
    f->options.host = p->host;
}

static void place_remove(struct fixture *f, struct place *p)
{
    intake_stop(&f->intake, 0);
    unlink(p->path);
    assert_int_equal(rmdir(p->dir), 0);
}

static int ask_unix(const struct place *p, const char *path, const char *body)
{
    struct http_client c;
    http_open_unix(&c, p->path);
    http_send_request(&c, body ? "POST" : "GET", path, body ? JSON : NULL, span_of(body));
    int status = http_read_status(&c);
    http_close(&c);
    return status;
}

static void a_unix_socket_does_as_well(void **state)
{
    struct fixture *f = *state;
    struct place p;
    struct stat st;
    char url[128];
    place_make(f, &p);
    mode_t old = umask(0);
    restart(f);
    umask(old);
    assert_int_equal(lstat(p.path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(ask_unix(&p, "/is-alive/ping", NULL), 200);
    assert_int_equal(ask_unix(&p, TRACES, "{}"), 201);
    assert_int_equal(ask_unix(&p, "/api/v1/private/alerts", NULL),
                     200); /* we are its owner */
    intake_url(f->intake, url, sizeof url);
    assert_string_equal(url, p.host);
    intake_stop(&f->intake, 0);
    assert_int_equal(lstat(p.path, &st), -1);
    place_remove(f, &p);
}

static void a_socket_that_nobody_answers_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct place p;
    struct err err;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    place_make(f, &p);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", p.path);
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&at, sizeof at), 0);
    close(dead); /* as after kill -9 */
    restart(f);
    assert_int_equal(ask_unix(&p, "/is-alive/ping", NULL), 200);
    assert_null(intake_start(&f->options, &err)); /* and one that is answered is not */
    assert_int_equal(err.code, ERR_BUSY);
    assert_non_null(strstr(err.text, "socket is in use"));
    assert_int_equal(ask_unix(&p, "/is-alive/ping", NULL), 200);
    place_remove(f, &p);
}

static void refuses_the_place(struct fixture *f, const char *words)
{
    struct err err = {0};
    assert_null(intake_start(&f->options, &err));
    if (err.code != ERR_DENIED || !strstr(err.text, words))
        fail_msg("%d %s, not: %s", err.code, err.text, words);
}

static void a_socket_stands_in_no_place_of_others(void **state)
{
    struct fixture *f = *state;
    struct place p;
    char link[96], through[128];
    place_make(f, &p);
    close(open(p.path, O_CREAT | O_WRONLY, 0600));
    refuses_the_place(f, "no socket");
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(symlink("/tmp/elsewhere-test-intake", p.path), 0);
    refuses_the_place(f, "no socket");
    assert_int_equal(unlink(p.path), 0);
    assert_int_equal(chmod(p.dir, 0777), 0);
    refuses_the_place(f, "other users can write");
    assert_int_equal(chmod(p.dir, 0700), 0);
    snprintf(link, sizeof link, "%s-link", p.dir);
    snprintf(through, sizeof through, "unix:%s/socket", link);
    assert_int_equal(symlink(p.dir, link), 0);
    f->options.host = through;
    refuses_the_place(f, "symbolic link");
    assert_int_equal(unlink(link), 0);
    f->options.host =
        "unix:/tmp/test-intake-socket"; /* belongs to root, others can write */
    refuses_the_place(f, geteuid() == 0 ? "other users can write" : "another user");
    f->options.host = p.host;
    if (geteuid() == 0) {
        assert_int_equal(chown(p.dir, 12345, 12345), 0);
        refuses_the_place(f, "another user");
        assert_int_equal(chown(p.dir, 0, 0), 0);
    }
    place_remove(f, &p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stopped_port_is_free),
        TEST(a_port_in_use_is_said),
        TEST(only_numeric_addresses_are_listened_on),
        TEST(an_ipv6_address_has_brackets_in_the_url),
        TEST(a_unix_socket_does_as_well),
        TEST(a_socket_that_nobody_answers_is_replaced),
        TEST(a_socket_stands_in_no_place_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
