#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

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
        text_whole(text);
    memcpy(err->text, text, sizeof text);
    err->code = code;
    return false;
}
