#include "reply.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

struct reply {
    struct console *console;
    char text[1200]; /* a sentence with a name */
    void (*then)(void *arg, const struct err *err);
    void *arg;
    bool failed;
    struct err err;
};

struct reply *reply_new(struct console *c, const char *done_text,
                        void (*then)(void *arg, const struct err *err), void *arg)
{
    struct reply *r = calloc(1, sizeof *r);
    if (!r) {
        console_toast(c, STYLE_ERROR, "out of memory");
        return NULL;
    }
    r->console = c;
    r->then = then;
    r->arg = arg;
    snprintf(r->text, sizeof r->text, "%s", done_text ? done_text : "");
    text_whole(r->text);
    return r;
}

static void show(void *arg)
{
    struct reply *r = arg;
    if (r->then)
        r->then(r->arg, r->failed ? &r->err : NULL);
    else if (r->failed)
        console_toast(r->console, STYLE_ERROR, "%s", r->err.text);
    else if (r->text[0])
        console_toast(r->console, STYLE_OK, "%s", r->text);
    free(r);
}

void reply_done(void *arg, const struct err *err, const void *result)
{
    struct reply *r = arg;
    (void)result;
    r->failed = err != NULL;
    if (err)
        r->err = *err;
    console_post(r->console, show, free, r);
}
