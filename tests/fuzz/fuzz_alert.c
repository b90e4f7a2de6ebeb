/* An alert's JSON: what is read comes out again as the same alert, and its masks hide it. */
#include "fuzz.h"

#include "base/json.h"
#include "model/alert_json.h"

enum { PROBLEMS = 32 };

static void comes_out_again(const struct alert *a)
{
    struct alert again;
    struct err err = {0};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    HOLDS(alert_to_json(a, ALERT_JSON_PLAIN, &out));
    HOLDS(alert_from_json(buf_span(&out), &again, &err));
    HOLDS(alert_same_content(a, &again));
    alert_free(&again);
    buf_free(&out);
}

static void comes_back_masked(const struct alert *a)
{
    struct alert masked;
    struct err err = {0};
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    HOLDS(alert_to_json(a, ALERT_JSON_MASKED, &out));
    HOLDS(alert_from_json(buf_span(&out), &masked, &err));
    if (alert_url_same_origin(a->url, masked.url) && alert_keep_masked(&masked, a, &err))
        HOLDS(alert_same_content(a, &masked));
    alert_free(&masked);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct alert a;
    struct err err = {0};
    struct alert_problem problems[PROBLEMS];
    if (!alert_from_json((struct span){(const char *)data, size}, &a, &err)) {
        HOLDS(err.text[0]);
        return 0;
    }
    size_t wrong = alert_check(&a, false, problems, PROBLEMS);
    for (size_t i = 0; i < wrong && i < PROBLEMS; i++)
        HOLDS(problems[i].text[0]);
    if (wrong == 0) {
        comes_out_again(&a);
        comes_back_masked(&a);
    }
    alert_free(&a);
    return 0;
}
