/* Who sends a request, for the audit rows of what it changes. Internal to intake/. */
#ifndef INTAKE_CALLER_H
#define INTAKE_CALLER_H

#include <microhttpd.h>
#include <stdbool.h>

#include "store/store.h"

struct caller {
    char user[64];  /* of this machine, by name; else "API key" */
    char place[64]; /* the peer's address and port */
    struct actor actor; /* points into this struct */
};

/* has_key: the request has proved to know the API key. Any thread. */
void caller_of(struct MHD_Connection *connection, bool has_key, struct caller *out);

#endif
