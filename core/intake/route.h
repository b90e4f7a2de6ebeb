/* Paths to handlers: a table of what is served, one of what Opik's API has beside that. */
#ifndef INTAKE_ROUTE_H
#define INTAKE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum { ROUTE_PARAMS = 2, ROUTE_ALLOW_SIZE = 40 };

struct request;
typedef void route_handler(struct request *r);

struct route {
    const char *method;
    const char
        *pattern; /* v1/private/traces/{} : each {} is one segment, given as a param */
    route_handler *handler;
    bool owner_only; /* without an API key, it answers our own user only */
    bool open;       /* it answers peers of this machine also without the API key */
};

/* An operation that is known and not served here. */
struct route_known {
    const char *method, *pattern;
};
extern const struct route_known ROUTES_NOT_SERVED[];
extern const size_t ROUTES_NOT_SERVED_COUNT;

enum route_found {
    ROUTE_SERVED,
    ROUTE_NOT_SERVED,   /* an operation of Opik's API that is not served here */
    ROUTE_OTHER_METHOD, /* a served path: see allow */
    ROUTE_UNKNOWN,
};

struct route_match {
    route_handler *handler;
    struct span params[ROUTE_PARAMS]; /* borrowed from the path */
    char allow[ROUTE_ALLOW_SIZE]; /* "GET, HEAD, PUT"; empty but for ROUTE_OTHER_METHOD */
    bool owner_only, open;
};

/* The path is percent-decoded, with or without the prefix /api and a / at its end. A literal
 * segment wins over {}. HEAD is served wherever GET is (RFC 9110, 9.3.2). Pure. */
enum route_found route_find(const char *method, const char *path,
                            struct route_match *match);

#endif
