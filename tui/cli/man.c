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
    fputs(".SH OPTIONS\nAnywhere in the call; some are of some commands only.\n", stdout);
    for (size_t i = 0; i < usage_option_count; i++) {
        const struct usage_option *o = &usage_options[i];
        char name[64], verbs[96], text[256];
        snprintf(name, sizeof name, "--%s", o->name);
        usage_verbs(o, verbs, sizeof verbs);
        snprintf(text, sizeof text, "%s%s%s%s", o->help, *verbs ? " (" : "", verbs,
                 *verbs ? ")" : "");
        print_item(name, o->argument, text);
    }
}

static void print_key(const struct action_info *a)
{
    char words[64] = "", keys[64];
    if (a->places & PLACE_CONSOLE)
        action_words(a, words, sizeof words);
    action_keys(a, keys, sizeof keys);
    print_item(keys, words, a->help);
}

static void print_keys(void)
{
    fputs(".SH KEYS\nWords after a key can be typed after \\fB:\\fR in its place.\n"
          ".SS In all lists\n",
          stdout);
    for (size_t i = 0; i < action_count; i++)
        if (action_table[i].keys && action_is_common(&action_table[i]))
            print_key(&action_table[i]);
    for (size_t p = 0; p < action_place_count; p++) {
        printf(".SS %s\n", action_places[p].title);
        for (size_t i = 0; i < action_count; i++)
            if (action_table[i].keys && (action_table[i].places & action_places[p].place) &&
                !action_is_common(&action_table[i]))
                print_key(&action_table[i]);
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

struct named {
    const char *name, *text;
};

static const struct named files[] = {
    {"~/.config/opik-alerts/config.ini", "the settings: [section], then key = value"},
    {"~/.local/share/opik-alerts/store.db", "alerts, events, deliveries, silences, audit"},
    {"~/.local/share/opik-alerts/key", "what secrets are sealed with"},
};

static const struct named variables[] = {
    {"XDG_CONFIG_HOME, XDG_DATA_HOME", "in place of ~/.config and ~/.local/share"},
    {"CREDENTIALS_DIRECTORY", "where a credential opik-alerts.key takes the place of key"},
    {"VISUAL, EDITOR", "what edits the body of a delivery"},
    {"NO_COLOR", "the console without colours"},
};

static void print_named(const char *title, const struct named *rows, size_t count)
{
    printf(".SH %s\n", title);
    for (size_t i = 0; i < count; i++)
        print_item(rows[i].name, NULL, rows[i].text);
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
    print_named("FILES", files, sizeof files / sizeof *files);
    print_named("ENVIRONMENT", variables, sizeof variables / sizeof *variables);
    fputs(
        ".SH EXIT STATUS\n0 done, 1 it failed, 2 the call was wrong.\n"
        ".SH SEE ALSO\nThe help of the console, F1: getting started, operation and more.\n",
        stdout);
    return EXIT_DONE;
}
