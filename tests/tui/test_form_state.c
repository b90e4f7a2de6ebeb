/* The alert form without a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/condition_text.h"
#include "screens/form_lines.h"
#include "screens/form_state.h"

#define KEY     "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OLD_KEY "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void go_to(struct form_state *f, enum form_spot spot)
{
    for (int i = 0; i < FORM_LINES_MAX && f->focus != spot; i++)
        form_move(f, 1);
    assert_int_equal(f->focus, spot);
}

static bool has_spot(const struct form_state *f, enum form_spot spot)
{
    struct form_line lines[FORM_LINES_MAX];
    size_t count = form_lines(f, lines);
    for (size_t i = 0; i < count; i++)
        if (lines[i].kind == LINE_SPOT && lines[i].spot == spot)
            return true;
    return false;
}

static struct form_state *new_form(const struct alert *edit)
{
    struct form_state *f = malloc(sizeof *f);
    assert_true(form_init(f, edit));
    return f;
}

static void end_form(struct form_state *f)
{
    form_free(f);
    free(f);
}

static void the_destination_decides_on_the_fields(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    assert_false(has_spot(f, SPOT_BASE_URL));
    go_to(f, SPOT_DESTINATION);
    assert_true(form_choose(f, 1)); /* Slack */
    assert_true(has_spot(f, SPOT_BASE_URL));
    assert_false(has_spot(f, SPOT_ROUTING_KEY));
    assert_string_equal(field_text(&f->url), "");
    assert_true(form_choose(f, 1)); /* PagerDuty */
    assert_true(has_spot(f, SPOT_ROUTING_KEY));
    assert_string_equal(field_text(&f->url), "https://events.pagerduty.com/v2/enqueue");
    assert_true(form_choose(f, 1)); /* General again */
    assert_true(form_choose(f, -1));
    assert_int_equal(f->destination, DESTINATION_PAGERDUTY);
    assert_true(form_choose(f, 1));
    assert_false(has_spot(f, SPOT_ROUTING_KEY));
    assert_string_equal(field_text(&f->url), "");
    assert_false(form_changed(f));
    end_form(f);
}

static void an_address_that_was_typed_stays(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    field_set(&f->url, "https://proxy.example.org/pd");
    go_to(f, SPOT_DESTINATION);
    for (int i = 0; i < 3; i++) {
        form_choose(f, 1);
        assert_string_equal(field_text(&f->url), "https://proxy.example.org/pd");
    }
    end_form(f);
}

static void what_is_chosen_is_in_the_alert(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    struct alert a;
    field_set(&f->name, "Pager");
    field_set(&f->routing_key, " key-0123456789 ");
    field_set(&f->base_url, "https://opik.example.org");
    go_to(f, SPOT_DESTINATION);
    form_choose(f, 1);
    form_choose(f, 1);
    go_to(f, SPOT_SEVERITY);
    form_choose(f, 1);
    go_to(f, SPOT_DEDUP);
    form_choose(f, 1);
    assert_true(form_alert(f, &a));
    assert_int_equal(a.destination, DESTINATION_PAGERDUTY);
    assert_string_equal(alert_metadata(&a, ALERT_ROUTING_KEY), "key-0123456789");
    assert_string_equal(alert_metadata(&a, ALERT_BASE_URL), "https://opik.example.org");
    assert_string_equal(alert_metadata(&a, ALERT_SEVERITY), "critical");
    assert_string_equal(alert_metadata(&a, ALERT_DEDUP), "delivery");
    alert_free(&a);
    end_form(f);
}

/* What is stored comes back the same, also what the form knows nothing of. */
static void an_edit_keeps_what_it_does_not_show(void **state)
{
    (void)state;
    struct alert a, b;
    struct err err;
    alert_init(&a);
    a.destination = DESTINATION_PAGERDUTY;
    assert_true(alert_set(&a.name, "n") && alert_set_secret(&a.url, "https://h/x") &&
                alert_set_metadata(&a, "of_somebody", "else") &&
                alert_set_metadata(&a, ALERT_ROUTING_KEY, "k") &&
                alert_set_metadata(&a, ALERT_SEVERITY, "info") &&
                alert_set_metadata(&a, ALERT_DEDUP, "delivery") &&
                alert_set_metadata(&a, ALERT_TLS_INSECURE, "false") &&
                alert_set_metadata(&a, ALERT_TLS_CA, "/etc/ssl/own.pem") &&
                alert_set_metadata(&a, ALERT_SIGNING_SECRET, KEY) &&
                alert_set_metadata(&a, ALERT_SIGNING_PREVIOUS, OLD_KEY) &&
                alert_set_metadata(&a, ALERT_SIGNING_UNTIL, "2026-01-02T00:00:00.000Z"));
    struct alert_trigger *t = alert_add_trigger(&a, EVENT_TRACE_ERRORS);
    assert_true(condition_text_read(span_of("over 10 in 15m"), t, &err));
    struct form_state *f = new_form(&a);
    assert_false(form_changed(f));
    assert_true(form_alert(f, &b));
    assert_true(alert_same_content(&a, &b));
    alert_free(&b);
    assert_true(condition_text_read(span_of("over 11 in 15m"), &f->alert.triggers[0], &err));
    assert_true(form_changed(f));
    end_form(f);
    alert_free(&a);
}

static void what_was_added_has_the_focus(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    form_set_triggers(f, 1u << EVENT_TRACE_COST);
    assert_int_equal(f->focus, SPOT_TRIGGER);
    form_set_triggers(f, 1u << EVENT_TRACE_COST | 1u << EVENT_TRACE_ERRORS);
    assert_int_equal(f->focus, SPOT_TRIGGER);
    assert_int_equal(f->alert.triggers[f->index].type, EVENT_TRACE_ERRORS);
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS);
    assert_int_equal(f->focus, SPOT_ADD_TRIGGER);
    end_form(f);
}

static void problems_stand_at_their_fields(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    field_set(&f->name, "n");
    field_set(&f->url, "https://h/x");
    form_set_triggers(f, 1u << EVENT_TRACE_COST);
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_TRIGGER);
    assert_true(form_check(f, true)); /* a test needs no threshold */
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS);
    go_to(f, SPOT_DESTINATION);
    form_choose(f, 1);
    form_choose(f, 1);
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_ROUTING_KEY);
    field_set(&f->routing_key, "k");
    field_set(&f->base_url, "nonsense");
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_BASE_URL);
    end_form(f);
}

static bool says_insecure(const struct form_state *f)
{
    struct form_line lines[FORM_LINES_MAX];
    size_t count = form_lines(f, lines);
    for (size_t i = 0; i < count; i++)
        if (lines[i].kind == LINE_PROBLEM && strstr(lines[i].text, "INSECURE"))
            return true;
    return false;
}

static void insecure_is_said_loudly_while_it_is_chosen(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    struct alert a;
    go_to(f, SPOT_ADVANCED);
    assert_false(says_insecure(f));
    f->advanced = true;
    go_to(f, SPOT_INSECURE);
    assert_true(form_choose(f, 1));
    assert_true(says_insecure(f));
    f->advanced = false; /* closed or not */
    assert_true(says_insecure(f));
    assert_true(form_alert(f, &a));
    assert_true(alert_is_insecure(&a));
    end_form(f);
    f = new_form(&a);
    assert_true(f->advanced && says_insecure(f));
    go_to(f, SPOT_INSECURE);
    assert_true(form_choose(f, 1));
    assert_false(says_insecure(f));
    alert_free(&a);
    assert_true(form_alert(f, &a));
    assert_null(alert_metadata(&a, ALERT_TLS_INSECURE));
    alert_free(&a);
    end_form(f);
}

static void signature_and_files_are_in_the_alert(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    struct alert a;
    field_set(&f->name, "n");
    field_set(&f->url, "https://h/x");
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS);
    field_set(&f->signing, " " KEY " ");
    field_set(&f->tls_ca, "/etc/ssl/own.pem");
    field_set(&f->tls_cert, "/etc/ssl/client.pem");
    field_set(&f->tls_key, "client.key");
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_TLS_KEY);
    assert_true(f->advanced);
    field_set(&f->tls_key, "/etc/ssl/client.key");
    assert_true(form_check(f, false));
    assert_true(form_alert(f, &a));
    assert_string_equal(alert_metadata(&a, ALERT_SIGNING_SECRET), KEY);
    assert_string_equal(alert_metadata(&a, ALERT_TLS_CA), "/etc/ssl/own.pem");
    assert_string_equal(alert_metadata(&a, ALERT_TLS_CERT), "/etc/ssl/client.pem");
    assert_string_equal(alert_metadata(&a, ALERT_TLS_KEY), "/etc/ssl/client.key");
    alert_free(&a);
    field_set(&f->signing, "whsec_short");
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_SIGNING);
    assert_true(form_field(f)->masked);
    end_form(f);
}

static void the_previous_key_can_be_dropped(void **state)
{
    (void)state;
    struct alert a, b;
    alert_init(&a);
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_SECRET, KEY));
    struct form_state *f = new_form(&a);
    assert_false(has_spot(f, SPOT_PREVIOUS));
    end_form(f);
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_PREVIOUS, OLD_KEY) &&
                alert_set_metadata(&a, ALERT_SIGNING_UNTIL, "2026-01-02T00:00:00.000Z"));
    f = new_form(&a);
    go_to(f, SPOT_PREVIOUS);
    assert_true(form_choose(f, 1));
    assert_true(form_changed(f));
    assert_true(form_alert(f, &b));
    assert_null(alert_metadata(&b, ALERT_SIGNING_PREVIOUS));
    assert_null(alert_metadata(&b, ALERT_SIGNING_UNTIL));
    assert_string_equal(alert_metadata(&b, ALERT_SIGNING_SECRET), KEY);
    alert_free(&a);
    alert_free(&b);
    end_form(f);
}

static void type(struct form_state *f, enum form_spot spot, const char *text)
{
    go_to(f, spot);
    struct key clear = {.kind = KEY_KIND_CTRL, .code = 'u'};
    field_key(form_field(f), &(struct key){.kind = KEY_KIND_NAMED, .code = KEY_END_});
    field_key(form_field(f), &clear);
    field_key(form_field(f), &(struct key){.kind = KEY_KIND_PASTE, .text = span_of(text)});
}

static void secret_alert(struct alert *a)
{
    alert_init(a);
    assert_true(alert_set(&a->name, "a"));
    assert_true(alert_set_secret(&a->url, "https://one.example.org/hook"));
    assert_true(alert_set_secret(&a->token, "the token"));
    assert_true(alert_add_header(a, "X-Key", "the value"));
    assert_true(alert_set_metadata(a, ALERT_SIGNING_SECRET, KEY));
    assert_non_null(alert_add_trigger(a, EVENT_TRACE_ERRORS));
}

/* Nobody may learn a stored secret by sending it to a place of their own. */
static void stored_secrets_go_to_no_other_place(void **state)
{
    (void)state;
    struct alert a;
    secret_alert(&a);
    struct form_state *f = new_form(&a);
    type(f, SPOT_URL, "https://one.example.org/other");
    assert_true(form_check(f, false)); /* the same place */
    type(f, SPOT_URL, "https://two.example.org/hook");
    for (int test = 0; test < 2; test++) {
        assert_false(form_check(f, test));
        assert_int_equal(f->problem_count, 3);
        assert_int_equal(f->focus, SPOT_TOKEN);
    }
    go_to(f, SPOT_TOKEN); /* what is only added to is still the stored one */
    form_field(f)->revealed = true;
    field_key(form_field(f), &(struct key){.kind = KEY_KIND_CHAR, .code = 'x'});
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_TOKEN);
    type(f, SPOT_TOKEN, "the token");
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_HEADER_VALUE);
    assert_true(form_remove(f));
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_SIGNING);
    type(f, SPOT_SIGNING, "");
    assert_true(form_check(f, false));
    type(f, SPOT_URL, "nonsense"); /* one thing at a time */
    assert_false(form_check(f, false));
    assert_int_equal(f->problem_count, 1);
    end_form(f);
    alert_free(&a);
}

/* Three things are to be mended: the mark of each stays until it is. */
static void a_mark_goes_with_what_it_says(void **state)
{
    (void)state;
    struct alert a;
    secret_alert(&a);
    struct form_state *f = new_form(&a);
    form_judge_again(f); /* nothing is marked: nothing is looked for */
    type(f, SPOT_NAME, "");
    form_judge_again(f);
    assert_int_equal(f->problem_count, 0);
    type(f, SPOT_URL, "https://two.example.org/hook");
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_NAME);
    assert_int_equal(f->problem_count, 4);
    type(f, SPOT_TOKEN, "another");
    form_judge_again(f);
    assert_int_equal(f->problem_count, 3);
    assert_int_equal(f->focus, SPOT_TOKEN); /* the focus stays */
    type(f, SPOT_NAME, "a");
    form_judge_again(f);
    assert_int_equal(f->problem_count, 2);
    end_form(f);
    alert_free(&a);
}

/* They are found in another order. */
static void the_focus_goes_to_the_first_mark_of_the_screen(void **state)
{
    (void)state;
    struct alert a;
    secret_alert(&a);
    a.destination = DESTINATION_PAGERDUTY;
    assert_true(alert_set_metadata(&a, ALERT_ROUTING_KEY, "a routing key"));
    struct form_state *f = new_form(&a);
    type(f, SPOT_URL, "https://two.example.org/hook");
    f->advanced = false;
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_ROUTING_KEY);
    assert_true(f->advanced); /* there are marks too */
    end_form(f);
    alert_free(&a);
}

static void a_key_that_will_be_made_is_no_stored_one(void **state)
{
    (void)state;
    struct alert a;
    alert_init(&a);
    assert_true(alert_set(&a.name, "a copy"));
    assert_true(alert_set_secret(&a.url, "https://one.example.org/hook"));
    assert_true(alert_set_metadata(&a, ALERT_SIGNING_SECRET, ALERT_SIGNING_GENERATE));
    assert_non_null(alert_add_trigger(&a, EVENT_TRACE_ERRORS));
    struct form_state *f = new_form(&a);
    type(f, SPOT_URL, "https://two.example.org/hook");
    assert_true(form_check(f, false));
    end_form(f);
    alert_free(&a);
}

static void type_header(struct form_state *f, const char *name, const char *value)
{
    assert_true(form_add_header(f));
    assert_int_equal(f->focus, SPOT_HEADER_NAME);
    assert_int_equal(f->index, f->header_count - 1);
    assert_true(field_set(&f->headers[f->index].name, name));
    assert_true(field_set(&f->headers[f->index].value, value));
}

/* An untouched row is no header; one that is half filled is a wrong one. */
static void headers_are_those_with_anything_in_them(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    struct alert a;
    field_set(&f->name, "n");
    field_set(&f->url, "https://h/x");
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS);
    type_header(f, "A", "1");
    type_header(f, "", "");
    type_header(f, "B", "2");
    assert_true(form_check(f, false));
    assert_true(form_alert(f, &a));
    assert_int_equal(a.header_count, 2);
    assert_string_equal(a.headers[1].name, "B");
    alert_free(&a);
    field_set(&f->headers[2].name, "");
    assert_false(form_check(f, false));
    assert_int_equal(f->focus, SPOT_HEADER_NAME);
    assert_int_equal(f->index, 2); /* of the rows, not of the headers */
    end_form(f);
}

static void removing_leaves_the_focus_beside(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    type_header(f, "A", "1");
    type_header(f, "B", "2");
    type_header(f, "C", "3");
    f->index = 1;
    assert_true(form_remove(f));
    assert_string_equal(field_text(&f->headers[1].name), "C");
    assert_string_equal(field_text(&f->headers[1].value), "3");
    assert_int_equal(f->index, 1);
    assert_true(form_remove(f)); /* the last: the one before it */
    assert_int_equal(f->focus, SPOT_HEADER_NAME);
    assert_int_equal(f->index, 0);
    assert_true(form_remove(f));
    assert_int_equal(f->header_count, 0);
    assert_int_equal(f->focus, SPOT_ADD_HEADER);
    assert_int_equal(f->index, 0);
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS | 1u << EVENT_TRACE_COST);
    f->focus = SPOT_TRIGGER;
    f->index = 1;
    assert_true(form_remove(f));
    assert_int_equal(f->focus, SPOT_TRIGGER);
    assert_int_equal(f->index, 0);
    assert_true(form_remove(f));
    assert_int_equal(form_triggers(f), 0);
    assert_int_equal(f->focus, SPOT_ADD_TRIGGER);
    assert_false(form_remove(f));
    end_form(f);
}

static size_t problem_lines(const struct form_state *f, enum form_spot below, size_t index)
{
    struct form_line lines[FORM_LINES_MAX];
    size_t count = form_lines(f, lines), problems = 0;
    for (size_t i = 1; i < count; i++)
        problems += lines[i].kind == LINE_PROBLEM && lines[i - 1].kind == LINE_SPOT &&
                    lines[i - 1].spot == below && lines[i - 1].index == index;
    return problems;
}

/* Down through all of them, round the end, and up again. */
static void the_focus_goes_through_every_spot(void **state)
{
    static const enum form_spot spots[] = {
        SPOT_NAME,        SPOT_ENABLED,      SPOT_DESTINATION, SPOT_URL,
        SPOT_ADVANCED,    SPOT_TOKEN,        SPOT_HEADER_NAME, SPOT_HEADER_VALUE,
        SPOT_HEADER_NAME, SPOT_HEADER_VALUE, SPOT_ADD_HEADER,  SPOT_SIGNING,
        SPOT_TLS_CA,      SPOT_TLS_CERT,     SPOT_TLS_KEY,     SPOT_INSECURE,
        SPOT_TRIGGER,     SPOT_ADD_TRIGGER,  SPOT_SAVE,        SPOT_TEST,
        SPOT_CANCEL};
    enum { COUNT = sizeof spots / sizeof *spots };
    (void)state;
    struct form_state *f = new_form(NULL);
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS);
    type_header(f, "A", "1");
    type_header(f, "B", "2");
    f->focus = SPOT_NAME;
    f->index = 0;
    for (int i = 0; i < 2 * COUNT; i++, form_move(f, 1))
        assert_int_equal(f->focus, spots[i % COUNT]);
    for (int i = 2 * COUNT; i > 0; form_move(f, -1), i--)
        assert_int_equal(f->focus, spots[i % COUNT]);
    end_form(f);
}

/* Each below the line of what is wrong, and nowhere else; gone with the next choice. */
static void problems_stand_below_their_lines(void **state)
{
    (void)state;
    struct form_state *f = new_form(NULL);
    field_set(&f->name, "  n  ");
    form_set_triggers(f, 1u << EVENT_TRACE_ERRORS);
    type_header(f, "A", "1");
    type_header(f, "", "2");
    assert_false(form_check(f, false));
    assert_int_equal(problem_lines(f, SPOT_NAME, 0), 0);
    assert_int_equal(problem_lines(f, SPOT_URL, 0), 1);
    assert_int_equal(problem_lines(f, SPOT_HEADER_NAME, 0), 0);
    assert_int_equal(problem_lines(f, SPOT_HEADER_NAME, 1), 1);
    assert_int_equal(f->focus, SPOT_URL);
    f->focus = SPOT_ENABLED;
    assert_true(form_choose(f, 1));
    assert_int_equal(problem_lines(f, SPOT_URL, 0), 1); /* that one is not mended */
    f->focus = SPOT_NAME;
    assert_false(form_choose(f, 1));
    end_form(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_secrets_go_to_no_other_place),
        cmocka_unit_test(a_mark_goes_with_what_it_says),
        cmocka_unit_test(the_focus_goes_to_the_first_mark_of_the_screen),
        cmocka_unit_test(a_key_that_will_be_made_is_no_stored_one),
        cmocka_unit_test(the_destination_decides_on_the_fields),
        cmocka_unit_test(an_address_that_was_typed_stays),
        cmocka_unit_test(what_is_chosen_is_in_the_alert),
        cmocka_unit_test(an_edit_keeps_what_it_does_not_show),
        cmocka_unit_test(what_was_added_has_the_focus),
        cmocka_unit_test(problems_stand_at_their_fields),
        cmocka_unit_test(insecure_is_said_loudly_while_it_is_chosen),
        cmocka_unit_test(signature_and_files_are_in_the_alert),
        cmocka_unit_test(the_previous_key_can_be_dropped),
        cmocka_unit_test(headers_are_those_with_anything_in_them),
        cmocka_unit_test(removing_leaves_the_focus_beside),
        cmocka_unit_test(problems_stand_below_their_lines),
        cmocka_unit_test(the_focus_goes_through_every_spot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
