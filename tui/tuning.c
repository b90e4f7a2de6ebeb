#include "tuning.h"

#include <string.h>

enum payload_style tuning_style(const struct settings *s)
{
    const char *style = s->text[SETTING_PAYLOAD_STYLE];
    return style && strcmp(style, "server") == 0 ? PAYLOAD_SERVER : PAYLOAD_DOCUMENTED;
}

struct store_limits tuning_limits(const struct settings *s)
{
    return (struct store_limits){
        .window_ms = s->number[SETTING_DEBOUNCE_WINDOW],
        .bucket_events = s->number[SETTING_BUCKET_MAX_EVENTS],
        .bucket_bytes = s->number[SETTING_BUCKET_MAX_BYTES],
        .style = tuning_style(s),
        .retries = (int)s->number[SETTING_RETRY_MAX],
        .audit_ms = s->number[SETTING_AUDIT_RETENTION],
    };
}

struct engine_policy tuning_policy(const struct settings *s)
{
    return (struct engine_policy){
        .retry = {.max = (int)s->number[SETTING_RETRY_MAX],
                  .initial_ms = s->number[SETTING_RETRY_INITIAL],
                  .max_delay_ms = s->number[SETTING_RETRY_MAX_DELAY],
                  .max_age_ms = s->number[SETTING_DELIVERY_MAX_AGE]},
        .timeout_ms = s->number[SETTING_DELIVERY_TIMEOUT],
        .connect_timeout_ms = s->number[SETTING_DELIVERY_CONNECT_TIMEOUT],
        .concurrency = (size_t)s->number[SETTING_DELIVERY_CONCURRENCY],
        .per_endpoint = (size_t)s->number[SETTING_DELIVERY_PER_ENDPOINT],
        .rate = s->number[SETTING_DELIVERY_RATE],
        .retention_ms = s->number[SETTING_LOG_RETENTION],
        .max_size = s->number[SETTING_LOG_MAX_SIZE],
        .threshold_interval_ms = s->number[SETTING_THRESHOLD_INTERVAL],
        .threshold_repeat_ms = s->number[SETTING_THRESHOLD_REPEAT],
    };
}

bool tuning_refuse_private(const struct settings *s)
{
    return strcmp(s->text[SETTING_DELIVERY_PRIVATE], "refuse") == 0;
}

int64_t tuning_replay_spacing(const struct settings *s)
{
    int64_t rate = s->number[SETTING_DELIVERY_REPLAY_RATE];
    return rate > 0 ? 1000 / rate : 0;
}
