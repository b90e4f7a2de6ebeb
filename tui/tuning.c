#include "tuning.h"

struct store_limits tuning_limits(const struct settings *s)
{
    return (struct store_limits){
        .window_ms = s->number[SETTING_DEBOUNCE_WINDOW],
        .bucket_events = s->number[SETTING_BUCKET_MAX_EVENTS],
        .bucket_bytes = s->number[SETTING_BUCKET_MAX_BYTES],
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
        .retention_ms = s->number[SETTING_LOG_RETENTION],
    };
}
