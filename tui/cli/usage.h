/* What the action table says about verbs, in words: `--help`, and how many arguments each
 * takes. */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "actions.h"

enum option_id {
    OPTION_DATA_DIR = 256,
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_READ_ONLY,
    OPTION_JSON,
    OPTION_WORKSPACE,
    OPTION_FOLLOW,
    OPTION_PLAIN,
    OPTION_DRY_RUN,
    OPTION_SECRETS,
    OPTION_FILTER,
    OPTION_ALERT,
    OPTION_PROJECT,
    OPTION_TYPE,
    OPTION_FOR,
    OPTION_FROM,
    OPTION_UNTIL,
    OPTION_WEEKLY,
    OPTION_ZONE,
    OPTION_THEN,
    OPTION_COMMENT,
    OPTION_SINCE,
    OPTION_HELP,
    OPTION_VERSION
};

struct usage_option {
    enum option_id id;
    const char *name;     /* data-dir */
    const char *argument; /* DIR; NULL: none */
    const char *help;
    const char *verbs; /* those that take it, with commas between; NULL: everywhere */
};
extern const struct usage_option usage_options[];
extern const size_t usage_option_count;

/* Prints what there is: all verbs, or those whose words begin with first and second, and
 * the options that they take. */
void usage_print(const char *first, const char *second);

/* Whether a verb takes an option; verb NULL: the console. */
bool usage_takes(const struct usage_option *option, const char *verb);

/* Those that take it, in words: "alert import, delivery replay"; "" if all do. */
void usage_verbs(const struct usage_option *option, char *out, size_t size);

/* The words of a verb with what follows them: alert delete ID... */
void usage_line(const struct action_info *verb, char *out, size_t size);

/* Whether a verb may have that many arguments, by its usage: FILE, [FILE], ID... */
bool usage_fits(const struct action_info *verb, size_t count);

#endif
