#include "model/outcome.h"

#include <stdlib.h>

void outcome_free(struct outcome *o)
{
    free(o->headers);
    free(o->body);
    o->headers = o->body = NULL;
    o->headers_len = o->body_len = 0;
}

const char *outcome_kind_name(enum outcome_kind kind)
{
    static const char *const names[] = {"response", "network", "forbidden", "cancelled",
                                        "unknown"};
    return names[kind];
}
