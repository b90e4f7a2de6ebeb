#include "widgets/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

/* The widest screen holds no more. */
enum { CELL_SIZE = 2048 };

void table_init(struct table *t, const struct table_ops *ops, const void *arg)
{
    *t = (struct table){.ops = ops, .arg = arg, .sort = -1, .head_y = -1};
}

void table_free(struct table *t)
{
    free(t->order);
    free(t->marks);
    t->order = NULL;
    t->marks = NULL;
}

/* ------------------------------------------------------------------ order */

static int compare(const void *a, const void *b, void *arg)
{
    const struct table *t = arg;
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    int order = t->ops->compare(t->arg, left, right, t->sort);
    if (order)
        return t->descending ? -order : order;
    return (left > right) - (left < right); /* equal ones keep the order they came in */
}

static void sort(struct table *t)
{
    for (size_t i = 0; i < t->list.count; i++)
        t->order[i] = i;
    if (t->sort >= 0 && t->ops->compare && t->list.count)
        qsort_r(t->order, t->list.count, sizeof *t->order, compare, t);
}

/* ------------------------------------------------------------------ ids */

/* Borrowed from the row or from `scratch`. */
static const char *id_of(const struct table *t, size_t row, char scratch[TABLE_ID_SIZE])
{
    if (t->ops->id)
        return t->ops->id(t->arg, row);
    snprintf(scratch, TABLE_ID_SIZE, "%lld", (long long)t->ops->number(t->arg, row));
    return scratch;
}

static bool has_id(const struct table *t, size_t row, const char *id)
{
    char scratch[TABLE_ID_SIZE];
    return strcmp(id_of(t, row, scratch), id) == 0;
}

static void find_selected(struct table *t)
{
    for (size_t i = 0; i < t->list.count; i++)
        if (has_id(t, t->order[i], t->selected)) {
            list_select(&t->list, i);
            return;
        }
}

static void note_selected(struct table *t)
{
    char scratch[TABLE_ID_SIZE];
    size_t row;
    t->selected[0] = '\0';
    if (table_row(t, &row))
        snprintf(t->selected, sizeof t->selected, "%s", id_of(t, row, scratch));
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The marks stand in the order of their ids: thousands of rows are looked up in thousands. */
static char *find_mark(const struct table *t, const char *id)
{
    return t->mark_count ? bsearch(id, t->marks, t->mark_count, sizeof *t->marks, compare_ids)
                         : NULL;
}

static size_t mark_index(const struct table *t, const char *mark)
{
    return (size_t)(mark - t->marks[0]) / sizeof *t->marks;
}

static void drop_lost_marks(struct table *t)
{
    char scratch[TABLE_ID_SIZE];
    size_t kept = 0;
    bool *exists = t->mark_count ? calloc(t->mark_count, sizeof *exists) : NULL;
    if (!exists)
        return; /* without memory they stay: a mark without a row does nothing */
    for (size_t i = 0; i < t->list.count; i++) {
        const char *mark = find_mark(t, id_of(t, i, scratch));
        if (mark)
            exists[mark_index(t, mark)] = true;
    }
    for (size_t i = 0; i < t->mark_count; i++)
        if (exists[i]) {
            if (kept != i)
                memcpy(t->marks[kept], t->marks[i], TABLE_ID_SIZE);
            kept++;
        }
    t->mark_count = kept;
    free(exists);
}

static bool stays_at_top(const struct table *t)
{
    return t->follows && t->sort < 0 && t->list.selected == 0;
}

bool table_misses(const struct table *t, size_t count)
{
    size_t marks = 0;
    char scratch[TABLE_ID_SIZE];
    bool selected = stays_at_top(t) || !t->selected[0];
    for (size_t i = 0; i < count; i++) {
        const char *id = id_of(t, i, scratch);
        selected = selected || strcmp(id, t->selected) == 0;
        marks += find_mark(t, id) != NULL;
    }
    return !selected || marks < t->mark_count;
}

bool table_update(struct table *t, size_t count)
{
    if (count > t->order_room) {
        size_t *order = realloc(t->order, count * sizeof *order);
        if (!order) {
            list_set_count(&t->list, 0);
            return false;
        }
        t->order = order;
        t->order_room = count;
    }
    bool at_top = stays_at_top(t);
    list_set_count(&t->list, count);
    sort(t);
    if (!at_top)
        find_selected(t);
    note_selected(t);
    drop_lost_marks(t);
    return true;
}

bool table_row(const struct table *t, size_t *row)
{
    if (t->list.count == 0)
        return false;
    *row = t->order[t->list.selected];
    return true;
}

void table_select(struct table *t, const char *id)
{
    snprintf(t->selected, sizeof t->selected, "%s", id);
    find_selected(t);
    note_selected(t);
}

bool table_is_at_end(const struct table *t, size_t read)
{
    return t->list.count == read && t->list.selected + 1 >= read;
}

int table_column(const struct table *t, const char *name)
{
    for (int i = 0; i < t->ops->column_count; i++)
        if (*t->ops->columns[i].title && ascii_same(t->ops->columns[i].title, name))
            return i;
    return -1;
}

static void sort_by(struct table *t, int column)
{
    t->descending = t->sort == column && column >= 0 ? !t->descending : false;
    t->sort = column;
    sort(t);
    find_selected(t);
}

static void sort_next(struct table *t, const char *name)
{
    if (!t->ops->compare)
        return;
    int next = t->sort;
    if (name && *name) {
        next = table_column(t, name);
    } else {
        do
            next = next + 1 < t->ops->column_count ? next + 1 : -1;
        while (next >= 0 && (t->hidden & 1u << next || !*t->ops->columns[next].title));
    }
    t->descending = false;
    t->sort = next;
    sort(t);
    find_selected(t);
}

/* ------------------------------------------------------------------ marks */

bool table_is_marked(const struct table *t, size_t row)
{
    char scratch[TABLE_ID_SIZE];
    return find_mark(t, id_of(t, row, scratch)) != NULL;
}

static bool make_room(struct table *t, size_t more)
{
    size_t room = t->mark_room ? t->mark_room : 16;
    while (room < t->mark_count + more)
        room *= 2;
    if (room == t->mark_room)
        return true;
    void *marks = realloc(t->marks, room * sizeof *t->marks);
    if (!marks)
        return false;
    t->marks = marks;
    t->mark_room = room;
    return true;
}

/* The rows `from` to `to`, without `to`, as they stand on the screen. */
static void mark_rows(struct table *t, size_t from, size_t to)
{
    char scratch[TABLE_ID_SIZE];
    size_t before = t->mark_count, count = before;
    if (to <= from || !make_room(t, to - from))
        return;
    for (size_t i = from; i < to; i++) {
        const char *id = id_of(t, t->order[i], scratch);
        if (!find_mark(t, id))
            snprintf(t->marks[count++], TABLE_ID_SIZE, "%s", id);
    }
    t->mark_count = count;
    if (count > before)
        qsort(t->marks, count, sizeof *t->marks, compare_ids);
}

static void toggle_mark(struct table *t)
{
    char *mark = find_mark(t, t->selected);
    if (t->list.count == 0)
        return;
    if (mark) {
        size_t at = mark_index(t, mark);
        memmove(mark, mark + TABLE_ID_SIZE, (--t->mark_count - at) * TABLE_ID_SIZE);
    } else {
        mark_rows(t, t->list.selected, t->list.selected + 1);
    }
    snprintf(t->last_mark, sizeof t->last_mark, "%s", t->selected);
    list_act(&t->list, ACTION_DOWN);
    note_selected(t);
}

/* From the last mark to here. */
static void mark_range(struct table *t)
{
    size_t from = t->list.selected, to = from;
    for (size_t i = 0; i < t->list.count; i++)
        if (has_id(t, t->order[i], t->last_mark))
            from = i;
    mark_rows(t, from < to ? from : to, (from > to ? from : to) + (t->list.count > 0));
}

size_t table_chosen(const struct table *t, void (*fn)(void *arg, size_t row), void *arg)
{
    size_t row, count = 0;
    if (t->mark_count == 0) {
        if (!table_row(t, &row))
            return 0;
        if (fn)
            fn(arg, row);
        return 1;
    }
    for (size_t i = 0; i < t->list.count; i++)
        if (table_is_marked(t, t->order[i])) {
            if (fn)
                fn(arg, t->order[i]);
            count++;
        }
    return count;
}

struct chosen_ids {
    const struct table *table;
    const char **items;
    size_t count;
};

static void add_id(void *arg, size_t row)
{
    struct chosen_ids *c = arg;
    c->items[c->count++] = c->table->ops->id(c->table->arg, row);
}

const char **table_chosen_ids(const struct table *t, size_t *count)
{
    struct chosen_ids ids = {t, calloc(t->list.count + 1, sizeof *ids.items), 0};
    if (ids.items)
        table_chosen(t, add_id, &ids);
    *count = ids.count;
    return ids.items;
}

int table_by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int table_by_text(const char *a, const char *b)
{
    return ascii_order(a ? a : "", b ? b : "");
}

/* ------------------------------------------------------------------ actions */

void table_hide(struct table *t, int column)
{
    unsigned all = (1u << t->ops->column_count) - 1;
    t->hidden ^= 1u << column;
    if ((t->hidden & all) == all)
        t->hidden = 0;
}

bool table_act(struct table *t, enum action a, const char *argument)
{
    switch (a) {
    case ACTION_SORT:
        sort_next(t, argument);
        return true;
    case ACTION_SORT_REVERSE:
        t->descending = !t->descending && t->sort >= 0;
        sort(t);
        find_selected(t);
        return true;
    case ACTION_MARK:
        toggle_mark(t);
        return true;
    case ACTION_MARK_RANGE:
        mark_range(t);
        return true;
    case ACTION_MARK_ALL:
        mark_rows(t, 0, t->list.count);
        return true;
    case ACTION_UNMARK:
        t->mark_count = 0;
        return true;
    default:
        if (!list_act(&t->list, a))
            return false;
        note_selected(t);
        return true;
    }
}

/* ------------------------------------------------------------------ drawing */

static void fit(struct table *t, int width)
{
    struct column shown[COLUMNS_MAX];
    int widths[COLUMNS_MAX], count = 0;
    for (int i = 0; i < t->ops->column_count; i++)
        if (!(t->hidden & 1u << i))
            shown[count++] = t->ops->columns[i];
    columns_fit(shown, count, width, widths);
    for (int i = 0, at = 0; i < t->ops->column_count; i++)
        t->widths[i] = (t->hidden & 1u << i) ? 0 : widths[at++];
}

static void draw_head(struct table *t, const struct canvas *c)
{
    canvas_text(c, 0, 0, c->columns, STYLE_HEADING, span_of(""));
    for (int i = 0, x = 1; i < t->ops->column_count; i++) {
        char title[32];
        if (!t->widths[i])
            continue;
        /* The arrow stands for the last letter where there is no room for both. */
        snprintf(title, sizeof title, "%.*s%s", t->sort == i ? t->widths[i] - 1 : t->widths[i],
                 t->ops->columns[i].title,
                 t->sort != i   ? ""
                 : t->descending ? term_glyph(GLYPH_DOWN)
                                 : term_glyph(GLYPH_UP));
        x += canvas_text(c, 0, x, t->widths[i], STYLE_HEADING, span_of(title)) + 1;
    }
}

/* A selected row is marked at its first cell only: its states keep their colours, and a move
 * repaints two short pieces. */
static void draw_row(const struct table *t, const struct canvas *c, int y, size_t row,
                     enum style mark)
{
    bool marked = table_is_marked(t, row), first = true;
    canvas_text(c, y, 0, 1, marked && mark == STYLE_NORMAL ? STYLE_KEY : mark,
                span_of(marked                   ? "+"
                        : mark == STYLE_SELECTED ? ">"
                                                 : ""));
    for (int i = 0, x = 1; i < t->ops->column_count; i++) {
        char text[CELL_SIZE] = "";
        if (!t->widths[i])
            continue;
        enum style style = t->ops->cell(t->arg, row, i, t->widths[i], text, sizeof text);
        text_whole(text);
        if (first && mark != STYLE_NORMAL)
            style = mark;
        first = false;
        x += canvas_text(c, y, x, t->widths[i], style, span_of(text)) + 1;
    }
}

void table_draw(struct table *t, const struct canvas *c, bool focused)
{
    struct canvas body = canvas_part(c, 1, 0, c->rows - 1, c->columns);
    fit(t, c->columns - 1);
    draw_head(t, c);
    t->head_y = c->y;
    list_set_rows(&t->list, body.rows);
    t->list.y = body.y;
    canvas_clear(&body, STYLE_NORMAL);
    for (int y = 0; y < body.rows && t->list.top + (size_t)y < t->list.count; y++) {
        size_t at = t->list.top + (size_t)y;
        bool selected = at == t->list.selected;
        draw_row(t, &body, y, t->order[at],
                 !selected ? STYLE_NORMAL
                 : focused ? STYLE_SELECTED
                           : STYLE_MARKED);
        if (selected && focused)
            term_cursor(body.y + y, body.x, true);
    }
}

bool table_cut(const struct table *t, enum style *style, char *out, size_t size)
{
    size_t row;
    int last = t->ops->column_count - 1;
    while (last >= 0 && !t->widths[last])
        last--;
    if (last < 0 || !table_row(t, &row))
        return false;
    out[0] = '\0';
    *style = t->ops->cell(t->arg, row, last, t->widths[last], out, size);
    text_whole(out);
    return (int)text_columns(span_of(out)) > t->widths[last];
}

bool table_click(struct table *t, int y, int x, bool *again)
{
    *again = false;
    if (t->head_y < 0 || y < t->head_y || y > t->head_y + t->list.rows)
        return false;
    if (y == t->head_y) {
        for (int i = 0, at = 1; i < t->ops->column_count && t->ops->compare; i++) {
            if (t->widths[i] && x >= at && x < at + t->widths[i])
                sort_by(t, i);
            at += t->widths[i] ? t->widths[i] + 1 : 0;
        }
        return true;
    }
    if (list_click(&t->list, y, again))
        note_selected(t);
    return true;
}
