/* Whether the books of a store are in order, read from its file and not by the store's code. */
#ifndef SUPPORT_ACCOUNTS_H
#define SUPPORT_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

/* The file of the data directory `dir`, which no writer may use meanwhile: it is whole
 * (integrity_check, foreign keys), the counters are those of its rows, every bucket and body
 * holds as many events as are said of it (of types that have a project), and accepted = dropped +
 * waiting + by state. False: `why` names the difference. */
bool accounts_add_up(const char *dir, char *why, size_t size);

#endif
