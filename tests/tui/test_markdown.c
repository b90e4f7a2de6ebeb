#include "screens/markdown.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/asset.h"

struct line {
    const char *text;
    enum style style;
    int indent;
    bool wraps;
};

static void expect(const char *source, const struct line *want, size_t count)
{
    struct textview v;
    textview_init(&v);
    markdown_render(&v, span_of(source), 4);
    for (size_t i = 0; i < v.count && i < count; i++) {
        assert_string_equal(v.lines[i].text, want[i].text);
        assert_int_equal(v.lines[i].style, want[i].style);
        assert_int_equal(v.lines[i].indent, want[i].indent);
        assert_int_equal(v.lines[i].wraps, want[i].wraps);
    }
    assert_int_equal(v.count, count);
    textview_free(&v);
}
#define EXPECT(source, ...)                                                                \
    expect(source, (const struct line[]){__VA_ARGS__},                                     \
           sizeof((const struct line[]){__VA_ARGS__}) / sizeof(struct line))
#define BLANK                                                                              \
    {                                                                                      \
        "", STYLE_NORMAL, 0, true                                                          \
    }

static void heading_and_paragraphs_stand_apart(void **state)
{
    (void)state;
    EXPECT("# Slack\n\nOne *line*\nand **more**.\n\nTwo.\n",
           {"Slack", STYLE_HEADING, 0, true}, BLANK,
           {"One line and more.", STYLE_NORMAL, 0, true}, BLANK,
           {"Two.", STYLE_NORMAL, 0, true}, BLANK);
}

static void list_items_hang(void **state)
{
    (void)state;
    EXPECT("- one\n- two\n  - deep\n- three\n", {"- one", STYLE_NORMAL, 2, true},
           {"- two", STYLE_NORMAL, 2, true}, {"  - deep", STYLE_NORMAL, 4, true},
           {"- three", STYLE_NORMAL, 2, true}, BLANK);
}

static void numbers_count_from_their_start(void **state)
{
    (void)state;
    EXPECT("3. three\n4. four\n", {"3. three", STYLE_NORMAL, 3, true},
           {"4. four", STYLE_NORMAL, 3, true}, BLANK);
}

static void code_keeps_its_lines(void **state)
{
    (void)state;
    EXPECT("    a  b\n\n    c\n", {"    a  b", STYLE_LINK, 6, true},
           {"    ", STYLE_LINK, 6, true}, {"    c", STYLE_LINK, 6, true}, BLANK);
    EXPECT("```sh\nmake run\n```\n", {"    make run", STYLE_LINK, 6, true}, BLANK);
}

static void links_show_where_they_lead(void **state)
{
    (void)state;
    EXPECT("See [Opik](https://x.y/z) and `code`.\n",
           {"See Opik (https://x.y/z) and code.", STYLE_NORMAL, 0, true}, BLANK);
}

static void hostile_text_is_made_safe(void **state)
{
    (void)state;
    EXPECT("a\033[31mb\n", {"a\\x1b[31mb", STYLE_NORMAL, 0, true}, BLANK);
}

static void every_help_page_reads_as_text(void **state)
{
    (void)state;
    static const char *const markup[] = {"**", "](", "`", "##"};
    int pages = 0;
    for (size_t i = 0; i < asset_count; i++) {
        struct textview v;
        if (strncmp(asset_table[i].name, "help/", 5) != 0)
            continue;
        pages++;
        textview_init(&v);
        markdown_render(&v, asset_find(asset_table[i].name), 4);
        assert_false(v.failed);
        assert_int_equal(v.lines[0].style, STYLE_HEADING);
        for (size_t l = 0; l < v.count; l++)
            for (size_t m = 0; m < sizeof markup / sizeof *markup; m++)
                if (v.lines[l].wraps && strstr(v.lines[l].text, markup[m]))
                    fail_msg("%s: %s", asset_table[i].name, v.lines[l].text);
        textview_free(&v);
    }
    assert_in_range(pages, 10, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heading_and_paragraphs_stand_apart),
        cmocka_unit_test(list_items_hang),
        cmocka_unit_test(numbers_count_from_their_start),
        cmocka_unit_test(code_keeps_its_lines),
        cmocka_unit_test(links_show_where_they_lead),
        cmocka_unit_test(hostile_text_is_made_safe),
        cmocka_unit_test(every_help_page_reads_as_text),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
