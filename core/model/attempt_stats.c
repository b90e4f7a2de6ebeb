#include "model/attempt_stats.h"

const struct attempt_bound ATTEMPT_BOUND[ATTEMPT_BOUNDS] = {
    {5000, "0.005"},  {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"},
    {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"}, {1000000, "1.0"},
    {2500000, "2.5"}, {5000000, "5.0"}, {10000000, "10.0"},
};

const char *attempt_class_name(enum attempt_class c)
{
    static const char *const names[] = {"2xx",   "3xx",     "4xx",     "5xx",
                                        "other", "timeout", "network", "refused"};
    return names[c];
}

static enum attempt_class class_of(const struct outcome *o)
{
    if (o->kind == OUTCOME_FORBIDDEN)
        return ATTEMPT_REFUSED;
    if (o->kind == OUTCOME_NETWORK)
        return o->timed_out ? ATTEMPT_TIMEOUT : ATTEMPT_NETWORK;
    int hundreds = o->status / 100;
    return hundreds >= 2 && hundreds <= 5
               ? (enum attempt_class)((int)ATTEMPT_2XX + hundreds - 2)
               : ATTEMPT_OTHER;
}

void attempt_stats_add(struct attempt_stats *s, const struct outcome *o)
{
    if (o->kind == OUTCOME_CANCELLED || o->kind == OUTCOME_UNKNOWN)
        return;
    s->by_class[class_of(o)]++;
    if (o->kind == OUTCOME_FORBIDDEN)
        return;
    int bound = 0;
    while (bound < ATTEMPT_BOUNDS && o->total_us > ATTEMPT_BOUND[bound].us)
        bound++;
    s->within[bound]++;
    s->total_us += o->total_us > 0 ? (uint64_t)o->total_us : 0;
}
