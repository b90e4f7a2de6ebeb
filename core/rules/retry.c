#include "rules/retry.h"

#include <stdio.h>

#include "base/text.h"
#include "base/timefmt.h"

/* So that the longest sentence around it fits a reason: nothing is cut twice. */
enum { WHAT_SIZE = 96 };

static bool is_delivered(const struct outcome *o)
{
    return o->kind == OUTCOME_RESPONSE && o->status >= 200 && o->status < 300;
}

/* A status that HTTP does not have counts as a 5xx (RFC 9110 15). */
static bool is_tried_again(const struct outcome *o)
{
    if (o->kind != OUTCOME_RESPONSE)
        return o->kind != OUTCOME_FORBIDDEN;
    return o->status >= 500 || o->status == 429 || o->status < 100;
}

static void what_happened(const struct outcome *o, char out[WHAT_SIZE])
{
    const char *error = o->error[0]                    ? o->error
                        : o->kind == OUTCOME_FORBIDDEN ? "the endpoint is refused"
                                                       : "no complete answer";
    if (o->kind == OUTCOME_RESPONSE)
        snprintf(out, WHAT_SIZE, "answered %d", o->status);
    else
        snprintf(out, WHAT_SIZE, "%.*s", WHAT_SIZE - 1, error);
    text_whole(out);
}

int64_t retry_wait_ms(const struct retry_policy *policy, int n, double chance)
{
    double max = (double)policy->max_delay_ms, wait = (double)policy->initial_ms;
    for (int i = 1; i < n && wait > 0 && wait < 2 * max;
         i++) /* half of twice is max still */
        wait *= 2;
    wait *= 0.5 + chance;
    return wait < max ? (int64_t)wait : policy->max_delay_ms;
}

static void try_again(const struct retry_policy *policy, const struct outcome *o, int n,
                      int64_t created, int64_t now, double chance, struct retry_decision *d)
{
    char age[24], what[WHAT_SIZE];
    int64_t wait = retry_wait_ms(policy, n, chance);
    int64_t left = policy->max_age_ms - (now - created);
    bool asked = o->retry_after_ms > wait;
    if (asked)
        wait = o->retry_after_ms;
    if (wait <= left) {
        d->state = DELIVERY_RETRYING;
        d->next_at = now + wait;
        return;
    }
    d->state = DELIVERY_DEAD;
    duration_format(policy->max_age_ms, age);
    what_happened(o, what);
    snprintf(d->reason, sizeof d->reason,
             asked ? "asked to wait beyond %s of age, the last: %s"
                   : "older than %s, the last: %s",
             age, what);
}

static void end(const struct outcome *o, int n, struct retry_decision *d)
{
    char what[WHAT_SIZE];
    what_happened(o, what);
    d->state = DELIVERY_DEAD;
    if (n > 1 && is_tried_again(o))
        snprintf(d->reason, sizeof d->reason, "%d" RETRY_ALL_FAILED "%s", n, what);
    else
        snprintf(d->reason, sizeof d->reason, "%s", what);
}

void retry_decide(const struct retry_policy *policy, const struct outcome *outcome, int n,
                  int64_t created, int64_t now, double chance,
                  struct retry_decision *decision)
{
    *decision = (struct retry_decision){.state = DELIVERY_DELIVERED};
    if (is_delivered(outcome))
        return;
    if (outcome->kind == OUTCOME_UNKNOWN || outcome->kind == OUTCOME_CANCELLED) {
        decision->state = DELIVERY_RETRYING;
        decision->next_at = now;
    } else if (!is_tried_again(outcome) || n > policy->max) {
        end(outcome, n, decision);
    } else {
        try_again(policy, outcome, n, created, now, chance, decision);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int64_t retry_after_parse(struct span value, int64_t now)
{
    /* Beyond any age that a delivery may have, and far from overflow. */
    static const int64_t longest_s = (INT64_C(1) << 52) / 1000;
    while (value.len && is_blank(value.at[0]))
        value = (struct span){value.at + 1, value.len - 1};
    while (value.len && is_blank(value.at[value.len - 1]))
        value.len--;
    int64_t date, seconds = 0;
    size_t digits = 0;
    for (; digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9';
         digits++)
        if (seconds < longest_s)
            seconds = seconds * 10 + (value.at[digits] - '0');
    if (digits > 0 && digits == value.len)
        return (seconds < longest_s ? seconds : longest_s) * 1000;
    if (!timefmt_parse_http(value, &date))
        return -1;
    return date > now ? date - now : 0;
}
