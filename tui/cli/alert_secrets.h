/* The secrets of alerts on their way out of and into a file. */
#ifndef CLI_ALERT_SECRETS_H
#define CLI_ALERT_SECRETS_H

#include "model/alert.h"
#include "store/passbox.h"

/* A box whose passphrase is the first line of a file that only its owner can read. */
struct passbox *alert_secrets_box(const char *path, struct err *err);

/* Replaces token, header values and routing key by their sealed texts. */
bool alert_secrets_seal_all(struct passbox *box, struct alert *a, struct err *err);

/* The way back: a sealed text is opened (box NULL: ERR_INVALID, it needs its passphrase), one
 * that is file:PATH becomes the first line of that file; others stay. */
bool alert_secrets_resolve(struct passbox *box, struct alert *a, struct err *err);

#endif
