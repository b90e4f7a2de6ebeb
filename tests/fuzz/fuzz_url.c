/* URLs and addresses: what passes is http or https to curl too, with the host that we judged, and
 * its origin shows nothing of what comes after the host. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/text.h"
#include "model/alert.h"
#include "send/address.h"

/* curl writes 0x7f.1 as 127.0.0.1 and [::0] as [::]; what is judged then is the address that it
 * connects to. */
static bool is_numeric(const char *host)
{
    struct in_addr address;
    return *host == '[' || inet_pton(AF_INET, host, &address) == 1;
}

static void curl_agrees(const char *url)
{
    char *scheme = NULL, *host = NULL, *user = NULL;
    char origin[512];
    CURLU *u = curl_url();
    HOLDS(u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK);
    HOLDS(curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK);
    HOLDS(strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
    HOLDS(curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK);
    HOLDS(curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK);
    alert_url_origin(url, origin, sizeof origin);
    const char *after = strstr(origin, "://");
    HOLDS(after && (is_numeric(host) || strncasecmp(after + 3, host, strlen(host)) == 0));
    HOLDS(!strpbrk(after + 3, "/?#@"));
    HOLDS(text_is_safe(span_of(origin), TEXT_LINE));
    HOLDS(alert_url_same_origin(url, origin));
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(u);
}

/* A numeric address is judged alike as text and as what a socket holds. */
static void judged_alike(const char *text, enum address_rule rule)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *problem = address_text_problem(text, rule);
    HOLDS(!problem || *problem);
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        HOLDS(!address_problem((struct sockaddr *)&v4, rule) == !problem);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        HOLDS(!address_problem((struct sockaddr *)&v6, rule) == !problem);
    else if (!strchr(text, '%')) /* the zone of an address is passed over */
        HOLDS(problem);
}

/* What is refused loosely is refused strictly too. */
static void judge_bytes(const uint8_t *data, size_t size)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memcpy(&v6.sin6_addr, data, size < 16 ? size : 16);
    const char *loose = address_problem((struct sockaddr *)&v6, ADDRESS_PRIVATE_ALLOWED),
               *strict = address_problem((struct sockaddr *)&v6, ADDRESS_PRIVATE_REFUSED);
    HOLDS(!loose || (*loose && strict));
    HOLDS(!strict || *strict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!alert_url_problem(text))
        curl_agrees(text);
    judged_alike(text, ADDRESS_PRIVATE_ALLOWED);
    judged_alike(text, ADDRESS_PRIVATE_REFUSED);
    judge_bytes(data, size);
    free(text);
    return 0;
}
