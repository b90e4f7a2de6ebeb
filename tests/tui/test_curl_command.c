#include "curl_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char HEADERS[] =
    "Host: example.org\r\nAccept: */*\r\nContent-Type: application/json\r\n"
    "Authorization: Bearer s**t\r\nX-Api-Key: ****\nwebhook-signature: v1,***\nX-Team: it's $HOME\n"
    "Content-Length: 5\n";

static void secrets_are_variables_and_the_rest_is_quoted(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(curl_command(&out, "https://example.org", span_of(HEADERS), span_of("{'$(x)`y`}")));
    assert_string_equal(buf_text(&out),
                        "# $WEBHOOK_URL is at https://example.org\n"
                        "curl -X POST \"$WEBHOOK_URL\" \\\n"
                        "  -H 'Accept: */*' \\\n"
                        "  -H 'Content-Type: application/json' \\\n"
                        "  -H 'Authorization'\": Bearer $TOKEN\" \\\n"
                        "  -H 'X-Api-Key'\": $X_API_KEY\" \\\n"
                        "  -H 'webhook-signature'\": $WEBHOOK_SIGNATURE\" \\\n"
                        "  -H 'X-Team: it'\\''s $HOME' \\\n"
                        "  --data-binary '{'\\''$(x)`y`}'\n");
    buf_free(&out);
}

/* An Authorization of the alert's own may be of any scheme: its whole value is the secret.
 */
static void only_the_token_is_a_bearer(void **state)
{
    static const char headers[] = "Authorization: Ba****==\nAuthorizations: Bearer ***\n"
                                  "no colon\n: no name\nHOST: a\nHosts: b\n";
    struct buf out;
    (void)state;
    buf_init(&out, BUF_UNLIMITED);
    assert_true(curl_command(&out, NULL, span_of(headers), span_of("{}")));
    assert_string_equal(buf_text(&out), "# $WEBHOOK_URL is at ?\n"
                                        "curl -X POST \"$WEBHOOK_URL\" \\\n"
                                        "  -H 'Authorization'\": $AUTHORIZATION\" \\\n"
                                        "  -H 'Authorizations'\": $AUTHORIZATIONS\" \\\n"
                                        "  -H 'Hosts: b' \\\n"
                                        "  --data-binary '{}'\n");
    buf_free(&out);
}

/* The real judge of quoting is a shell: what it gives curl must be the bytes. */
static void a_shell_reads_back_the_body(void **state)
{
    (void)state;
    static const char body[] = "{\"a\":\"it's `date` $(id) \\\\ \\n ! # \"}";
    struct buf out;
    char got[256] = "";
    buf_init(&out, BUF_UNLIMITED);
    buf_add_text(&out, "curl() { for last; do :; done; printf %s \"$last\"; }\n");
    assert_true(curl_command(&out, "x\ny", span_of(HEADERS), span_of(body)));
    setenv("SCRIPT", buf_text(&out), 1);
    FILE *shell = popen("sh -c \"$SCRIPT\"", "r");
    assert_non_null(shell);
    got[fread(got, 1, sizeof got - 1, shell)] = '\0';
    pclose(shell);
    assert_string_equal(got, body);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_variables_and_the_rest_is_quoted),
        cmocka_unit_test(only_the_token_is_a_bearer),
        cmocka_unit_test(a_shell_reads_back_the_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
