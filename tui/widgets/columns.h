/* How the columns of a table share a width. Pure. */
#ifndef WIDGETS_COLUMNS_H
#define WIDGETS_COLUMNS_H

struct column {
    const char *title;
    int least, most;   /* columns of the screen; most 0: takes what is left */
    int priority;      /* the highest number goes first when there is no room */
};

enum { COLUMNS_MAX = 12 };

/* widths[i] is 0 for a column that is left out. One blank stands between two. What is left
 * after the least widths is shared evenly among the columns that may still grow. */
void columns_fit(const struct column *columns, int count, int width, int *widths);

#endif
