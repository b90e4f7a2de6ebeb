#include "widgets/columns.h"

#include <stdbool.h>

static int total(const int *widths, int count)
{
    int sum = 0, shown = 0;
    for (int i = 0; i < count; i++) {
        sum += widths[i];
        shown += widths[i] > 0;
    }
    return sum + (shown > 1 ? shown - 1 : 0);
}

/* The least important column that is still there and may go; -1: only the first rank is
 * left. */
static int next_to_go(const struct column *columns, const int *widths, int count)
{
    int found = -1;
    for (int i = 0; i < count; i++)
        if (widths[i] > 0 && columns[i].priority > 0 &&
            (found < 0 || columns[i].priority > columns[found].priority))
            found = i;
    return found;
}

void columns_fit(const struct column *columns, int count, int width, int *widths)
{
    for (int i = 0; i < count; i++)
        widths[i] = columns[i].least;
    for (int gone;
         total(widths, count) > width && (gone = next_to_go(columns, widths, count)) >= 0;)
        widths[gone] = 0;
    for (int i = 0; i < count && total(widths, count) > width; i++) {
        int over = total(widths, count) - width;
        widths[i] = widths[i] > over ? widths[i] - over : 0;
    }
    int left = width - total(widths, count);
    for (bool grew = true; left > 0 && grew;) {
        grew = false;
        for (int i = 0; i < count && left > 0; i++) {
            if (!widths[i] || (columns[i].most && widths[i] >= columns[i].most))
                continue;
            widths[i]++;
            left--;
            grew = true;
        }
    }
}
