#include "model/project.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/timefmt.h"

void project_free(struct project *p)
{
    free(p->workspace);
    free(p->name);
    free(p->description);
    free(p->created_by);
    *p = (struct project){0};
}

bool project_to_json(const struct project *p, struct buf *out)
{
    char at[TIMEFMT_ISO_SIZE];
    timefmt_iso(p->created_at, at);
    buf_add_format(out, "{\"id\":\"%s\",\"name\":", p->id);
    js_append_string(out, span_of(p->name));
    if (p->description) {
        buf_add_text(out, ",\"description\":");
        js_append_string(out, span_of(p->description));
    }
    buf_add_format(out,
                   ",\"visibility\":\"private\",\"created_at\":\"%s\",\"created_by\":", at);
    js_append_string(out, span_of(p->created_by ? p->created_by : "admin"));
    buf_add_format(out, ",\"last_updated_at\":\"%s\",\"last_updated_by\":", at);
    js_append_string(out, span_of(p->created_by ? p->created_by : "admin"));
    return buf_add_char(out, '}');
}
