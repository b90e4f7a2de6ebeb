/* Retry-After and dates: a pause that is never negative, or not readable. */
#include "fuzz.h"

#include "base/timefmt.h"
#include "rules/retry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t nows[] = {0, -1, 1767225600000, INT64_C(4102444800000)};
    struct span text = {(const char *)data, size};
    int64_t ms;
    char words[TIMEFMT_ISO_SIZE];
    for (size_t i = 0; i < sizeof nows / sizeof *nows; i++)
        HOLDS(retry_after_parse(text, nows[i]) >= -1);
    if (timefmt_parse_http(text, &ms))
        timefmt_iso(ms, words);
    if (timefmt_parse_iso(text, &ms)) {
        int64_t again;
        timefmt_iso(ms, words);
        HOLDS(timefmt_parse_iso(span_of(words), &again) && again == ms);
    }
    if (duration_parse(text, &ms, NULL)) {
        char shortest[24];
        int64_t again;
        duration_format(ms, shortest);
        HOLDS(duration_parse(span_of(shortest), &again, NULL) && again == ms);
    }
    return 0;
}
