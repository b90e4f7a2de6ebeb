#include "rules/breaker.h"

int breaker_judge(const struct outcome *o)
{
    if (o->kind == OUTCOME_UNKNOWN || o->kind == OUTCOME_CANCELLED ||
        o->kind == OUTCOME_FORBIDDEN)
        return 0; /* nothing was sent, or nobody knows */
    if (o->kind != OUTCOME_RESPONSE)
        return -1;
    return o->status >= 500 || o->status == 429 || o->status < 100 ? -1 : 1;
}

static void remember(struct breaker *b, int64_t delivery)
{
    for (int i = 0; i < b->deliveries; i++)
        if (b->seen[i] == delivery)
            return;
    if (b->deliveries < BREAKER_DELIVERIES)
        b->seen[b->deliveries++] = delivery;
}

static void open_until(struct breaker *b, int64_t wait_ms, int64_t now)
{
    b->state = BREAKER_OPEN;
    b->probe_wait_ms = wait_ms < BREAKER_PROBE_MAX_MS ? wait_ms : BREAKER_PROBE_MAX_MS;
    b->probe_at = now + b->probe_wait_ms;
}

static bool note_failure(struct breaker *b, int64_t delivery, int64_t now)
{
    if (b->failures == 0)
        b->first_failure_at = now;
    b->failures++;
    remember(b, delivery);
    if (b->state == BREAKER_OPEN && now < b->probe_at)
        return false; /* one that was under way when it opened */
    if (b->state != BREAKER_CLOSED) {
        open_until(b, 2 * b->probe_wait_ms, now);
        return true;
    }
    if (b->failures < BREAKER_FAILURES || b->deliveries < BREAKER_DELIVERIES ||
        now - b->first_failure_at < BREAKER_SPAN_MS)
        return false;
    open_until(b, BREAKER_PROBE_MS, now);
    return true;
}

static bool note_success(struct breaker *b, size_t all_slots)
{
    enum breaker_state before = b->state;
    int64_t wait = b->probe_wait_ms;
    size_t slots = before == BREAKER_RAMP ? 2 * b->slots : 1;
    *b = (struct breaker){0};
    if (before == BREAKER_CLOSED)
        return false;
    if (before == BREAKER_RAMP && slots >= all_slots)
        return true; /* closed */
    b->state = BREAKER_RAMP;
    b->slots = slots;
    b->probe_wait_ms = wait; /* of a failure within the ramp */
    return before != BREAKER_RAMP;
}

bool breaker_note(struct breaker *b, int verdict, int64_t delivery, size_t all_slots,
                  int64_t now)
{
    if (verdict == 0)
        return false;
    return verdict < 0 ? note_failure(b, delivery, now) : note_success(b, all_slots);
}

void breaker_restore(struct breaker *b, enum breaker_state state, int64_t probe_at)
{
    *b = (struct breaker){.state = state};
    if (state == BREAKER_CLOSED)
        return;
    b->probe_wait_ms = BREAKER_PROBE_MS;
    if (state == BREAKER_OPEN)
        b->probe_at = probe_at;
    else
        b->slots = 1;
}

size_t breaker_slots(const struct breaker *b, size_t all_slots, int64_t now)
{
    switch (b->state) {
    case BREAKER_OPEN:
        return now >= b->probe_at ? 1 : 0;
    case BREAKER_RAMP:
        return b->slots < all_slots ? b->slots : all_slots;
    default:
        return all_slots;
    }
}

const char *breaker_state_name(enum breaker_state s)
{
    static const char *const names[] = {"closed", "open", "recovering"};
    return names[s];
}
