/* Lists of ids in bodies: {"ids":[...]}. Internal to intake/. */
#ifndef INTAKE_IDS_H
#define INTAKE_IDS_H

#include "intake/request.h"

enum { IDS_MAX = 1000 }; /* as in Opik's batches */

/* The ids, canonical, in the request's arena. NULL: the request has failed, with 400 and
 * a sentence. */
const char **ids_read(struct request *r, struct js_value list, size_t *count);

#endif
