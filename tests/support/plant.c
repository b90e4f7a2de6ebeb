#include "support/plant.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

const struct canary CANARIES[CANARY_COUNT] = {
    [CANARY_TOKEN] = {"the token", "CanaryToken5f1c9be2"},
    [CANARY_HEADER] = {"a header's value", "CanaryHeader77ab01cd"},
    [CANARY_PATH] = {"the URL's path", "CanaryPath90ee12aa"},
    [CANARY_QUERY] = {"the URL's query", "CanaryQuery31d0c4b7"},
    [CANARY_USERINFO] = {"a password in a URL", "CanaryUser8820fa11"},
    [CANARY_ROUTING] = {"the routing key", "CanaryRoutingc0ffee99"},
    [CANARY_SIGNING] = {"the signing key", "CanarySigningKey-0a1b2c3d4e5f"},
    [CANARY_API_KEY] = {"the API key", "CanaryApiKey6b5a4c3d"},
    [CANARY_PASSPHRASE] = {"the passphrase", "CanaryPassphrase19ed"},
    [CANARY_CLIENT] = {"the client's key file", "CanaryClientKey42bf"},
};

static void signing_secret(char *out, size_t size)
{
    char encoded[128];
    sodium_bin2base64(
        encoded, sizeof encoded, (const unsigned char *)CANARIES[CANARY_SIGNING].text,
        strlen(CANARIES[CANARY_SIGNING].text), sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, size, "whsec_%s", encoded);
}

void plant_alert(const char *name, const char *base, const char *more, char *out,
                 size_t size)
{
    char signing[160];
    signing_secret(signing, sizeof signing);
    snprintf(out, size,
             "{\"name\":\"%s\",\"enabled\":true,\"alert_type\":\"general\","
             "\"webhook\":{\"url\":\"%s/services/T0/xyz%sxyz?key=xyz%sxyz\","
             "\"secret_token\":\"xyz%sxyz\",\"headers\":{\"X-Api-Key\":\"xyz%sxyz\"}},"
             "\"metadata\":{\"signing_secret\":\"%s\",\"routing_key\":\"xyz%sxyz\"%s},"
             "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
             name, base, CANARIES[CANARY_PATH].text, CANARIES[CANARY_QUERY].text,
             CANARIES[CANARY_TOKEN].text, CANARIES[CANARY_HEADER].text, signing,
             CANARIES[CANARY_ROUTING].text, more);
}

struct receiver *plant_echo(void)
{
    static char body[1024], headers[512];
    char signing[160];
    signing_secret(signing, sizeof signing);
    snprintf(body, sizeof body,
             "Cannot POST /services/T0/xyz%sxyz?key=xyz%sxyz\n"
             "{\"Authorization\":\"Bearer xyz%sxyz\",\"X-Api-Key\":\"xyz%sxyz\","
             "\"routing_key\":\"xyz%sxyz\",\"path\":\"\\/services\\/T0\\/xyz%sxyz\","
             "\"secret\":\"%s\"}",
             CANARIES[CANARY_PATH].text, CANARIES[CANARY_QUERY].text,
             CANARIES[CANARY_TOKEN].text, CANARIES[CANARY_HEADER].text,
             CANARIES[CANARY_ROUTING].text, CANARIES[CANARY_PATH].text, signing);
    snprintf(headers, sizeof headers,
             "X-Echo: Bearer xyz%sxyz\r\nLocation: /services/T0/xyz%sxyz?key=xyz%sxyz\r\n",
             CANARIES[CANARY_TOKEN].text, CANARIES[CANARY_PATH].text,
             CANARIES[CANARY_QUERY].text);
    struct receiver *r = receiver_start();
    receiver_answer(
        r, (struct receiver_answer){.status = 500, .headers = headers, .body = body});
    return r;
}

struct receiver *plant_pages(void)
{
    static char paged[256];
    snprintf(paged, sizeof paged, "{\"url\":\"/v2/xyz%sxyz\",\"routing_key\":\"xyz%sxyz\"}",
             CANARIES[CANARY_PATH].text, CANARIES[CANARY_ROUTING].text);
    struct receiver *r = receiver_start();
    receiver_answer(r, (struct receiver_answer){.status = 400, .body = paged});
    return r;
}
