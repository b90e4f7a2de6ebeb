#include "cli/cli.h"
#include "cli/follow.h"

int cli_log(struct cli *cli)
{
    struct err err = {0};
    int64_t seq = 0;
    bool done = cli->call->follow ? follow_run(cli, &seq, &err) : follow_print(cli, &seq, &err);
    return done ? EXIT_DONE : cli_fail(&err);
}
