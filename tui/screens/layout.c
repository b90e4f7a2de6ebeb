#include "screens/layout.h"

/* WAITING_FEW: that have room before the log. */
enum { WAITING_FEW = 3, LOG_LEAST = 3, ALERTS_LEAST = 4 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

struct layout layout_panes(int rows, int alerts, int buckets)
{
    struct layout l = {.alerts = rows, .waiting = -1, .log = -1};
    if (rows < ALERTS_LEAST + 1 + LOG_LEAST)
        return l;
    int waiting = rows >= ALERTS_LEAST + 2 + LOG_LEAST ? least(buckets, WAITING_FEW) : -1;
    while (waiting > 0 && rows - ALERTS_LEAST - LOG_LEAST - 2 < waiting)
        waiting--;
    int left = rows - 1 - (waiting + 1);
    /* The list takes what it needs, at most three fifths; the log takes the rest. */
    int most = left * 3 / 5 > ALERTS_LEAST ? left * 3 / 5 : ALERTS_LEAST;
    int wanted = alerts + 1 > ALERTS_LEAST ? alerts + 1 : ALERTS_LEAST;
    l.alerts = least(wanted, least(most, left - LOG_LEAST));
    l.log = left - l.alerts;
    l.waiting = waiting;
    if (waiting < 0)
        return l;
    /* Of a long log, more buckets may have a third. */
    int third = (waiting + l.log - LOG_LEAST) / 3;
    if (third > waiting)
        l.waiting = least(buckets, third);
    l.log -= l.waiting - waiting;
    return l;
}
