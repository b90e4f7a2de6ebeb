#include "screens/reveal.h"

void reveal_begin(struct reveal *r, struct field *field, int64_t now)
{
    reveal_end(r);
    *r = (struct reveal){field, now + REVEAL_MS};
    field->revealed = true;
}

void reveal_end(struct reveal *r)
{
    if (r->field)
        r->field->revealed = false;
    r->field = NULL;
}

int64_t reveal_left(struct reveal *r, int64_t now)
{
    if (r->field && now >= r->until)
        reveal_end(r);
    return r->field ? r->until - now : -1;
}
