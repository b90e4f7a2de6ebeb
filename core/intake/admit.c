#include "intake/admit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/secret.h"
#include "intake/guard.h"
#include "intake/ownpeer.h"
#include "model/event.h"

/* ------------------------------------------------------------------ the head */

enum field {
    FIELD_NONE,
    FIELD_HOST,
    FIELD_ORIGIN,
    FIELD_TYPE,
    FIELD_KEY,
    FIELD_LENGTH,
    FIELD_WORKSPACE,
    FIELD_ENCODING,
    FIELD_CODING,
    FIELDS
};

/* The fields that are looked at here, of one pass over the head. */
struct head {
    const char *value[FIELDS]; /* the first of that name; NULL: none */
    bool again[FIELDS];        /* there is another */
};

/* No two of them are equally long. */
static const struct {
    const char *name;
    enum field field;
} BY_LENGTH[] = {
    [sizeof "Host" - 1] = {"Host", FIELD_HOST},
    [sizeof "Origin" - 1] = {"Origin", FIELD_ORIGIN},
    [sizeof "Content-Type" - 1] = {"Content-Type", FIELD_TYPE},
    [sizeof "Authorization" - 1] = {"Authorization", FIELD_KEY},
    [sizeof "Content-Length" - 1] = {"Content-Length", FIELD_LENGTH},
    [sizeof "Comet-Workspace" - 1] = {"Comet-Workspace", FIELD_WORKSPACE},
    [sizeof "Content-Encoding" - 1] = {"Content-Encoding", FIELD_ENCODING},
    [sizeof "Transfer-Encoding" - 1] = {"Transfer-Encoding", FIELD_CODING},
};

static enum MHD_Result note_field(void *arg, enum MHD_ValueKind kind, const char *key,
                                  size_t key_len, const char *value, size_t value_len)
{
    struct head *h = arg;
    (void)kind;
    (void)value_len;
    if (key_len >= sizeof BY_LENGTH / sizeof *BY_LENGTH || !BY_LENGTH[key_len].name ||
        !ascii_same(key, BY_LENGTH[key_len].name))
        return MHD_YES;
    enum field f = BY_LENGTH[key_len].field;
    h->again[f] = h->value[f] != NULL;
    if (!h->again[f])
        h->value[f] = value ? value : "";
    return MHD_YES;
}

/* Where another party on the way could see the end of the body elsewhere than we do, what
 * follows it could be smuggled in as a request (RFC 9112 6.3, 11.2). */
static bool check_framing(struct request *r, const struct head *h)
{
    const char *coding = h->value[FIELD_CODING];
    bool fine = !h->again[FIELD_LENGTH] && !h->again[FIELD_CODING] &&
                (!coding || (ascii_same(coding, "chunked") && !h->value[FIELD_LENGTH]));
    if (fine)
        return true;
    r->last = true;
    request_fail_text(r, 400,
                      "the length of the body is not clear: give one Content-Length or "
                      "Transfer-Encoding: chunked");
    return false;
}

/* ------------------------------------------------------------------ who */

/* A client that takes us for a proxy names the host in the path too, and that one counts
 * (RFC 9112 3.2.2). */
static bool take_host_of_path(struct request *r, struct head *h, const char **path)
{
    static const char scheme[] = "http://";
    if (!ascii_same_n(*path, scheme, sizeof scheme - 1))
        return true;
    const char *host = *path + sizeof scheme - 1;
    size_t len = strcspn(host, "/");
    h->value[FIELD_HOST] = arena_copy(&r->arena, (struct span){host, len});
    *path = host[len] ? host + len : "/";
    if (!h->value[FIELD_HOST])
        request_fail_text(r, 503, "out of memory");
    return h->value[FIELD_HOST] != NULL;
}

/* In the server's own memory, which goes back as it is. */
static void forget_key(const char *key)
{
    if (key)
        secret_wipe((char *)(uintptr_t)key, strlen(key));
}

static bool is_local(const struct request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    if (!address)
        return false;
    if (address->sa_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    if (address->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) &&
                v6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
    return address->sa_family == AF_UNIX;
}

/* What a check of this machine asks, which should not hold the key for it. */
static bool is_open(const struct request *r, const char *method, const char *path)
{
    struct route_match match;
    return route_find(method, path, &match) == ROUTE_SERVED && match.open && is_local(r);
}

/* A second Host could be the one that another party on the way judged by. */
static bool check_access(const struct admission *a, struct request *r, const struct head *h,
                         const char *method, const char *path)
{
    if (h->again[FIELD_HOST] ||
        !guard_host_allowed(h->value[FIELD_HOST], a->listen, a->hosts)) {
        request_fail_text(r, 403,
                          "this host name is not ours: see the setting intake.hosts");
        return false;
    }
    if (h->value[FIELD_ORIGIN]) {
        request_fail_text(r, 403, "requests of web pages are refused");
        return false;
    }
    bool matches = !a->api_key || guard_key_matches(h->value[FIELD_KEY], a->api_key);
    if (!matches && !is_open(r, method, path)) {
        request_fail_text(
            r, 401,
            "the API key is missing or wrong: set OPIK_API_KEY to the value of "
            "the setting intake.api_key");
        return false;
    }
    return true;
}

static bool read_workspace(struct request *r, const char *name)
{
    if (!name || !*name)
        name = "default";
    if (!workspace_fits(name)) {
        request_fail_text(r, 400,
                          "the header Comet-Workspace must be plain text of at most 150 "
                          "characters");
        return false;
    }
    r->workspace = arena_copy(&r->arena, span_of(name));
    if (!r->workspace)
        request_fail_text(r, 503, "out of memory");
    return r->workspace != NULL;
}

/* ------------------------------------------------------------------ what */

static void refuse_route(struct request *r, enum route_found found, const char *path)
{
    char text[320];
    if (found == ROUTE_NOT_SERVED)
        snprintf(text, sizeof text,
                 "not served here: %.150s (the help page \"Served paths\" lists what is)",
                 path);
    else if (found == ROUTE_OTHER_METHOD)
        snprintf(text, sizeof text, "%.150s takes another method: %s", path,
                 r->match.allow);
    else
        snprintf(text, sizeof text, "there is no such path: %.150s", path);
    request_fail_text(r, found == ROUTE_OTHER_METHOD ? 405 : 404, text);
}

static bool find_route(struct request *r, const char *method, const char *path)
{
    const char *copy = arena_copy(&r->arena, span_of(path)); /* what params point into */
    if (!copy) {
        request_fail_text(r, 503, "out of memory");
        return false;
    }
    r->below_api = strncmp(path, "/api/", 5) == 0;
    enum route_found found = route_find(method, copy, &r->match);
    r->body.secret = r->answer.secret = r->match.owner_only; /* they carry those of alerts */
    if (found != ROUTE_SERVED)
        refuse_route(r, found, copy);
    return found == ROUTE_SERVED;
}

/* Alerts hold endpoints and secrets: other users of the machine may send events, but not
 * read or change alerts. */
static bool check_owner(const struct admission *a, struct request *r)
{
    uid_t uid;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!r->match.owner_only || a->api_key)
        return true;
    if (info && ownpeer_uid(info->connect_fd, &uid) && uid == geteuid())
        return true;
    request_fail_text(r, 403,
                      "the alerts API answers only the user that runs opik-alerts, unless "
                      "the setting intake.api_key is set and its key is sent");
    return false;
}

/* ------------------------------------------------------------------ with which body */

static bool has_body(const struct head *h)
{
    const char *length = h->value[FIELD_LENGTH];
    return h->value[FIELD_CODING] || (length && strtoull(length, NULL, 10) > 0);
}

static void check_body(struct request *r, const struct head *h)
{
    const char *encoding = h->value[FIELD_ENCODING];
    struct err err;
    if (!has_body(h))
        return;
    if (!guard_is_json(h->value[FIELD_TYPE])) {
        request_fail_text(r, 415, "the Content-Type must be application/json");
        return;
    }
    if (!encoding || !*encoding || ascii_same(encoding, "identity"))
        return;
    if (!ascii_same(encoding, "gzip")) {
        request_fail_text(r, 415, "the Content-Encoding must be gzip or none");
        return;
    }
    r->inflate = inflate_new(&err);
    if (!r->inflate)
        request_fail(r, &err);
}

void admit(const struct admission *a, struct request *r, const char *method,
           const char *path)
{
    struct head h = {0};
    MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, note_field, &h);
    if (check_framing(r, &h) && take_host_of_path(r, &h, &path) &&
        check_access(a, r, &h, method, path) && find_route(r, method, path) &&
        check_owner(a, r) && read_workspace(r, h.value[FIELD_WORKSPACE]))
        check_body(r, &h);
    forget_key(h.value[FIELD_KEY]);
}
