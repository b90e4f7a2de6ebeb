#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes back the character that the end of the room cut through. */
static void cut_whole(char *text, size_t len)
{
    size_t at = len;
    while (at > 0 && len - at < 3 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at == 0 || (unsigned char)text[at - 1] < 0xc0)
        return;
    unsigned char lead = (unsigned char)text[at - 1];
    size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (len - at + 1 < need)
        text[at - 1] = '\0';
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (!err)
        return false;
    char text[sizeof err->text] = ""; /* an argument may be err->text itself */
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len >= (int)sizeof text)
        cut_whole(text, sizeof text - 1);
    memcpy(err->text, text, sizeof text);
    err->code = code;
    return false;
}
