#include "actions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const unsigned PLACES[] = {PLACE_ALERTS, PLACE_LOG,    PLACE_DELIVERY,
                                  PLACE_FORM,   PLACE_PICKER, PLACE_TEXT,
                                  PLACE_DELIVERIES, PLACE_BUCKETS, PLACE_ACTIVITY,
                                  PLACE_OVERVIEW, PLACE_PROJECTS, PLACE_SETTINGS,
                                  PLACE_SILENCES, PLACE_AUDIT,
                                  PLACE_REPLAYS, PLACE_QUESTION, PLACE_LINE};
enum { PLACE_COUNT = sizeof PLACES / sizeof *PLACES, HELP_COLUMNS_MAX = 66 };

/* Calls fn for each key of a row. */
static void each_key(const struct action_info *a,
                     void (*fn)(const struct action_info *, const struct key *))
{
    for (const char *at = a->keys; at && *at;) {
        struct span word = {at, strcspn(at, " ")};
        struct key key;
        if (!key_parse(word, &key))
            fail_msg("%s: \"%.*s\" is no key", a->name, (int)word.len, word.at);
        fn(a, &key);
        at += word.len + strspn(at + word.len, " ");
    }
}

/* The first row that has a key is found; a second one in the same place never would be. */
static void found_by_key(const struct action_info *a, const struct key *key)
{
    char label[16];
    key_label(key, label, sizeof label);
    for (int i = 0; i < PLACE_COUNT; i++)
        if (a->places & PLACES[i] && action_of_key(key, PLACES[i]) != a->id)
            fail_msg("%s of %s means something else in place %u", label, a->name,
                     PLACES[i]);
}

static void no_key_twice_in_one_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < action_count; i++)
        each_key(&action_table[i], found_by_key);
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < action_count; i++) {
        const struct action_info *a = &action_table[i];
        assert_int_not_equal(a->id, ACTION_NONE);
        assert_non_null(a->name);
        assert_non_null(a->help);
        assert_in_range(strlen(a->help), 1, HELP_COLUMNS_MAX);
        if (!a->keys == !a->verb)
            fail_msg("%s needs either keys or a verb", a->name);
        if (!a->keys != !a->places || !a->verb != !a->usage)
            fail_msg("%s: keys go with places, a verb with its usage", a->name);
        if (a->label && (a->flags & ACTION_HIDDEN))
            fail_msg("%s is hidden and has a label", a->name);
        if ((a->flags & ACTION_DESTROYS) && !(a->flags & ACTION_CHANGES))
            fail_msg("%s destroys without changing", a->name);
    }
}

static void every_action_has_a_row(void **state)
{
    (void)state;
    for (int id = ACTION_NONE + 1; id < ACTION_COUNT; id++)
        if (!action_info((enum action)id))
            fail_msg("action %d has no row", id);
    assert_null(action_info(ACTION_COUNT));
}

static void names_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < action_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(action_table[i].name, action_table[j].name);
}

/* The gates look at the first row of an action, so all its rows must agree. */
static void rows_of_one_action_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < action_count; i++) {
        unsigned gates = ACTION_CHANGES | ACTION_DESTROYS | ACTION_NEEDS_ROW | ACTION_LOCK;
        unsigned first = action_info(action_table[i].id)->flags;
        assert_int_equal(action_table[i].flags & gates, first & gates);
    }
}

static void every_verb_finds_its_row(void **state)
{
    (void)state;
    int verbs = 0;
    for (size_t i = 0; i < action_count; i++) {
        char verb[64], *second;
        if (!action_table[i].verb)
            continue;
        snprintf(verb, sizeof verb, "%s", action_table[i].verb);
        if ((second = strchr(verb, ' ')))
            *second++ = '\0';
        assert_ptr_equal(action_of_verb(verb, second), &action_table[i]);
        verbs++;
    }
    assert_int_equal(verbs, ACTION_COUNT - ACTION_CLI_SERVE);
}

static void verb_unknown_or_half_is_none(void **state)
{
    (void)state;
    assert_null(action_of_verb("alert", NULL));
    assert_null(action_of_verb("alert", "lis"));
    assert_null(action_of_verb("", NULL));
    assert_null(action_of_verb("servee", NULL));
    assert_non_null(action_of_verb("send", "file.json"));
}

/* What CONTRACTS refuses under --read-only. */
static void verbs_that_change_are_marked(void **state)
{
    (void)state;
    static const char *const changing[][2] = {
        {"serve", NULL},      {"send", NULL},         {"demo", NULL},
        {"alert", "create"},  {"alert", "update"},    {"alert", "enable"},
        {"alert", "disable"}, {"alert", "delete"},    {"alert", "import"},
        {"alert", "test"},    {"delivery", "replay"},
    };
    static const char *const reading[][2] = {
        {"alert", "list"},    {"alert", "show"},    {"alert", "export"},
        {"delivery", "list"}, {"delivery", "show"}, {"log", NULL},
        {"bucket", "list"},   {"explain", NULL},    {"config", NULL},
        {"completion", NULL},
    };
    for (size_t i = 0; i < sizeof changing / sizeof *changing; i++)
        assert_true(action_of_verb(changing[i][0], changing[i][1])->flags & ACTION_CHANGES);
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++)
        assert_int_equal(action_of_verb(reading[i][0], reading[i][1])->flags &
                             (ACTION_CHANGES | ACTION_LOCK),
                         0);
}

static void deleting_asks_and_every_place_has_help(void **state)
{
    (void)state;
    struct key f1 = {.kind = KEY_KIND_NAMED, .code = KEY_F1_};
    assert_true(action_info(ACTION_ALERT_DELETE)->flags & ACTION_DESTROYS);
    for (int i = 0; i < PLACE_COUNT; i++)
        if (PLACES[i] != PLACE_QUESTION && PLACES[i] != PLACE_LINE) /* these are left first */
            assert_int_equal(action_of_key(&f1, PLACES[i]), ACTION_HELP);
}

/* A mark that nothing looks at only misleads. */
static void rows_are_marked_where_something_works_on_several(void **state)
{
    (void)state;
    unsigned marked = 0, bulk = 0;
    for (size_t i = 0; i < action_count; i++) {
        if (action_table[i].id == ACTION_MARK)
            marked |= action_table[i].places;
        if (action_table[i].flags & ACTION_BULK)
            bulk |= action_table[i].places;
    }
    assert_int_equal(marked, bulk & PLACE_TABLES);
}

static void key_label_is_the_first_key(void **state)
{
    (void)state;
    char label[16];
    action_key_label(ACTION_ALERT_TOGGLE, label, sizeof label);
    assert_string_equal(label, "o");
    action_key_label(ACTION_CLI_SERVE, label, sizeof label);
    assert_string_equal(label, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_key_twice_in_one_place),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_action_has_a_row),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(rows_of_one_action_agree),
        cmocka_unit_test(every_verb_finds_its_row),
        cmocka_unit_test(verb_unknown_or_half_is_none),
        cmocka_unit_test(verbs_that_change_are_marked),
        cmocka_unit_test(deleting_asks_and_every_place_has_help),
        cmocka_unit_test(rows_are_marked_where_something_works_on_several),
        cmocka_unit_test(key_label_is_the_first_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
