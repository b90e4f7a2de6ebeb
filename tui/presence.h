/* How many consoles are attached to a data directory: each holds a lock on a file of its own in
 * DIR/consoles, which the kernel drops when its process ends, however it ends. One thread. */
#ifndef TUI_PRESENCE_H
#define TUI_PRESENCE_H

struct presence;

/* NULL: not possible here (no memory, a directory that cannot be written); then nobody knows. */
struct presence *presence_new(const char *dir);
void presence_free(struct presence **p);

int presence_fd(const struct presence *p); /* readable when somebody came or went; NULL: -1 */
void presence_read(struct presence *p);    /* then: counts again */
int presence_count(const struct presence *p); /* with this one; NULL: 1 */

#endif
