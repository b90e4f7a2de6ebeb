#include <stdlib.h>

#include "screens/picker.h"
#include "screens/screens.h"

struct trigger_picker {
    struct screen screen;
    struct list list;
    unsigned before, chosen;
    void (*done)(void *arg, unsigned chosen);
    void *arg;
};

static void draw(struct screen *s, const struct canvas *c)
{
    struct trigger_picker *p = (struct trigger_picker *)s;
    struct picker_row rows[EVENT_TYPE_COUNT];
    for (int t = 0; t < EVENT_TYPE_COUNT; t++) {
        const struct event_type_info *info = event_type_info((enum event_type)t);
        rows[t] = (struct picker_row){info->title, info->description, p->chosen & 1u << t};
    }
    picker_draw(&p->list, c, "Add trigger", "Space checks, Enter accepts, Esc leaves it", rows,
                EVENT_TYPE_COUNT);
}

static bool act(struct screen *s, enum action a)
{
    struct trigger_picker *p = (struct trigger_picker *)s;
    if (a == ACTION_CHECK) {
        p->chosen ^= 1u << p->list.selected;
        return true;
    }
    if (a != ACTION_OPEN)
        return list_act(&p->list, a);
    if (p->chosen == p->before) /* Enter alone takes the row under the cursor */
        p->chosen |= 1u << p->list.selected;
    p->done(p->arg, p->chosen);
    console_pop(s->console);
    return true;
}

static void free_picker(struct screen *s)
{
    free(s);
}

static bool mouse(struct screen *s, const struct key *k)
{
    return picker_mouse(&((struct trigger_picker *)s)->list, s, k);
}

static const struct screen_ops TRIGGER_PICKER = {
    .free = free_picker,
    .place = PLACE_PICKER,
    .draw = draw,
    .act = act,
    .mouse = mouse,
};

struct screen *trigger_picker_new(struct console *c, unsigned chosen,
                                  void (*done)(void *arg, unsigned chosen), void *arg)
{
    struct trigger_picker *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->screen = (struct screen){.ops = &TRIGGER_PICKER, .console = c};
    p->before = p->chosen = chosen;
    p->done = done;
    p->arg = arg;
    list_set_count(&p->list, EVENT_TYPE_COUNT);
    return &p->screen;
}
