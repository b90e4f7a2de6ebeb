#include <stdio.h>

#include "cli/await.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "store/datadir.h"

/* Without an engine beside it: that one would send with secrets that do not open any more. */
int cli_rekey(struct cli *cli)
{
    struct err err = {0};
    struct await answer;
    struct datadir_lock *lock = datadir_lock_try(cli->call->data_dir, &err);
    if (!lock)
        return cli_fail(&err);
    await_init(&answer, AWAIT_COUNT);
    store_rekey(cli->store, cli->user, await_done, &answer);
    bool done = await_answer(&answer, &err);
    datadir_unlock(&lock);
    if (!done)
        return cli_fail(&err);
    if (cli->call->json)
        out_line("{\"alerts\":%lld}", (long long)answer.count);
    else
        out_line("a new key; %lld alert%s sealed anew", (long long)answer.count,
                 answer.count == 1 ? "" : "s");
    return EXIT_DONE;
}
