#include "base/asset.h"

struct span asset_find(const char *name)
{
    for (size_t i = 0; i < asset_count; i++) {
        const struct asset *a = &asset_table[i];
        if (strcmp(a->name, name) == 0)
            return (struct span){(const char *)a->begin, (size_t)(a->end - a->begin)};
    }
    return (struct span){NULL, 0};
}
