#include "screens/layout.h"

enum { WAITING_MOST = 3, LOG_LEAST = 3, ALERTS_LEAST = 4 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

struct layout layout_panes(int rows, int alerts, int buckets)
{
    struct layout l = {.alerts = rows, .waiting = -1, .log = -1};
    if (rows < ALERTS_LEAST + 1 + LOG_LEAST)
        return l;
    int waiting = rows >= ALERTS_LEAST + 2 + LOG_LEAST ? least(buckets, WAITING_MOST) : -1;
    while (waiting > 0 && rows - ALERTS_LEAST - LOG_LEAST - 2 < waiting)
        waiting--;
    int left = rows - 1 - (waiting + 1);
    /* The list takes what it needs, at most three fifths; the log takes the rest. */
    int most = left * 3 / 5 > ALERTS_LEAST ? left * 3 / 5 : ALERTS_LEAST;
    int wanted = alerts + 1 > ALERTS_LEAST ? alerts + 1 : ALERTS_LEAST;
    l.alerts = least(wanted, least(most, left - LOG_LEAST));
    l.waiting = waiting;
    l.log = left - l.alerts;
    return l;
}
