#include "screens/search.h"

#include <stdio.h>

#include "screens/screens.h"

static void look(struct search *s, bool backwards)
{
    if (!s->text[0])
        console_toast(s->console, STYLE_WARN, "nothing is searched yet: / asks what");
    else if (!textview_find(s->view, s->text, backwards))
        console_toast(s->console, STYLE_WARN, "%s stands nowhere here", s->text);
}

static bool search_typed(void *arg, const char *text, struct err *err)
{
    struct search *s = arg;
    (void)err;
    snprintf(s->text, sizeof s->text, "%s", text);
    s->view->found = 0;
    if (*text)
        look(s, false);
    return true;
}

bool search_act(struct search *s, struct console *c, struct textview *view, enum action a)
{
    s->console = c;
    s->view = view;
    if (a == ACTION_SEARCH && console_argument(c))
        search_typed(s, console_argument(c), NULL);
    else if (a == ACTION_SEARCH)
        console_push(c, prompt_new(c, "Search for", s->text, search_typed, s));
    else if (a == ACTION_SEARCH_NEXT || a == ACTION_SEARCH_PREVIOUS)
        look(s, a == ACTION_SEARCH_PREVIOUS);
    else
        return false;
    return true;
}
