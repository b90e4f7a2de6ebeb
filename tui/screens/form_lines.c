#include "screens/form_lines.h"

struct lines {
    struct form_line *items;
    size_t count;
};

static void add(struct lines *l, enum form_line_kind kind, enum form_spot spot, size_t index,
                const char *text)
{
    if (l->count < FORM_LINES_MAX)
        l->items[l->count++] = (struct form_line){kind, spot, index, text};
}

static void add_problems(const struct form_state *f, struct lines *l, enum alert_field field,
                         size_t index)
{
    for (size_t i = 0; i < f->problem_count; i++)
        if (f->problems[i].field == field && f->problems[i].index == index)
            add(l, LINE_PROBLEM, SPOT_NAME, 0, f->problems[i].text);
}

static void add_spot(const struct form_state *f, struct lines *l, enum form_spot spot,
                     enum alert_field field)
{
    add(l, LINE_SPOT, spot, 0, NULL);
    add_problems(f, l, field, 0);
}

static void add_advanced(const struct form_state *f, struct lines *l)
{
    add_spot(f, l, SPOT_TOKEN, ALERT_FIELD_TOKEN);
    for (size_t i = 0; i < f->header_count; i++) {
        add(l, LINE_SPOT, SPOT_HEADER_NAME, i, NULL);
        add_problems(f, l, ALERT_FIELD_HEADER_NAME, i);
        add_problems(f, l, ALERT_FIELD_HEADER_VALUE, i);
    }
    add(l, LINE_SPOT, SPOT_ADD_HEADER, 0, NULL);
    add_spot(f, l, SPOT_SIGNING, ALERT_FIELD_SIGNING);
    if (alert_metadata(&f->alert, ALERT_SIGNING_PREVIOUS))
        add(l, LINE_SPOT, SPOT_PREVIOUS, 0, NULL);
    add_spot(f, l, SPOT_TLS_CA, ALERT_FIELD_TLS_CA);
    add_spot(f, l, SPOT_TLS_CERT, ALERT_FIELD_TLS_CERT);
    add_spot(f, l, SPOT_TLS_KEY, ALERT_FIELD_TLS_KEY);
    add(l, LINE_SPOT, SPOT_INSECURE, 0, NULL);
}

static void add_destination(const struct form_state *f, struct lines *l)
{
    add_spot(f, l, SPOT_DESTINATION, ALERT_FIELD_METADATA);
    add_spot(f, l, SPOT_URL, ALERT_FIELD_URL);
    if (f->insecure)
        add(l, LINE_PROBLEM, SPOT_NAME, 0, "INSECURE: whoever answers gets the token");
    if (f->destination == DESTINATION_PAGERDUTY) {
        add_spot(f, l, SPOT_ROUTING_KEY, ALERT_FIELD_ROUTING_KEY);
        add_spot(f, l, SPOT_SEVERITY, ALERT_FIELD_SEVERITY);
        add(l, LINE_SPOT, SPOT_DEDUP, 0, NULL);
    }
    if (f->destination != DESTINATION_GENERAL)
        add_spot(f, l, SPOT_BASE_URL, ALERT_FIELD_BASE_URL);
}

size_t form_lines(const struct form_state *f, struct form_line *lines)
{
    struct lines l = {lines, 0};
    add_spot(f, &l, SPOT_NAME, ALERT_FIELD_NAME);
    add(&l, LINE_SPOT, SPOT_ENABLED, 0, NULL);
    add_destination(f, &l);
    add(&l, LINE_SPOT, SPOT_ADVANCED, 0, NULL);
    if (f->advanced)
        add_advanced(f, &l);
    add(&l, LINE_BLANK, SPOT_NAME, 0, NULL);
    add(&l, LINE_TRIGGERS_HEAD, SPOT_NAME, 0, NULL);
    for (size_t i = 0; i < f->alert.trigger_count; i++) {
        add(&l, LINE_SPOT, SPOT_TRIGGER, i, NULL);
        add_problems(f, &l, ALERT_FIELD_SCOPE, i);
        add_problems(f, &l, ALERT_FIELD_CONDITION, i);
    }
    add_spot(f, &l, SPOT_ADD_TRIGGER, ALERT_FIELD_TRIGGERS);
    add(&l, LINE_BLANK, SPOT_NAME, 0, NULL);
    add(&l, LINE_BUTTONS, SPOT_SAVE, 0, NULL);
    return l.count;
}
