/* The memory of jansson, which nobody else may set. What goes back is wiped, and whether it
 * had all that it asked for is known: its reader goes on without, drops bytes of a text
 * that it could not keep, or calls it invalid. So whoever reads with it asks here. */
#ifndef MODEL_JSONMEM_H
#define MODEL_JSONMEM_H

#include <stdbool.h>

/* Forgets the failures of this thread so far. */
void jsonmem_begin(void);

/* Whether an allocation of jansson's failed in this thread since. */
bool jsonmem_failed(void);

#endif
