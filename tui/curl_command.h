/* A request as a curl command to paste into a shell. Pure. */
#ifndef TUI_CURL_COMMAND_H
#define TUI_CURL_COMMAND_H

#include "base/buf.h"
#include "base/span.h"

/* `headers`: lines "Name: value" with secrets masked (asterisks); a masked value becomes a
 * variable of the shell ($TOKEN for the bearer token, else the header's name in capitals), and
 * so does the URL ($WEBHOOK_URL), whose path often is a credential: `origin` stands in a comment.
 * Everything else is quoted so that no shell acts on it. False: the buffer failed. */
bool curl_command(struct buf *out, const char *origin, struct span headers, struct span body);

#endif
