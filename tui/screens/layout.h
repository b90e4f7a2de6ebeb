/* How the panes of the alerts screen share its rows. Pure. */
#ifndef SCREENS_LAYOUT_H
#define SCREENS_LAYOUT_H

struct layout {
    int alerts;  /* rows of the list, its head included */
    int waiting; /* rows of open buckets, without the rule above; -1: not even the rule */
    int log;     /* rows of the log, without the rule above; -1: not even the rule */
};

struct layout layout_panes(int rows, int alerts, int buckets);

#endif
