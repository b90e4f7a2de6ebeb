/* What the tests of what is wrong with an alert share. */
#ifndef TESTS_MODEL_ALERT_FIXTURE_H
#define TESTS_MODEL_ALERT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct verdict {
    const char *text, *problem; /* a part of the problem; NULL: fine */
};

static inline void assert_problem(const char *text, const char *problem,
                                  const char *expected)
{
    if (!expected && problem)
        fail_msg("\"%s\" is fine, but: %s", text, problem);
    if (expected && !problem)
        fail_msg("\"%s\" passed, expected: %s", text, expected);
    if (expected && !strstr(problem, expected))
        fail_msg("\"%s\": expected \"%s\", got \"%s\"", text, expected, problem);
}

/* The caller frees it. */
static inline char *repeated(const char *head, char c, size_t count)
{
    size_t len = strlen(head);
    char *text = calloc(1, len + count + 1);
    assert_non_null(text);
    memcpy(text, head, len);
    memset(text + len, c, count);
    return text;
}

#endif
