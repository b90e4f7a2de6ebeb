#include "rules/threshold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/json.h"

bool threshold_value(const struct alert_condition *c, const struct threshold_sum *sum,
                     double *value)
{
    bool average = c->kind == CONDITION_FEEDBACK || c->kind == CONDITION_LATENCY;
    if (average && sum->count == 0)
        return false;
    if (c->kind == CONDITION_ERRORS)
        *value = (double)sum->count;
    else
        *value = average ? sum->sum / (double)sum->count : sum->sum;
    return true;
}

bool threshold_met(const struct alert_condition *c, double value)
{
    double threshold = strtod(c->threshold, NULL);
    return c->below ? value < threshold : value > threshold;
}

bool threshold_step(struct threshold_state *state, bool met, int64_t now, int64_t repeat_ms)
{
    bool again = state->met && repeat_ms > 0 && now - state->fired_at >= repeat_ms;
    bool fires = met && (!state->met || again);
    state->met = met;
    if (fires)
        state->fired_at = now;
    return fires;
}

void threshold_text(double value, char out[THRESHOLD_TEXT_SIZE])
{
    int full = snprintf(out, THRESHOLD_TEXT_SIZE, "%.9f", value);
    if (full >= THRESHOLD_TEXT_SIZE)
        snprintf(out, THRESHOLD_TEXT_SIZE, "%.15g", value);
    if (full >= THRESHOLD_TEXT_SIZE || !strchr(out, '.'))
        return;
    size_t len = strlen(out);
    while (out[len - 1] == '0')
        out[--len] = '\0';
    if (out[len - 1] == '.')
        out[len - 1] = '\0';
}

/* trace:errors as Opik names its constants: TRACE_ERRORS. */
static void constant_name(enum event_type type, char *out, size_t size)
{
    const char *name = event_type_name(type);
    size_t i = 0;
    for (; name[i] && i + 1 < size; i++)
        out[i] = name[i] == ':' ? '_' : ascii_upper(name[i]);
    out[i] = '\0';
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_add_format(out, ",\"%s\":", key);
    js_append_string(out, span_of(text));
}

bool threshold_entity(enum event_type type, const struct alert_condition *c, double value,
                      const char *project_ids, const char *project_names, struct buf *out)
{
    char constant[40], text[THRESHOLD_TEXT_SIZE];
    constant_name(type, constant, sizeof constant);
    threshold_text(value, text);
    buf_add_format(out, "{\"event_type\":\"%s\"", constant);
    add_text(out, "metric_name", event_type_name(type));
    add_text(out, "metric_value", text);
    add_text(out, "threshold", c->threshold);
    buf_add_format(out, ",\"window_seconds\":%lld", (long long)c->window_s);
    add_text(out, "project_ids", project_ids);
    add_text(out, "project_names", project_names);
    if (c->kind == CONDITION_FEEDBACK) {
        add_text(out, "feedback_score_name", c->name);
        add_text(out, "operator", c->below ? "<" : ">");
    }
    return buf_add_char(out, '}');
}
