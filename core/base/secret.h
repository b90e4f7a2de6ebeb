/* Strings that are overwritten before their memory goes back. Any thread. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

void secret_wipe(void *memory, size_t len);
void secret_free(char **text);       /* wipes, frees, sets NULL; NULL is fine */
char *secret_copy(const char *text); /* malloc'ed; NULL for NULL or no memory */

#endif
