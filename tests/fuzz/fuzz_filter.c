/* The filter grammar: any text is a filter or an error in words; a term turned round takes the
 * rows that it left. */
#include "fuzz.h"

#include <string.h>

#include "filters.h"

static const char *row_text(const void *row, int key, char *out, size_t size)
{
    (void)row;
    snprintf(out, size, "%d yes 503 1767225600000", key);
    return out;
}

static void try_keys(const struct filter_key *keys, size_t count, struct span text)
{
    struct filter f;
    struct err err = {0};
    if (!filter_parse(&f, keys, count, text, &err)) {
        HOLDS(err.text[0]);
        return;
    }
    HOLDS(f.count <= FILTER_TERMS_MAX);
    bool passes = filter_match(&f, row_text, NULL, 1767225600000);
    HOLDS(f.count > 0 || passes);
    if (f.count == 1) {
        f.terms[0].negated = !f.terms[0].negated;
        HOLDS(filter_match(&f, row_text, NULL, 1767225600000) != passes);
    }
    for (size_t i = 0; i < count; i++)
        filter_exact(&f, keys[i].name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    try_keys(filters_alert, filters_alert_count, text);
    try_keys(filters_delivery, filters_delivery_count, text);
    return 0;
}
