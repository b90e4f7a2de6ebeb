#include "screens/markdown.h"

#include <cmark.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* A block in the making: its text, and how deep in lists it stands. */
struct page {
    struct textview *view;
    struct buf text;
    int depth, code_indent;
    char bullet[8]; /* of the item that begins; empty: none does */
};

static void add_literal(struct page *p, cmark_node *node)
{
    const char *text = cmark_node_get_literal(node);
    buf_add_text(&p->text, text ? text : "");
}

static void add_inline(struct page *p, cmark_node *node, bool enters)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
        add_literal(p, node);
        break;
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
        buf_add_char(&p->text, ' ');
        break;
    case CMARK_NODE_LINK:
        if (!enters)
            buf_add_format(&p->text, " (%s)", cmark_node_get_url(node));
        break;
    default:
        break;
    }
}

static void flush(struct page *p, enum style style)
{
    struct buf line;
    int indent = 2 * p->depth;
    buf_init(&line, BUF_UNLIMITED);
    int before = indent - (int)strlen(p->bullet);
    if (before <
        0) { /* a number is wider than the step: its own lines hang under its text */
        indent -= before;
        before = 0;
    }
    buf_add_format(&line, "%*s%s%s", before, "", p->bullet, buf_text(&p->text));
    textview_add(p->view, style, indent, true, buf_span(&line));
    p->bullet[0] = '\0';
    buf_free(&line);
    buf_clear(&p->text);
}

static void blank(struct page *p)
{
    textview_add(p->view, STYLE_NORMAL, 0, true, span_of(""));
}

static bool in_tight_list(cmark_node *node)
{
    cmark_node *item = cmark_node_parent(node);
    return item && cmark_node_get_type(item) == CMARK_NODE_ITEM &&
           cmark_node_get_list_tight(cmark_node_parent(item));
}

static void add_code(struct page *p, cmark_node *node)
{
    const char *code = cmark_node_get_literal(node);
    int indent = 2 * p->depth + p->code_indent;
    for (size_t len; code && *code; code += len + (code[len] == '\n')) {
        len = strcspn(code, "\n");
        buf_clear(&p->text);
        buf_add_format(&p->text, "%*s%.*s", indent, "", (int)len, code);
        textview_add(p->view, STYLE_LINK, indent + 2, true, buf_span(&p->text));
    }
    buf_clear(&p->text);
    blank(p);
}

static void leave_block(struct page *p, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HEADING:
        flush(p, STYLE_HEADING);
        blank(p);
        break;
    case CMARK_NODE_PARAGRAPH:
        flush(p, STYLE_NORMAL);
        if (!in_tight_list(node))
            blank(p);
        break;
    case CMARK_NODE_LIST:
        p->depth--;
        if (p->depth == 0)
            blank(p);
        break;
    default:
        break;
    }
}

static void enter_block(struct page *p, cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_LIST:
        p->depth++;
        break;
    case CMARK_NODE_ITEM: {
        cmark_node *list = cmark_node_parent(node);
        int n = cmark_node_get_list_start(list);
        for (cmark_node *before = cmark_node_previous(node); before;
             before = cmark_node_previous(before))
            n++;
        if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST)
            snprintf(p->bullet, sizeof p->bullet, "%d. ", n % 1000);
        else
            snprintf(p->bullet, sizeof p->bullet, "- ");
        break;
    }
    case CMARK_NODE_CODE_BLOCK:
        add_code(p, node);
        break;
    default:
        break;
    }
}

void markdown_render(struct textview *v, struct span text, int code_indent)
{
    struct page p = {.view = v, .code_indent = code_indent};
    cmark_node *root = cmark_parse_document(text.at, text.len, CMARK_OPT_DEFAULT);
    if (!root)
        return;
    buf_init(&p.text, BUF_UNLIMITED);
    cmark_iter *it = cmark_iter_new(root);
    for (cmark_event_type e; (e = cmark_iter_next(it)) != CMARK_EVENT_DONE;) {
        cmark_node *node = cmark_iter_get_node(it);
        if (cmark_node_get_type(node) >= CMARK_NODE_FIRST_INLINE)
            add_inline(&p, node, e == CMARK_EVENT_ENTER);
        else if (e == CMARK_EVENT_ENTER)
            enter_block(&p, node);
        else
            leave_block(&p, node);
    }
    cmark_iter_free(it);
    cmark_node_free(root);
    buf_free(&p.text);
}
