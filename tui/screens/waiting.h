/* The open buckets: what waits, and how long still. */
#ifndef SCREENS_WAITING_H
#define SCREENS_WAITING_H

#include "canvas.h"
#include "console.h"
#include "store/buckets.h"

enum { WAITING_SHOWN = 20 };

struct waiting {
    struct console *console;
    struct bucket_rows rows;
};

void waiting_init(struct waiting *w, struct console *c);
void waiting_free(struct waiting *w);
void waiting_refresh(struct waiting *w);
void waiting_title(const struct waiting *w, int shown, char *out, size_t size);
void waiting_draw(const struct waiting *w, const struct canvas *c);

#endif
