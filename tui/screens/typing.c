#include "screens/typing.h"

bool typing_key(struct console *c, struct field *f, const struct key *k)
{
    bool unseen = field_is_unseen(f) && !f->url; /* of a URL one sees it */
    bool mine = field_key(f, k);
    if (f->refused)
        console_toast(c, STYLE_WARN, "there is room for %zu bytes here: nothing of it was taken",
                      f->max);
    else if (unseen && f->typed)
        console_toast(c, STYLE_WARN,
                      "the one before is gone from here%s; Esc leaves it as it was",
                      field_is_empty(f) ? "" : ", this takes its place");
    return mine;
}
