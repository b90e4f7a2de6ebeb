/* What a signing secret looks like (Standard Webhooks 1.0.0): one part of alert.h. */
#include "model/alert.h"

#include <string.h>

#include <sodium.h>

#include "base/ascii.h"

#define PREFIX "whsec_"

bool alert_header_is_signature(const char *name)
{
    static const char *const names[] = {"webhook-id", "webhook-timestamp",
                                        "webhook-signature"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ascii_same(name, names[i]))
            return true;
    return false;
}

bool alert_signing_key(const char *secret, unsigned char key[ALERT_SIGNING_KEY_MAX],
                       size_t *len)
{
    const char *text = secret + strlen(PREFIX);
    return strncmp(secret, PREFIX, strlen(PREFIX)) == 0 &&
           sodium_base642bin(key, ALERT_SIGNING_KEY_MAX, text, strlen(text), NULL, len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           *len >= ALERT_SIGNING_KEY_MIN;
}
