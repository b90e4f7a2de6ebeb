#include "cli/usage.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "base/text.h"

#define HELP_COLUMN 34

const struct usage_option usage_options[] = {
    {OPTION_DATA_DIR, "data-dir", "DIR",
     "where everything is kept: ~/.local/share/opik-alerts", NULL},
    {OPTION_CONFIG, "config", "FILE",
     "the file of settings: ~/.config/opik-alerts/config.ini", NULL},
    {OPTION_SET, "set", "KEY=VALUE", "one setting, over file and environment", NULL},
    {OPTION_READ_ONLY, "read-only", NULL, "refuse whatever would change something", NULL},
    {OPTION_JSON, "json", NULL, "print JSON", NULL},
    {OPTION_WORKSPACE, "workspace", "NAME", "the workspace, instead of default", NULL},
    {OPTION_FOLLOW, "follow", NULL, "go on as the log grows", "log"},
    {OPTION_PLAIN, "plain", NULL, "the console as lines, for a screen reader",
     "console,demo"},
    {OPTION_DRY_RUN, "dry-run", NULL, "only say what would be done",
     "alert import,delivery replay"},
    {OPTION_SECRETS, "secrets", "FILE", "seal or open secrets with its passphrase",
     "alert export,alert import"},
    {OPTION_FILTER, "filter", "TEXT", "only what passes, as with / in the console",
     "alert list,delivery list,delivery replay,audit"},
    {OPTION_ALERT, "alert", "ID|NAME", "silence an alert", "silence add"},
    {OPTION_PROJECT, "project", "ID|NAME", "silence a project", "silence add"},
    {OPTION_TYPE, "type", "TYPE", "silence an event type", "silence add"},
    {OPTION_FOR, "for", "DURATION", "how long: 2h", "silence add"},
    {OPTION_FROM, "from", "TIME", "when it begins, if not now", "silence add"},
    {OPTION_UNTIL, "until", "TIME", "when it ends: 18:00, 2026-11-27 18:00", "silence add"},
    {OPTION_WEEKLY, "weekly", "SCHEDULE", "when in the week: mon-fri 22:00-06:00",
     "silence add"},
    {OPTION_ZONE, "zone", "ZONE", "whose time that is: Europe/Berlin", "silence add"},
    {OPTION_THEN, "then", "digest|drop", "what becomes of it; else digest", "silence add"},
    {OPTION_COMMENT, "comment", "TEXT", "why", "silence add"},
    {OPTION_SINCE, "since", "TIME", "only what is at most that old: 30m, 24h, 7d", "audit"},
    {OPTION_HELP, "help", NULL, "this help, also after a command", NULL},
    {OPTION_VERSION, "version", NULL, "the version", NULL},
};
const size_t usage_option_count = sizeof usage_options / sizeof *usage_options;

static void print_pair(const char *left, const char *help)
{
    int pad = HELP_COLUMN - (int)text_columns(span_of(left));
    printf("  %s%*s%s\n", left, pad > 2 ? pad : 2, "", help);
}

static void print_option(const struct usage_option *o)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", o->name, o->argument ? " " : "",
             o->argument ? o->argument : "");
    print_pair(left, o->help);
}

void usage_verbs(const struct usage_option *o, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (const char *at = o->verbs; at && *at && len + 3 < size; at++)
        len += (size_t)snprintf(out + len, size - len, *at == ',' ? ", " : "%c", *at);
}

bool usage_takes(const struct usage_option *option, const char *verb)
{
    verb = verb ? verb : "console";
    size_t len = strlen(verb);
    for (const char *at = option->verbs; at && *at;) {
        size_t word = strcspn(at, ",");
        if (word == len && memcmp(at, verb, len) == 0)
            return true;
        at += word + (at[word] == ',');
    }
    return !option->verbs;
}

static bool begins_with(const char *verb, const char *first, const char *second)
{
    if (!first)
        return true;
    size_t len = strlen(first);
    if (strncmp(verb, first, len) != 0 || (verb[len] != 0 && verb[len] != ' '))
        return false;
    return !second || verb[len] == 0 || strcmp(verb + len + 1, second) == 0;
}

void usage_line(const struct action_info *verb, char *out, size_t size)
{
    bool bare = !verb->usage || !*verb->usage;
    snprintf(out, size, "%s%s%s", verb->verb, bare ? "" : " ", bare ? "" : verb->usage);
}

static void print_verb(const struct action_info *a)
{
    char left[96];
    usage_line(a, left, sizeof left);
    print_pair(left, a->help);
}

static bool taken_by_any(const struct usage_option *o, const char *first,
                         const char *second)
{
    for (size_t i = 0; i < action_count; i++) {
        const char *verb = action_table[i].verb;
        if (verb && begins_with(verb, first, second) && usage_takes(o, verb))
            return true;
    }
    return false;
}

/* first NULL: those of some commands only stand apart, below the commands. */
static void print_options(const char *first, const char *second)
{
    const char *verbs = NULL;
    printf("\nOptions, anywhere in the call:\n");
    for (size_t i = 0; i < usage_option_count; i++)
        if (first ? taken_by_any(&usage_options[i], first, second)
                  : !usage_options[i].verbs)
            print_option(&usage_options[i]);
    for (size_t i = 0; !first && i < usage_option_count; i++) {
        const struct usage_option *o = &usage_options[i];
        char words[96];
        if (!o->verbs)
            continue;
        usage_verbs(o, words, sizeof words);
        if (!verbs || strcmp(verbs, o->verbs) != 0)
            printf("\nOptions of %s:\n", words);
        verbs = o->verbs;
        print_option(o);
    }
}

void usage_print(const char *first, const char *second)
{
    size_t found = 0;
    for (size_t i = 0; i < action_count; i++)
        found += action_table[i].verb && begins_with(action_table[i].verb, first, second);
    if (found == 0)
        first = NULL;
    if (!first) {
        printf(
            "Usage: opik-alerts [OPTION...] [COMMAND]\n\n"
            "Alerts of an Opik workspace as webhooks: console, engine and intake in one.\n"
            "Without a command it opens the console; without a terminal it serves.\n\n"
            "Commands:\n");
    }
    for (size_t i = 0; i < action_count; i++)
        if (action_table[i].verb && begins_with(action_table[i].verb, first, second))
            print_verb(&action_table[i]);
    print_options(first, second);
    printf(
        "\nSettings come from --set, then the environment (OPIK_ALERTS_RETRY_MAX is "
        "retry.max),\nthen the file, then the default; `opik-alerts config` shows all of "
        "them.\nExit status: 0 done, 1 it failed, 2 the call was wrong.\n");
}

static bool ends_with(struct span s, const char *end)
{
    size_t len = strlen(end);
    return s.len >= len && memcmp(s.at + s.len - len, end, len) == 0;
}

bool usage_fits(const struct action_info *verb, size_t count)
{
    size_t least = 0, most = 0;
    for (const char *at = verb->usage ? verb->usage : ""; *at;) {
        struct span word = {at, strcspn(at, " ")};
        bool optional = word.at[0] == '[';
        struct span bare = {word.at, word.len - (optional && ends_with(word, "]"))};
        bool many = ends_with(bare, "...");
        bool option = strncmp(word.at + optional, "--", 2) == 0;
        least += !optional && !option;
        most = many ? SIZE_MAX : most + (most != SIZE_MAX && !option);
        at += word.len + (at[word.len] == ' ');
    }
    return count >= least && count <= most;
}
