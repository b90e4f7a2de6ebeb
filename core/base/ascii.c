#include "base/ascii.h"

int ascii_order(const char *a, const char *b)
{
    while (*a && ascii_lower(*a) == ascii_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char)ascii_lower(*a) - (unsigned char)ascii_lower(*b);
}

bool ascii_same(const char *a, const char *b)
{
    return ascii_order(a, b) == 0;
}

bool ascii_same_n(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ascii_lower(a[i]) != ascii_lower(b[i]))
            return false;
        if (!a[i])
            return true;
    }
    return true;
}

/* Whether the text begins with the part. */
static bool begins(const char *text, const char *part)
{
    while (*part && ascii_lower(*text) == ascii_lower(*part)) {
        text++;
        part++;
    }
    return !*part;
}

const char *ascii_find(const char *text, const char *part)
{
    if (begins(text, part))
        return text;
    for (; *text; text++)
        if (ascii_lower(*text) == ascii_lower(*part) && begins(text, part))
            return text;
    return NULL;
}
