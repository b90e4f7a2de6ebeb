/* Memory that is overwritten before it goes back. Any thread. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

void secret_wipe(void *memory, size_t len);
void secret_free(char **text);       /* wipes, frees, sets NULL; NULL is fine */
void secret_free_block(void *block); /* the same for anything of malloc(), whole; as libraries take
                                       a free() of ours */
char *secret_copy(const char *text); /* malloc'ed; NULL for NULL or no memory */

#endif
