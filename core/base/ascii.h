/* Letters of ASCII, whatever the locale: in a Turkish one the upper case of i is not I, and the
 * names of headers, settings, hosts are the same for everybody. Another byte is only the same as
 * itself. core/ and tui/ use these and not those of <strings.h> and <ctype.h>. Any thread. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>
#include <stddef.h>

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static inline char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static inline bool ascii_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool ascii_is_alnum(char c)
{
    return ascii_is_lower(ascii_lower(c)) || (c >= '0' && c <= '9');
}

/* Texts by their lower case. */
int ascii_order(const char *a, const char *b); /* below 0: a comes first; 0: the same */
bool ascii_same(const char *a, const char *b);
bool ascii_same_n(const char *a, const char *b, size_t n); /* at most n bytes of each */
const char *ascii_find(const char *text, const char *part); /* the first place; NULL: none */

#endif
