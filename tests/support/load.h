/* Clients that send events to an intake as fast as it takes them, each in a thread of its
 * own with a connection of its own, and note in a ledger what was answered. One whose
 * request had no answer sends it again, or not. */
#ifndef SUPPORT_LOAD_H
#define SUPPORT_LOAD_H

#include "support/ledger.h"

struct load;

struct load *load_start(struct ledger *l, size_t clients, uint64_t seed);
/* Where the intake listens from now on; 0: nowhere, the clients wait. */
void load_aim(struct load *load, uint16_t port);
/* Each client ends its request. */
void load_stop(struct load **load);

#endif
