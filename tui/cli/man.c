/* The man page, from the tables of actions, options and settings (groff's man macros). */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/out.h"
#include "cli/usage.h"
#include "filters.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

/* A line of text: what roff would take for a request or a hyphenation is made harmless. */
static void print_text(const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

static void print_item(const char *term, const char *more, const char *text)
{
    fputs(".TP\n\\fB", stdout);
    print_text(term);
    fputs("\\fR", stdout);
    if (more && *more) {
        fputs(" \\fI", stdout);
        print_text(more);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    print_text(text);
    putchar('\n');
}

static void print_commands(void)
{
    fputs(".SH COMMANDS\n", stdout);
    for (size_t i = 0; i < action_count; i++)
        if (action_table[i].verb)
            print_item(action_table[i].verb, action_table[i].usage, action_table[i].help);
}

static void print_options(void)
{
    fputs(".SH OPTIONS\n", stdout);
    for (size_t i = 0; i < usage_option_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", usage_options[i].name);
        print_item(name, usage_options[i].argument, usage_options[i].help);
    }
}

static void print_keys(void)
{
    fputs(".SH KEYS\nEach can also be typed as words after \\fB:\\fR.\n", stdout);
    for (size_t i = 0; i < action_count; i++) {
        char words[64], keys[64];
        if (!action_table[i].keys)
            continue;
        action_words(&action_table[i], words, sizeof words);
        action_keys(&action_table[i], keys, sizeof keys);
        print_item(keys, words, action_table[i].help);
    }
}

static void print_filter(const char *title, const struct filter_key *keys, size_t count)
{
    printf(".SS %s\n", title);
    for (size_t i = 0; i < count; i++)
        print_item(keys[i].name, keys[i].choices, keys[i].help);
}

static void print_filters(void)
{
    fputs(".SH FILTERS\n"
          "Terms between blanks, which must all hold: \\fIkey:value\\fR is equal,\n"
          "\\fIkey~value\\fR contains, a word alone is looked for in every text, and\n"
          "\\fB!\\fR before a term turns it round. A value with blanks stands in quotes.\n",
          stdout);
    print_filter("Alerts", filters_alert, filters_alert_count);
    print_filter("Deliveries", filters_delivery, filters_delivery_count);
    print_filter("Audit", filters_audit, filters_audit_count);
}

static void print_settings(void)
{
    fputs(".SH SETTINGS\nFrom \\-\\-set, then the environment, then the file, then the default.\n",
          stdout);
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting_info *info = setting_info((enum setting)i);
        char name[SETTING_ENV_SIZE], text[256];
        setting_env_name((enum setting)i, name, sizeof name);
        snprintf(text, sizeof text, "%s (%s; by default %s)", info->help, name,
                 *info->standard ? info->standard : "empty");
        print_item(info->key, info->choices, text);
    }
}

int cli_man(struct cli *cli)
{
    (void)cli;
    fputs(".TH OPIK\\-ALERTS 1 \"\" \"opik\\-alerts " VERSION "\"\n"
          ".SH NAME\nopik\\-alerts \\- alerts of an Opik workspace as webhooks\n"
          ".SH SYNOPSIS\n.B opik\\-alerts\n[\\fIOPTION\\fR...] [\\fICOMMAND\\fR]\n"
          ".SH DESCRIPTION\n"
          "Receives what Opik SDKs send, matches it to alerts, gathers it for a short time and\n"
          "sends it as webhooks. Without a command it opens the console; without a terminal it\n"
          "serves.\n",
          stdout);
    print_commands();
    print_options();
    print_keys();
    print_filters();
    print_settings();
    fputs(".SH EXIT STATUS\n0 done, 1 it failed, 2 the call was wrong.\n", stdout);
    return EXIT_DONE;
}
