/* What follows an attempt. Pure: time and chance come in as numbers.
 *
 * wait before attempt n+1 = min(max_delay, initial * 2^(n-1) * U(0.5, 1.5)). Tried again:
 * 5xx, 429 and anything without a complete answer. Not: other 4xx, 3xx, a refused address,
 * a bad URL. A Retry-After is honoured in full up to max_age after the delivery's creation;
 * one that reaches beyond it ends the delivery at once. */
#ifndef RULES_RETRY_H
#define RULES_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "model/delivery.h"
#include "model/outcome.h"

/* Of the reason of one whose attempts are spent: their number before it, the last error
 * after. */
#define RETRY_ALL_FAILED " attempts failed, the last: "

struct retry_policy {
    int max; /* retries after the first attempt: 3 makes 4 attempts */
    int64_t initial_ms, max_delay_ms, max_age_ms;
};

struct retry_decision {
    enum delivery_state state; /* DELIVERED, RETRYING or DEAD */
    int64_t next_at;           /* steady ms, for RETRYING */
    char reason[160]; /* for DEAD, in words: "answered 404", "4 attempts failed: ..." */
};

/* `n` attempts were made, this one included (0: it is none of its tries, a probe); chance
 * is in [0, 1); now and created are steady ms. An outcome of kind UNKNOWN or CANCELLED is
 * always tried again at once: it says nothing about the endpoint. */
void retry_decide(const struct retry_policy *policy, const struct outcome *outcome, int n,
                  int64_t created, int64_t now, double chance,
                  struct retry_decision *decision);

int64_t retry_wait_ms(const struct retry_policy *policy, int n, double chance);

/* Reads a Retry-After value (RFC 9110 10.2.3): seconds or a date, as a pause from now in
 * ms, never negative. -1: not readable. now is wall ms. */
int64_t retry_after_parse(struct span value, int64_t now);

#endif
