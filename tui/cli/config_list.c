#include "base/json.h"
#include "cli/cli.h"
#include "cli/out.h"

static void add_member(struct buf *json, const char *name, const char *value)
{
    buf_add_format(json, "%s\"%s\":", json->data[json->len - 1] == '{' ? "" : ",", name);
    js_append_string(json, span_of(value));
}

static bool add_setting(const void *settings, size_t i, struct buf *json)
{
    const struct settings *s = settings;
    const struct setting_info *info = setting_info((enum setting)i);
    if (!buf_add_char(json, '{'))
        return false;
    add_member(json, "key", info->key);
    add_member(json, "value", settings_show(s, (enum setting)i));
    add_member(json, "origin", setting_origin_name(s->origin[i]));
    add_member(json, "default", info->standard);
    add_member(json, "help", info->help);
    return buf_add_char(json, '}');
}

static void print_table(const struct settings *s)
{
    struct out_table t;
    out_table_init(&t, 4);
    out_table_cell(&t, "KEY");
    out_table_cell(&t, "VALUE");
    out_table_cell(&t, "ORIGIN");
    out_table_cell(&t, "MEANING");
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting_info *info = setting_info((enum setting)i);
        const char *value = settings_show(s, (enum setting)i);
        out_table_cell(&t, "%s", info->key);
        out_table_cell(&t, "%s", *value ? value : "-");
        out_table_cell(&t, "%s", setting_origin_name(s->origin[i]));
        out_table_cell(&t, "%s", info->help);
    }
    out_table_print(&t);
}

int cli_config(struct cli *cli)
{
    struct err err = {0};
    if (!cli->call->json) {
        print_table(cli->settings);
        return EXIT_DONE;
    }
    if (out_array_of(SETTING_COUNT, add_setting, cli->settings, &err))
        return EXIT_DONE;
    return cli_fail(&err);
}
