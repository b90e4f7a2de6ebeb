/* The program where people write 0,5: what it reads and sends is written 0.5 all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/comma.h"
#include "support/program.h"

/* A sample says what is sent when the value is one more than the threshold. */
static const char *const ALERTS[][2] = {
    {"{\"name\":\"Cost\",\"webhook\":{\"url\":\"http://127.0.0.1:9/\"},\"triggers\":[{"
     "\"event_type\":\"trace:cost\",\"trigger_configs\":[{\"type\":\"threshold:cost\","
     "\"config_value\":{\"threshold\":\"0.5\",\"window\":\"900\"}}]}]}",
     "\"metric_value\":\"1.5\""},
    {"{\"name\":\"Scores\",\"alert_type\":\"slack\",\"webhook\":{\"url\":"
     "\"http://127.0.0.1:9/\"},\"triggers\":[{\"event_type\":\"trace:feedback_score\"}]}",
     "* = 0.40, "},
};

static void numbers_have_a_point_where_people_write_a_comma(void **state)
{
    const struct program *p = *state;
    if (!comma_begin())
        skip();
    for (size_t i = 0; i < sizeof ALERTS / sizeof *ALERTS; i++) {
        char id[64], words[200];
        struct run r;
        program_create(p, ALERTS[i][0], id);
        snprintf(words, sizeof words, "alert test %s --json", id);
        program_expect(p, &r, 1, NULL, words); /* nobody listens on port 9 */
        json_t *answer = json_loads(r.out, 0, NULL);
        const char *body = json_string_value(json_object_get(answer, "request_body"));
        if (!strstr(body, ALERTS[i][1]))
            fail_msg("%s is not in %s", ALERTS[i][1], body);
        json_decref(answer);
        run_free(&r);
    }
    comma_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, program_setup, program_teardown)
        TEST(numbers_have_a_point_where_people_write_a_comma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
