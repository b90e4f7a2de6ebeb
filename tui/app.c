#include "app.h"

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actions.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/session.h"
#include "cli/usage.h"
#include "config.h"
#include "model/event.h"
#include "whereabouts.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

struct app {
    struct call call;
    const char **words; /* what is no option, in order */
    size_t word_count;
    const char **set;
    bool help, version;
    unsigned given; /* bits of usage_options that were typed */
    char data_dir[PATH_MAX], config[PATH_MAX], user[256], place[96];
};

/* Each connection is a descriptor; a shell's usual 1024 is fewer than the settings allow. */
static void raise_descriptors(void)
{
    const rlim_t wanted = 16384;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

/* A closed one would be the number of the next file that is opened, and what is printed would
 * go there. What takes its place fails as a closed one does. */
static bool hold_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* Secrets must not end in a core file or be read by a neighbour; a closed pipe and a file that
 * may not grow (ulimit -f) are errors like any other. */
static void harden(void)
{
    struct rlimit none = {0, 0};
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
}

/* ---------------------------------------------------------------- the call */

static void note_given(struct app *app, int id)
{
    for (size_t i = 0; i < usage_option_count; i++)
        if ((int)usage_options[i].id == id)
            app->given |= 1u << i;
}

/* In the order of enum option_id. */
static void take_silence_option(struct silence_words *w, int id, const char *value)
{
    const char **const members[] = {&w->alert, &w->project, &w->type,   &w->duration,
                                    &w->from,  &w->until,   &w->weekly, &w->zone,
                                    &w->then,  &w->comment};
    *members[id - OPTION_ALERT] = value;
}

static void take_option(struct app *app, int id, const char *value)
{
    note_given(app, id);
    if (id >= OPTION_ALERT && id <= OPTION_COMMENT) {
        take_silence_option(&app->call.silence, id, value);
        return;
    }
    switch (id) {
    case 1:
        app->words[app->word_count++] = value;
        break;
    case OPTION_DATA_DIR:
        app->call.data_dir = value;
        break;
    case OPTION_CONFIG:
        app->call.config = value;
        app->call.config_given = true;
        break;
    case OPTION_SET:
        app->set[app->call.set_count++] = value;
        break;
    case OPTION_READ_ONLY:
        app->call.read_only = true;
        break;
    case OPTION_JSON:
        app->call.json = true;
        break;
    case OPTION_WORKSPACE:
        app->call.workspace = value;
        break;
    case OPTION_FOLLOW:
        app->call.follow = true;
        break;
    case OPTION_PLAIN:
        app->call.plain = true;
        break;
    case OPTION_DRY_RUN:
        app->call.dry_run = true;
        break;
    case OPTION_FILTER:
        app->call.filter = value;
        break;
    case OPTION_SINCE:
        app->call.since = value;
        break;
    case OPTION_SECRETS:
        app->call.secrets = value;
        break;
    case OPTION_HELP:
    case 'h':
        app->help = true;
        break;
    default:
        app->version = true;
    }
}

static int wrong_call(const char *what, const char *text)
{
    out_error("%s%s; see opik-alerts --help", text, what);
    return EXIT_CALL;
}

/* What getopt_long() could not take: a letter, whose word may not be over yet; an option
 * that takes no value; or a name that it does not know. */
static int wrong_option(const char *word)
{
    const char letter[] = {'-', (char)optopt, '\0'};
    if (optopt >= OPTION_DATA_DIR)
        return wrong_call(": takes no value", word);
    return wrong_call(": no such option", optopt ? letter : word);
}

/* In-order mode ('-' first), so that options may stand anywhere whatever POSIXLY_CORRECT
 * says. */
static int parse(struct app *app, int argc, char **argv)
{
    struct option options[32] = {0};
    for (size_t i = 0; i < usage_option_count; i++)
        options[i] =
            (struct option){usage_options[i].name,
                            usage_options[i].argument ? required_argument : no_argument,
                            NULL, (int)usage_options[i].id};
    optind = 0;
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, "-:hV", options, NULL)) != -1;) {
        if (id == ':')
            return wrong_call(" needs a value", argv[optind - 1]);
        if (id == '?')
            return wrong_option(argv[optind > 1 ? optind - 1 : 1]);
        take_option(app, id, optarg);
    }
    while (optind < argc)
        app->words[app->word_count++] = argv[optind++];
    const struct {
        const char *name, *value;
    } texts[] = {{"--workspace", app->call.workspace},
                 {"--data-dir", app->call.data_dir},
                 {"--config", app->call.config}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value && !*texts[i].value)
            return wrong_call(" must not be empty", texts[i].name);
    if (app->call.workspace && !workspace_fits(app->call.workspace))
        return wrong_call(" must be plain text of at most 150 characters", "--workspace");
    return EXIT_DONE;
}

/* ---------------------------------------------------------------- defaults */

static bool home_of_user(char *out, size_t size)
{
    const char *home = getenv("HOME");
    if (!home || home[0] != '/') {
        struct passwd *entry = getpwuid(geteuid());
        home = entry ? entry->pw_dir : NULL;
    }
    return home && snprintf(out, size, "%s", home) < (int)size;
}

/* The XDG rules: a relative path in the variable counts as none. */
static bool xdg_path(const char *variable, const char *fallback, const char *name,
                     char *out)
{
    char home[PATH_MAX];
    const char *base = getenv(variable);
    if (base && base[0] == '/')
        return snprintf(out, PATH_MAX, "%s/%s", base, name) < PATH_MAX;
    return home_of_user(home, sizeof home) &&
           snprintf(out, PATH_MAX, "%s/%s/%s", home, fallback, name) < PATH_MAX;
}

static bool fill_defaults(struct app *app)
{
    struct passwd *entry = getpwuid(geteuid());
    if (entry)
        snprintf(app->user, sizeof app->user, "%s", entry->pw_name);
    else
        snprintf(app->user, sizeof app->user, "%lu", (unsigned long)geteuid());
    whereabouts(app->place, sizeof app->place);
    if (!app->call.data_dir) {
        if (!xdg_path("XDG_DATA_HOME", ".local/share", "opik-alerts", app->data_dir))
            return false;
        app->call.data_dir = app->data_dir;
    }
    if (!app->call.config_given &&
        xdg_path("XDG_CONFIG_HOME", ".config", "opik-alerts/config.ini", app->config))
        app->call.config = app->config;
    return true;
}

/* ---------------------------------------------------------------- dispatch */

static const struct action_info *find_verb(const struct app *app, size_t *words)
{
    const char *first = app->words[0], *second = app->word_count > 1 ? app->words[1] : NULL;
    const struct action_info *info = second ? action_of_verb(first, second) : NULL;
    if (!info)
        info = action_of_verb(first, NULL);
    *words = info && strchr(info->verb, ' ') ? 2 : 1;
    return info;
}

/* The gates: here and nowhere else. */
static bool refused(const struct app *app, const struct action_info *verb)
{
    bool tells = app->call.secrets && verb->flags & ACTION_TELLS;
    if (!app->call.read_only || !(tells || verb->flags & (ACTION_CHANGES | ACTION_LOCK)))
        return false;
    out_error("%s%s: changes something, which --read-only refuses", verb->verb,
              tells ? " --secrets" : "");
    return true;
}

static bool takes_options(const struct app *app, const char *verb)
{
    for (size_t i = 0; i < usage_option_count; i++) {
        if (!(app->given & 1u << i) || usage_takes(&usage_options[i], verb))
            continue;
        out_error("%s: takes no --%s; see opik-alerts --help", verb ? verb : "the console",
                  usage_options[i].name);
        return false;
    }
    return true;
}

static int check_verb(const struct app *app, const struct action_info *verb, size_t args)
{
    if (refused(app, verb))
        return EXIT_CALL;
    if (!takes_options(app, verb->verb))
        return EXIT_CALL;
    if (usage_fits(verb, args))
        return EXIT_DONE;
    char usage[96];
    usage_line(verb, usage, sizeof usage);
    out_error("usage: opik-alerts %s", usage);
    return EXIT_CALL;
}

static bool is_first_word(const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < action_count; i++) {
        const char *verb = action_table[i].verb;
        if (verb && strncmp(verb, word, len) == 0 && verb[len] == ' ')
            return true;
    }
    return false;
}

static int no_such_verb(const struct app *app)
{
    const char *first = app->words[0];
    if (!is_first_word(first))
        return wrong_call(": no such command", first);
    if (app->word_count > 1)
        out_error("%s %s: no such command; see opik-alerts %s --help", first, app->words[1],
                  first);
    else
        out_error("%s: needs one more word; see opik-alerts %s --help", first, first);
    return EXIT_CALL;
}

static bool is_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* verb NULL: the console. */
static int run(struct app *app, const struct action_info *verb, size_t words,
               const struct clock *clock)
{
    struct err err = {0};
    struct settings settings;
    bool screen = !verb || verb->id == ACTION_CLI_DEMO;
    if (!fill_defaults(app)) {
        out_error("there is no home directory; give --data-dir");
        return EXIT_CALL;
    }
    if (!config_load(&app->call, &settings, &err)) {
        cli_fail(&err);
        return err.code == ERR_IO || err.code == ERR_MEMORY ? EXIT_FAILED : EXIT_CALL;
    }
    struct cli cli = {
        .call = &app->call,
        .settings = &settings,
        .clock = clock,
        .workspace = app->call.workspace ? app->call.workspace : "default",
        .user = app->user,
        .actor = {app->user, screen ? "console" : "command line", app->place},
        .args = app->words + words,
        .arg_count = app->word_count - words,
        .signal_fd = -1,
    };
    int status = verb ? cli_run(verb->id, &cli) : session_main(&cli);
    settings_free(&settings);
    return status;
}

static int dispatch(struct app *app, const struct clock *clock)
{
    const struct action_info *verb = NULL;
    size_t words = 0;
    if (app->word_count > 0) {
        verb = find_verb(app, &words);
        if (!verb)
            return no_such_verb(app);
    } else if (!is_terminal() && !app->call.plain) {
        out_error("no terminal: running as serve");
        verb = action_info(ACTION_CLI_SERVE);
    }
    if (verb) {
        int status = check_verb(app, verb, app->word_count - words);
        if (status != EXIT_DONE)
            return status;
    } else if (!takes_options(app, NULL)) {
        return EXIT_CALL;
    }
    return run(app, verb, words, clock);
}

static int start(struct app *app, int argc, char **argv, const struct clock *clock)
{
    int status = parse(app, argc, argv);
    if (status != EXIT_DONE)
        return status;
    app->call.set = app->set;
    if (app->version) {
        out_line("opik-alerts %s", VERSION);
        return out_flush() ? EXIT_DONE : EXIT_FAILED;
    }
    if (app->help) {
        usage_print(app->word_count > 0 ? app->words[0] : NULL,
                    app->word_count > 1 ? app->words[1] : NULL);
        return out_flush() ? EXIT_DONE : EXIT_FAILED;
    }
    return dispatch(app, clock);
}

/* The characters are the user's; numbers are read, sent and stored with a point everywhere. */
static void take_locale(void)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
}

int app_main(int argc, char **argv, const struct clock *clock)
{
    if (!hold_standard())
        return EXIT_FAILED;
    take_locale();
    harden();
    raise_descriptors();
    struct app *app = calloc(1, sizeof *app);
    const char **lists = calloc(2 * (size_t)argc + 2, sizeof *lists);
    int status = EXIT_FAILED;
    if (app && lists) {
        app->words = lists;
        app->set = lists + argc + 1;
        status = start(app, argc, argv, clock);
    } else {
        out_error("out of memory");
    }
    free(lists);
    free(app);
    return status;
}
