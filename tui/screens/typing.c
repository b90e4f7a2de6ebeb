#include "screens/typing.h"

bool typing_key(struct console *c, struct field *f, const struct key *k)
{
    bool mine = field_key(f, k);
    if (f->refused)
        console_toast(c, STYLE_WARN, "there is room for %zu bytes here: nothing of it was taken",
                      f->max);
    return mine;
}
