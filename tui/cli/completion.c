#include <stdio.h>

#include "base/ascii.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/usage.h"

/* Calls `each` for every first word of the verbs, once. */
static void first_words(void (*each)(struct span word, const struct action_info *first))
{
    for (size_t i = 0; i < action_count; i++) {
        const char *verb = action_table[i].verb;
        bool seen = !verb;
        struct span word = {verb, verb ? strcspn(verb, " ") : 0};
        for (size_t j = 0; !seen && j < i; j++) {
            const char *other = action_table[j].verb;
            seen = other && span_same(word, (struct span){other, strcspn(other, " ")});
        }
        if (!seen)
            each(word, &action_table[i]);
    }
}

static void second_words(struct span first, void (*each)(const struct action_info *a))
{
    for (size_t i = 0; i < action_count; i++) {
        const char *verb = action_table[i].verb;
        if (verb && strncmp(verb, first.at, first.len) == 0 && verb[first.len] == ' ')
            each(&action_table[i]);
    }
}

static void print_word(struct span word, const struct action_info *first)
{
    (void)first;
    printf(" %.*s", (int)word.len, word.at);
}

static void print_second(const struct action_info *a)
{
    printf(" %s", strchr(a->verb, ' ') + 1);
}

/* For each option that not every verb takes, as arms of a case over the words before: all
 * before the first word, and of a verb its own. */
static void print_option_cases(void (*print)(const struct usage_option *o))
{
    printf("    '') list+=(");
    for (size_t i = 0; i < usage_option_count; i++)
        if (usage_options[i].verbs)
            print(&usage_options[i]);
    printf(") ;;\n");
    for (size_t a = 0; a < action_count; a++) {
        const char *verb = action_table[a].verb;
        bool first = true;
        for (size_t i = 0; verb && i < usage_option_count; i++) {
            if (!usage_options[i].verbs || !usage_takes(&usage_options[i], verb))
                continue;
            if (first)
                printf("    '%s'|'%s '*) list+=(", verb, verb);
            first = false;
            print(&usage_options[i]);
        }
        if (!first)
            printf(") ;;\n");
    }
}

static void print_common_options(void (*print)(const struct usage_option *o))
{
    for (size_t i = 0; i < usage_option_count; i++)
        if (!usage_options[i].verbs)
            print(&usage_options[i]);
}

static void print_keys(const char *end)
{
    for (int i = 0; i < SETTING_COUNT; i++)
        printf(" %s%s", setting_info((enum setting)i)->key, end);
}

static bool takes_file(const struct usage_option *o)
{
    return o->id == OPTION_DATA_DIR || o->id == OPTION_CONFIG || o->id == OPTION_SECRETS;
}

/* digest|drop, and not ID|NAME */
static bool has_choices(const struct usage_option *o)
{
    return o->argument && strchr(o->argument, '|') &&
           o->argument[0] == ascii_lower(o->argument[0]);
}

static void print_choices(const char *choices)
{
    for (const char *at = choices; *at; at++)
        putchar(*at == '|' ? ' ' : *at);
}

/* ---------------------------------------------------------------- bash */

/* As the patterns of a case: those whose value is a file, or those with any value. */
static void print_pattern(bool files)
{
    const char *between = "";
    for (size_t i = 0; i < usage_option_count; i++) {
        const struct usage_option *o = &usage_options[i];
        if (!o->argument || (files && !takes_file(o)))
            continue;
        printf("%s--%s", between, o->name);
        between = "|";
    }
}

static void bash_case(struct span word, const struct action_info *first)
{
    const char *space = strchr(first->verb, ' ');
    if (!space && !(first->usage && strchr(first->usage, '|')))
        return;
    printf("    %.*s) [ ${#words[@]} -eq 1 ] && list='", (int)word.len, word.at);
    if (space)
        second_words(word, print_second);
    else
        print_choices(first->usage);
    printf("' ;;\n");
}

static void bash_option(const struct usage_option *o)
{
    printf(" --%s", o->name);
}

static void bash_choices(void)
{
    for (size_t i = 0; i < usage_option_count; i++) {
        if (!has_choices(&usage_options[i]))
            continue;
        printf("    --%s) COMPREPLY=($(compgen -W '", usage_options[i].name);
        print_choices(usage_options[i].argument);
        printf("' -- \"$cur\")); return ;;\n");
    }
}

static void print_bash(void)
{
    printf("# bash completion of opik-alerts\n"
           "_opik_alerts_options() {\n"
           "  list=(");
    print_common_options(bash_option);
    printf(" )\n  case $1 in\n");
    print_option_cases(bash_option);
    printf("  esac\n"
           "  list=\"${list[*]}\"\n"
           "}\n"
           "_opik_alerts() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "  local words=() i skip=0 list=''\n"
           "  if [ \"$cur\" = = ]; then cur=''; fi\n"
           "  if [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
           "  case $prev in\n"
           "    ");
    print_pattern(true);
    printf(") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
           "    --set) compopt -o nospace; COMPREPLY=($(compgen -W '");
    print_keys("=");
    printf("' -- \"$cur\")); return ;;\n");
    bash_choices();
    printf("    ");
    print_pattern(false);
    /* bash makes words of their own of = and : */
    printf(") return ;;\n"
           "  esac\n"
           "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "    if [[ ${COMP_WORDS[i]} == [=:] ]]; then skip=1; continue; fi\n"
           "    if [ $skip -eq 1 ]; then skip=0; continue; fi\n"
           "    case ${COMP_WORDS[i]} in\n"
           "      ");
    print_pattern(false);
    printf(") skip=1 ;;\n"
           "      -*) ;;\n"
           "      *) words+=(\"${COMP_WORDS[i]}\") ;;\n"
           "    esac\n"
           "  done\n"
           "  case ${words[0]} in\n"
           "    '') list='");
    first_words(print_word);
    printf("' ;;\n");
    first_words(bash_case);
    printf("  esac\n"
           "  if [[ $cur == -* ]]; then _opik_alerts_options \"${words[*]}\"; fi\n"
           "  COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
           "  if [ -z \"$list\" ]; then compopt -o filenames; "
           "COMPREPLY=($(compgen -f -- \"$cur\")); fi\n"
           "}\n"
           "complete -F _opik_alerts opik-alerts\n");
}

/* ---------------------------------------------------------------- zsh */

/* In single quotes a quote is '\''; a colon ends the word that is described. */
static void print_described(const char *word, size_t len, const char *help)
{
    printf(" '%.*s:", (int)len, word);
    for (const char *at = help ? help : ""; *at; at++) {
        if (*at == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*at);
    }
    putchar('\'');
}

static void zsh_first(struct span word, const struct action_info *first)
{
    print_described(word.at, word.len, strchr(first->verb, ' ') ? "" : first->help);
}

static void zsh_second(const struct action_info *a)
{
    const char *word = strchr(a->verb, ' ') + 1;
    print_described(word, strlen(word), a->help);
}

static void zsh_case(struct span word, const struct action_info *first)
{
    bool two = strchr(first->verb, ' ') != NULL;
    if (!two && !(first->usage && strchr(first->usage, '|')))
        return;
    printf("    %.*s) list=(", (int)word.len, word.at);
    if (two)
        second_words(word, zsh_second);
    else
        print_choices(first->usage);
    printf("); _describe argument list ;;\n");
}

static void zsh_option(const struct usage_option *o)
{
    printf(" \\\n      '--%s[%s]", o->name, o->help);
    if (o->argument && has_choices(o)) {
        printf(":%s:(", o->argument);
        print_choices(o->argument);
        putchar(')');
    } else if (o->argument) {
        printf(":%s:%s", o->argument,
               o->id == OPTION_SET ? "($keys)"
               : takes_file(o)     ? "_files"
                                   : " ");
    }
    putchar('\'');
}

static void print_zsh(void)
{
    printf("#compdef opik-alerts\n"
           "_opik_alerts_words() {\n"
           "  local -a list\n"
           "  case $verb in\n"
           "    '') list=(");
    first_words(zsh_first);
    printf("); _describe command list ;;\n");
    first_words(zsh_case);
    printf("    *) _files ;;\n"
           "  esac\n"
           "}\n"
           "_opik_alerts() {\n"
           "  local verb='' i\n"
           "  local -a list keys=(");
    print_keys("=");
    printf(" )\n"
           "  for ((i = 2; i < CURRENT; i++)); do\n"
           "    case $words[i] in\n"
           "      ");
    print_pattern(false);
    printf(") ((i++)) ;;\n"
           "      -*) ;;\n"
           "      *) verb+=${verb:+ }$words[i] ;;\n"
           "    esac\n"
           "  done\n"
           "  list=(");
    print_common_options(zsh_option);
    printf(")\n  case $verb in\n");
    print_option_cases(zsh_option);
    printf("  esac\n"
           "  _arguments -S $list '*: :_opik_alerts_words'\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _opik_alerts ]; then _opik_alerts \"$@\"; "
           "else compdef _opik_alerts opik-alerts; fi\n");
}

/* ---------------------------------------------------------------- fish */

static void fish_quoted(const char *text)
{
    putchar('\'');
    for (const char *at = text ? text : ""; *at; at++)
        printf(*at == '\'' ? "\\'" : "%c", *at);
    putchar('\'');
}

/* After the first word, and until there is a second. */
static void fish_seen(struct span first)
{
    printf("complete -c opik-alerts -f -n '__fish_seen_subcommand_from %.*s; and not "
           "__fish_seen_subcommand_from",
           (int)first.len, first.at);
    second_words(first, print_second);
    printf("' -a ");
}

static void fish_second(const struct action_info *a)
{
    const char *space = strchr(a->verb, ' ');
    fish_seen((struct span){a->verb, (size_t)(space - a->verb)});
    printf("%s -d ", space + 1);
    fish_quoted(a->help);
    putchar('\n');
}

static void fish_first(struct span word, const struct action_info *first)
{
    bool two = strchr(first->verb, ' ') != NULL;
    printf("complete -c opik-alerts -f -n __fish_use_subcommand -a %.*s -d ", (int)word.len,
           word.at);
    fish_quoted(two ? "" : first->help);
    putchar('\n');
    if (two) {
        second_words(word, fish_second);
    } else if (first->usage && strchr(first->usage, '|')) {
        printf("complete -c opik-alerts -f -n '__fish_seen_subcommand_from %.*s' -a '",
               (int)word.len, word.at);
        print_choices(first->usage);
        printf("'\n");
    }
}

static void fish_option(const struct usage_option *o)
{
    printf(" -l %s", o->name);
    if (o->id == OPTION_SET) {
        printf(" -x -a '");
        print_keys("=");
        putchar('\'');
    } else if (has_choices(o)) {
        printf(" -x -a '");
        print_choices(o->argument);
        putchar('\'');
    } else if (o->argument) {
        printf(takes_file(o) ? " -r" : " -x");
    }
    printf(" -d ");
    fish_quoted(o->help);
    putchar('\n');
}

/* Before the first word, and after each verb that takes it. */
static void fish_restricted(const struct usage_option *o)
{
    printf("complete -c opik-alerts -n __fish_use_subcommand");
    fish_option(o);
    for (size_t i = 0; i < action_count; i++) {
        const char *verb = action_table[i].verb;
        if (!verb || !usage_takes(o, verb))
            continue;
        const char *space = strchr(verb, ' ');
        printf("complete -c opik-alerts -n '__fish_seen_subcommand_from %.*s",
               (int)strcspn(verb, " "), verb);
        if (space)
            printf("; and __fish_seen_subcommand_from%s", space);
        putchar('\'');
        fish_option(o);
    }
}

static void print_fish(void)
{
    printf("# fish completion of opik-alerts\n");
    first_words(fish_first);
    for (size_t i = 0; i < usage_option_count; i++) {
        if (usage_options[i].verbs) {
            fish_restricted(&usage_options[i]);
            continue;
        }
        printf("complete -c opik-alerts");
        fish_option(&usage_options[i]);
    }
}

int cli_completion(struct cli *cli)
{
    static const struct shell {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(cli->args[0], shells[i].name) == 0) {
            shells[i].print();
            return EXIT_DONE;
        }
    }
    out_error("%s: must be bash, zsh or fish", cli->args[0]);
    return EXIT_CALL;
}
