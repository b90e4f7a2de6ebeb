/* The memory of jansson: what it got none of is known, and what goes back is wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/secret.h"
#include "model/jsonmem.h"

static bool is_short;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return is_short ? NULL : __real_malloc(size);
}

static void it_is_known_what_there_was_no_memory_for(void **state)
{
    (void)state;
    json_malloc_t get;
    json_free_t give_back;
    json_get_alloc_funcs(&get, &give_back);
    jsonmem_begin();
    void *some = get(8);
    assert_non_null(some);
    give_back(some);
    assert_false(jsonmem_failed());
    is_short = true;
    assert_null(get(8));
    is_short = false;
    assert_true(jsonmem_failed());
    jsonmem_begin();
    assert_false(jsonmem_failed());
}

static void what_goes_back_is_wiped(void **state)
{
    (void)state;
    json_malloc_t get;
    json_free_t give_back;
    json_get_alloc_funcs(&get, &give_back);
    assert_true(give_back == secret_free_block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_known_what_there_was_no_memory_for),
        cmocka_unit_test(what_goes_back_is_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
