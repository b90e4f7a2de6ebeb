/* One HTTP request from its head to its answer. Internal to intake/.
 *
 * A handler runs on an HTTP thread once the body is whole. It answers once, with
 * request_reply() or one of request_fail(): at once, or after request_wait() later, from
 * any thread; the connection sleeps until then. */
#ifndef INTAKE_REQUEST_H
#define INTAKE_REQUEST_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/inflate.h"
#include "base/json.h"
#include "base/uuid.h"
#include "intake/intake.h"
#include "intake/peers.h"
#include "intake/readers.h"
#include "intake/route.h"

struct courier;

/* Answers by class, 1xx to 5xx. */
struct tally {
    atomic_ullong answers[6];
};

/* What the alerts API and monitoring need beside the store. */
struct api {
    struct courier *courier;
    struct MHD_Response *empty; /* of answers that have no body and no header of their own */
    _Atomic enum payload_style style; /* both changed by intake_set_sending() */
    atomic_int retries;
    void (*engine)(void *arg, struct intake_engine *out); /* NULL: none */
    void *engine_arg;
    struct tally tally;
};

#define INTAKE_USER "admin" /* who did it, for everything that comes in here */

struct request {
    struct store *store;
    const struct clock *clock;
    struct readers *readers;
    struct api *api;
    struct peers *peers;
    struct peer *peer; /* the connection */
    struct MHD_Connection *connection;
    struct route_match match;
    bool below_api;        /* asked for with the prefix /api */
    const char *workspace; /* in the arena */
    struct arena arena;    /* lives as long as the request */

    struct buf body; /* inflated */
    struct js_index index; /* of the body */
    struct inflate *inflate;
    size_t received; /* bytes on the wire */
    int64_t discards_from; /* steady ms: since when the body is thrown away; 0: it is not */

    int status; /* the answer; 0: none yet */
    struct buf answer;
    struct buf words; /* the answer for one that does not send its body to the end */
    struct span made;     /* the id of what it makes, for the handler; in the arena */
    const char *location; /* in the arena; NULL: none */
    const char *type;     /* of the answer; NULL: JSON */
    bool last;            /* close the connection after the answer */
    bool sleeping;
    atomic_bool ready; /* the answer is complete; what is left of the body is thrown away */
};

struct request *request_new(struct MHD_Connection *connection, size_t max_body);
void request_free(struct request *r);

/* ---- the body */

/* To be called where the head alone was refused: the answer is ready before the body is
 * here. What it yields is for libmicrohttpd. */
enum MHD_Result request_refused(struct request *r);

/* Takes a piece. False: enough was read on; what there is to say was said on the socket,
 * and the connection is to be closed. */
bool request_take(struct request *r, struct span piece);
void request_body_ended(
    struct request *r); /* decides the answer where it ended too early */

/* The body as an object, or a failed request (false). */
bool request_object(struct request *r, struct js_value *root);
/* A string member, copied to the arena; NULL: absent. False: the wrong type. */
bool request_text(struct request *r, struct js_value object, const char *key,
                  const char **out, struct err *err);
/* The same for any JSON, as text. */
bool request_json(struct request *r, struct js_value object, const char *key,
                  const char **out, struct err *err);

/* ---- the rest of what was asked */

const char *request_query(const struct request *r,
                          const char *name); /* borrowed; NULL: none */
/* The part of a list that `page` (else 1) and `size` (else 10, at most 1000) ask for.
 * False: one is no whole number from 1, and the request has failed with 400. */
struct request_page {
    int64_t number, size, first; /* first: items before it */
};
bool request_page(struct request *r, struct request_page *out);
/* The id that stands in the path, canonical, in the arena. NULL: none, and the request has
 * failed with 404. */
const char *request_path_id(struct request *r, size_t which);

/* A reader for this request; give it back before the answer. NULL: it has failed. */
struct store_reader *request_reader(struct request *r);
void request_reader_done(struct request *r, struct store_reader **reader);

/* ---- the answer */

/* To be called before a step of the store is started. False: the request has failed. */
bool request_wait(struct request *r);

void request_reply(struct request *r, int status); /* with r->answer as the body */
/* 201 with the Location of what was made: collection is "v1/private/traces". */
void request_reply_created(struct request *r, const char *collection, struct span id);
void request_fail(struct request *r, const struct err *err);
void request_fail_text(struct request *r, int status, const char *text);
void request_fail_texts(struct request *r, int status, const char *const *texts, size_t count);

/* A store_done: `arg` is the request; answers 204 or the error. */
void request_done(void *arg, const struct err *err, const void *result);

enum MHD_Result request_answer(struct request *r); /* queues the answer that is ready */

#endif
