/* The writer thread's life. Internal to store/sqlite. */
#ifndef SQLITE_THREAD_H
#define SQLITE_THREAD_H

#include "store/sqlite/writer.h"

bool writer_start(struct store *s, struct err *err);
void writer_stop(struct store *s); /* carries out what waits first */

#endif
