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

void plant_pagerduty(const char *base, char *out, size_t size)
{
    snprintf(out, size,
             "{\"name\":\"Real pager\",\"alert_type\":\"pagerduty\","
             "\"webhook\":{\"url\":\"%s/v2/xyz%sxyz\"},"
             "\"metadata\":{\"routing_key\":\"xyz%sxyz\"},"
             "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
             base, CANARIES[CANARY_PATH].text, CANARIES[CANARY_ROUTING].text);
}

static const struct {
    const char *format;
    int canary;
} MISTAKES[] = {
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://u:%s@127.0.0.1/\"}}", CANARY_USERINFO},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"ftp://127.0.0.1/%s\"}}", CANARY_PATH},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http:///%s\"}}", CANARY_PATH},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"%s\"}}", CANARY_PATH},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\\n%s\"}}", CANARY_PATH},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"secret_token\":\"a\\n%s\"}}",
     CANARY_TOKEN},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"secret_token\":[\"%s\"]}}",
     CANARY_TOKEN},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"secret_tokn\":\"%s\"}}",
     CANARY_TOKEN},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"headers\":{\"A\":\"a\\r%s\"}}}",
     CANARY_HEADER},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"headers\":[\"%s\"]}}",
     CANARY_HEADER},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"secret_token\":\"%s",
     CANARY_TOKEN},
    {"{\"name\":\"x\",\"webhook\":{\"url\":\"http://h/\",\"secret_token\":%s}}",
     CANARY_TOKEN},
    {"{\"metadata\":{\"signing_secret\":\"%s\"},\"webhook\":{\"url\":\"http://h/\"}}",
     CANARY_TOKEN},
    {"{\"metadata\":{\"routing_key\":{\"a\":\"%s\"}}}", CANARY_ROUTING},
};

bool plant_mistake(size_t i, char *out, size_t size)
{
    if (i >= sizeof MISTAKES / sizeof *MISTAKES)
        return false;
    snprintf(out, size, MISTAKES[i].format, CANARIES[MISTAKES[i].canary].text);
    return true;
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
