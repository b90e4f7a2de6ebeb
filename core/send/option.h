/* Options of a libcurl handle. Internal to send/.
 *
 * Those that are text need memory. Without it for one of them the others must not be used: it would
 * be another request, to other places or with other trust. What this libcurl does not know is not
 * a want of memory. */
#ifndef SEND_OPTION_H
#define SEND_OPTION_H

#include <curl/curl.h>

/* Clears `fine` (a bool) when there is no memory; sets nothing once it is cleared. */
#define OPTION_SET(fine, easy, option, value)                                              \
    ((fine) = (fine) && curl_easy_setopt(easy, option, value) != CURLE_OUT_OF_MEMORY)

#endif
