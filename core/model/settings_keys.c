#include "model/settings_keys.h"

#include <stdio.h>

#include "base/ascii.h"

#define KIB         ((int64_t)1024)
#define MIB         (1024 * KIB)
#define GIB         (1024 * MIB)
#define SECOND      ((int64_t)1000)
#define HOUR        (3600 * SECOND)
#define DAY         (24 * HOUR)
#define LONGEST_KEY 40

static const struct setting_info table[SETTING_COUNT] = {
    [SETTING_INTAKE_LISTEN] = {"intake.listen", SETTING_TEXT, "127.0.0.1:5173", 0, 0, NULL,
                               "HOST:PORT where SDKs send, port 0 is a free one; or unix:PATH"},
    [SETTING_INTAKE_API_KEY] = {"intake.api_key", SETTING_SECRET, "", 0, 0, NULL,
                                "what requests carry as authorization; a must off loopback"},
    [SETTING_INTAKE_MAX_BODY] = {"intake.max_body", SETTING_BYTES, "32MiB", KIB, GIB, NULL,
                                 "largest request body, counted uncompressed"},
    [SETTING_INTAKE_MAX_HEADERS] = {"intake.max_headers", SETTING_BYTES, "32KiB", 4 * KIB, MIB,
                                    NULL, "largest request line and headers"},
    [SETTING_INTAKE_CONNECTIONS] = {"intake.connections", SETTING_NUMBER, "1000", 1, 100000, NULL,
                                    "connections at one time; slow ones make room for others"},
    [SETTING_INTAKE_TIMEOUT] = {"intake.timeout", SETTING_DURATION, "30s", SECOND, HOUR, NULL,
                                "total time that one request may take"},
    [SETTING_INTAKE_HOSTS] = {"intake.hosts", SETTING_TEXT, "", 0, 0, NULL,
                              "further Host names that are allowed, comma separated"},
    [SETTING_DEBOUNCE_WINDOW] = {"debounce.window", SETTING_DURATION, "30s", 100, DAY, NULL,
                                 "from a bucket's first event to its webhook"},
    [SETTING_BUCKET_MAX_EVENTS] = {"bucket.max_events", SETTING_NUMBER, "10000", 1, 1000000, NULL,
                                   "events kept in one bucket; further ones are counted"},
    [SETTING_BUCKET_MAX_BYTES] = {"bucket.max_bytes", SETTING_BYTES, "8MiB", 1, 256 * MIB, NULL,
                                  "bytes kept in one bucket; at least one event is kept"},
    [SETTING_DELIVERY_TIMEOUT] = {"delivery.timeout", SETTING_DURATION, "30s", 100, HOUR, NULL,
                                  "total time of one attempt"},
    [SETTING_DELIVERY_CONNECT_TIMEOUT] = {"delivery.connect_timeout", SETTING_DURATION, "5s", 100,
                                          HOUR, NULL, "time of one attempt until it is connected"},
    [SETTING_DELIVERY_CONCURRENCY] = {"delivery.concurrency", SETTING_NUMBER, "512", 1, 10000, NULL,
                                      "requests under way, in all"},
    [SETTING_DELIVERY_PER_ENDPOINT] = {"delivery.per_endpoint", SETTING_NUMBER, "4", 1, 1000, NULL,
                                       "requests under way to one endpoint (a full URL)"},
    [SETTING_DELIVERY_RATE] = {"delivery.rate", SETTING_NUMBER, "0", 0, 1000, NULL,
                               "requests a second to one endpoint; 0 is no limit"},
    [SETTING_DELIVERY_MAX_AGE] = {"delivery.max_age", SETTING_DURATION, "24h", SECOND, 30 * DAY,
                                  NULL, "older deliveries are given up; bounds Retry-After"},
    [SETTING_DELIVERY_REPLAY_RATE] = {"delivery.replay_rate", SETTING_NUMBER, "10", 0, 1000, NULL,
                                      "replayed deliveries a second, of many; 0 is all at once"},
    [SETTING_DELIVERY_PROXY] = {"delivery.proxy", SETTING_TEXT, "", 0, 0, NULL,
                                "URL of a proxy for webhooks; empty is none"},
    [SETTING_DELIVERY_CA_FILE] = {"delivery.ca_file", SETTING_TEXT, "", 0, 0, NULL,
                                  "PEM file of trusted CAs instead of the system's"},
    [SETTING_DELIVERY_PRIVATE] = {"delivery.private", SETTING_CHOICE, "allow", 0, 0, "allow|refuse",
                                  "webhooks to loopback, private and special addresses"},
    [SETTING_RETRY_MAX] = {"retry.max", SETTING_NUMBER, "3", 0, 100, NULL,
                           "attempts after the first one"},
    [SETTING_RETRY_INITIAL] = {"retry.initial", SETTING_DURATION, "1s", 1, DAY, NULL,
                               "wait before the second attempt; doubles, with jitter"},
    [SETTING_RETRY_MAX_DELAY] = {"retry.max_delay", SETTING_DURATION, "60s", 1, DAY, NULL,
                                 "longest wait between two attempts"},
    [SETTING_PAYLOAD_STYLE] = {"payload.style", SETTING_CHOICE, "documented", 0, 0,
                               "documented|server", "shape of the webhook body"},
    [SETTING_THRESHOLD_INTERVAL] = {"threshold.interval", SETTING_DURATION, "10s", SECOND, HOUR,
                                    NULL, "between two looks at a threshold"},
    [SETTING_THRESHOLD_REPEAT] = {"threshold.repeat", SETTING_DURATION, "0s", 0, 30 * DAY, NULL,
                                  "raise again while a threshold stays passed; 0s is once"},
    [SETTING_STORE_URL] = {"store.url", SETTING_TEXT, "", 0, 0, NULL,
                           "empty is SQLite in the data directory"},
    [SETTING_LOG_RETENTION] = {"log.retention", SETTING_DURATION, "30d", SECOND, 3650 * DAY, NULL,
                               "how long finished deliveries and attempts are kept"},
    [SETTING_LOG_MAX_SIZE] = {"log.max_size", SETTING_BYTES, "1GiB", 0, 1024 * GIB, NULL,
                              "a larger store loses the oldest finished ones; 0B is no limit"},
    [SETTING_AUDIT_RETENTION] = {"audit.retention", SETTING_DURATION, "365d", SECOND, 3650 * DAY,
                                 NULL, "how long it is kept who changed what"},
    [SETTING_CONSOLE_BELL] = {"console.bell", SETTING_CHOICE, "off", 0, 0, "off|bell|notice",
                              "when an alert begins to fail: a bell, or OSC 9"},
    [SETTING_CONSOLE_THEME] = {"console.theme", SETTING_CHOICE, "terminal", 0, 0,
                               "terminal|dark|light",
                               "colours: the terminal's own 16, or a theme's 256"},
};

const struct setting_info *setting_info(enum setting s)
{
    return &table[s];
}

void setting_env_name(enum setting s, char *out, size_t size)
{
    snprintf(out, size, "OPIK_ALERTS_%s", table[s].key);
    for (char *c = out; *c; c++)
        *c = *c == '.' ? '_' : ascii_upper(*c);
}

bool settings_key_find(struct span key, enum setting *out)
{
    for (int i = 0; i < SETTING_COUNT; i++) {
        if (span_is(key, table[i].key)) {
            *out = (enum setting)i;
            return true;
        }
    }
    return false;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein, in one row; a key is lower case, `wrong` may be typed in any. */
static unsigned edit_distance(struct span wrong, const char *key)
{
    unsigned row[LONGEST_KEY + 1];
    size_t len = strlen(key);
    for (size_t j = 0; j <= len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; i < wrong.len; i++) {
        char c = ascii_lower(wrong.at[i]);
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < len; j++) {
            unsigned above = row[j + 1];
            row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (c != key[j]));
            diagonal = above;
        }
    }
    return row[len];
}

const char *settings_key_nearest(struct span wrong)
{
    const char *best = NULL;
    unsigned best_distance = 4;
    if (wrong.len > LONGEST_KEY)
        return NULL;
    for (int i = 0; i < SETTING_COUNT; i++) {
        unsigned distance = edit_distance(wrong, table[i].key);
        if (distance < best_distance) {
            best = table[i].key;
            best_distance = distance;
        }
    }
    return best;
}
