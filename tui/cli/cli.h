/* The verbs of the command line: the actions of the table, as words. Each verb is one
 * function that is given what was typed and answers the exit status. Data go to standard
 * output, words for people to standard error (out.h). One thread. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "actions.h"
#include "base/clock.h"
#include "config.h"
#include "model/settings.h"
#include "store/store.h"

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_CALL = 2 };

struct cli {
    const struct call *call;
    const struct settings *settings;
    const struct clock *clock;
    const char *workspace;   /* never NULL */
    const char *user;        /* the login name: who did it */
    struct actor actor;      /* the same, and from where */
    const char *const *args; /* what follows the verb */
    size_t arg_count;
    struct store *store; /* open for the verbs that need it */
    struct store_reader *reader;
    int signal_fd; /* SIGTERM, SIGINT, SIGHUP; for the verbs that run on; else -1 */
};

/* Runs one verb: opens what it needs, closes it, and flushes standard output. */
int cli_run(enum action verb, struct cli *cli);

/* Opens the store of the data directory and a reader. */
bool cli_open(struct cli *cli, const char *dir, struct err *err);
void cli_close(struct cli *cli);

/* Prints the error; EXIT_FAILED. */
int cli_fail(const struct err *err);

/* The same for an argument that may be malformed: then EXIT_CALL. */
int cli_fail_argument(const struct err *err);

/* Adds a text to those of `texts` (with room for it), unless it is there; how many there are. */
size_t cli_once(const char **texts, size_t count, const char *text);

/* The arguments as canonical ids, each once, to be freed in one; NULL (and said why) when
 * one is no id. */
const char **cli_ids(const struct cli *cli, size_t *count);

/* Runs `one` for each id among the arguments, also after one that failed; the worst status.
 * apart: with an empty line between what is for people. */
int cli_each(struct cli *cli, int (*one)(struct cli *cli, const char *id), bool apart);

/* What was done to, for --json only: an array of {KEY: value}. The exit status. */
int cli_tell(const struct cli *cli, const char *key, const char *const *values,
             size_t count);

int cli_alert_list(struct cli *cli);
int cli_alert_show(struct cli *cli);
int cli_alert_create(struct cli *cli);
int cli_alert_update(struct cli *cli);
int cli_alert_enable(struct cli *cli);
int cli_alert_disable(struct cli *cli);
int cli_alert_delete(struct cli *cli);
int cli_alert_test(struct cli *cli);
int cli_alert_export(struct cli *cli);
int cli_alert_import(struct cli *cli);
int cli_delivery_list(struct cli *cli);
int cli_delivery_show(struct cli *cli);
int cli_delivery_replay(struct cli *cli);
int cli_bucket_list(struct cli *cli);
int cli_bucket_send(struct cli *cli);
int cli_silence_list(struct cli *cli);
int cli_silence_add(struct cli *cli);
int cli_silence_end(struct cli *cli);
int cli_activity(struct cli *cli);
int cli_audit(struct cli *cli);
int cli_man(struct cli *cli);
int cli_log(struct cli *cli);
int cli_explain(struct cli *cli);
int cli_send(struct cli *cli);
int cli_serve(struct cli *cli);
int cli_demo(struct cli *cli);
int cli_config(struct cli *cli);
int cli_doctor(struct cli *cli);
int cli_rekey(struct cli *cli);
int cli_completion(struct cli *cli);

#endif
