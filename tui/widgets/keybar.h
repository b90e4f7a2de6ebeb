/* The last line: the keys that mean something where the cursor is, from the action table. */
#ifndef WIDGETS_KEYBAR_H
#define WIDGETS_KEYBAR_H

#include <stdbool.h>

#include "actions.h"
#include "canvas.h"

/* `possible` says whether an action can be done now (NULL: all can). Entries stand two blanks
 * apart, or one where that is too wide; what still does not fit is left out from the middle:
 * the last entries (Help, Quit) stay. */
void keybar_draw(const struct canvas *c, int y, unsigned place,
                 bool (*possible)(void *arg, const struct action_info *a), void *arg);

/* The entry under column x of a key bar of `columns`, drawn with the same arguments. */
enum action keybar_at(int columns, int x, unsigned place,
                      bool (*possible)(void *arg, const struct action_info *a), void *arg);

#endif
