#include "widgets/keybar.h"

#include <stdio.h>
#include <string.h>

enum { ENTRIES_MAX = 40, LAST_KEPT = 2, WIDE_GAP = 2, NARROW_GAP = 1 };

struct entry {
    char key[12];
    const char *label;
    int columns; /* without the gap after it */
    int x;
    enum action action;
};

static int collect(struct entry *entries, unsigned place,
                   bool (*possible)(void *, const struct action_info *), void *arg)
{
    int count = 0;
    for (size_t i = 0; i < action_count && count < ENTRIES_MAX; i++) {
        const struct action_info *a = &action_table[i];
        struct key key;
        if (!(a->places & place) || !a->label || !a->keys ||
            (possible && !possible(arg, a)))
            continue;
        struct span first = {a->keys, strcspn(a->keys, " ")};
        if (!key_parse(first, &key))
            continue;
        struct entry *e = &entries[count++];
        key_label(&key, e->key, sizeof e->key);
        e->label = a->label;
        e->action = a->id;
        e->columns = (int)(strlen(e->key) + strlen(e->label)) + 1;
    }
    return count;
}

static int width(const struct entry *entries, int count, int gap)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += entries[i].columns + gap;
    return sum;
}

/* Gives each entry its column; those that are left out get -1. */
static void place_entries(struct entry *entries, int count, int columns)
{
    int first_kept = count > LAST_KEPT ? count - LAST_KEPT : 0, x = 1, i = 0;
    int gap = width(entries, count, WIDE_GAP) <= columns ? WIDE_GAP : NARROW_GAP;
    int kept = width(entries + first_kept, count - first_kept, gap);
    for (; i < first_kept && x + entries[i].columns + kept <= columns; i++) {
        entries[i].x = x;
        x += entries[i].columns + gap;
    }
    for (; i < first_kept; i++)
        entries[i].x = -1;
    for (; i < count; i++) {
        entries[i].x = x;
        x += entries[i].columns + gap;
    }
}

void keybar_draw(const struct canvas *c, int y, unsigned place,
                 bool (*possible)(void *arg, const struct action_info *a), void *arg)
{
    struct entry entries[ENTRIES_MAX];
    int count = collect(entries, place, possible, arg);
    place_entries(entries, count, c->columns);
    canvas_text(c, y, 0, c->columns, STYLE_NORMAL, span_of(""));
    for (int i = 0; i < count; i++) {
        if (entries[i].x < 0)
            continue;
        int x = entries[i].x;
        x += canvas_text(c, y, x, -1, STYLE_KEY, span_of(entries[i].key));
        canvas_format(c, y, x, -1, STYLE_DIM, " %s", entries[i].label);
    }
}

enum action keybar_at(int columns, int x, unsigned place,
                      bool (*possible)(void *arg, const struct action_info *a), void *arg)
{
    struct entry entries[ENTRIES_MAX];
    int count = collect(entries, place, possible, arg);
    place_entries(entries, count, columns);
    for (int i = 0; i < count; i++)
        if (entries[i].x >= 0 && x >= entries[i].x && x < entries[i].x + entries[i].columns)
            return entries[i].action;
    return ACTION_NONE;
}
