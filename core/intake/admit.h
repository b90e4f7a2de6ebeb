/* The head of a request: who may ask, for which workspace, for what, with which body. */
#ifndef INTAKE_ADMIT_H
#define INTAKE_ADMIT_H

#include "intake/request.h"

struct admission {
    const char *listen;  /* the address we listen on */
    const char *hosts;   /* further allowed Host names; NULL: none */
    const char *api_key; /* NULL: none */
};

/* Fills workspace, route and inflate of `r`, or decides its answer (then r->ready). */
void admit(const struct admission *a, struct request *r, const char *method,
           const char *path);

#endif
