/* A directory of a test's own, mode 0700, below TMPDIR or /tmp. */
#ifndef SUPPORT_TEMPDIR_H
#define SUPPORT_TEMPDIR_H

char *tempdir_make(void);        /* malloc'ed path; aborts when it cannot be made */
void tempdir_remove(char *path); /* with all that is in it; frees the path */

#endif
