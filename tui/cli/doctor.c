/* Adds up what was accepted: each (event, alert) pair must have exactly one ending or wait. */
#include "cli/cli.h"
#include "cli/out.h"

struct sum {
    int64_t waiting, delivered, dead, found;
};

static struct sum add_up(const struct store_counts *c)
{
    struct sum s = {.waiting = c->waiting_events};
    for (int i = 0; i <= DELIVERY_DEAD; i++) {
        if (i == DELIVERY_DELIVERED)
            s.delivered = c->events[i];
        else if (i == DELIVERY_DEAD)
            s.dead = c->events[i];
        else
            s.waiting += c->events[i];
    }
    s.found = s.waiting + s.delivered + s.dead + c->dropped;
    return s;
}

static void print_words(const struct store_counts *c, const struct sum *s)
{
    out_line("accepted    %lld   (event, alert) pairs", (long long)c->accepted);
    out_line("delivered   %lld", (long long)s->delivered);
    out_line("waiting     %lld", (long long)s->waiting);
    out_line("dead        %lld", (long long)s->dead);
    out_line("dropped     %lld   each with its reason in the log", (long long)c->dropped);
    if (c->silenced)
        out_line("            %lld   of them by a silence", (long long)c->silenced);
    out_line("unmatched   %lld   events that no alert wanted", (long long)c->unmatched);
    if (s->found == c->accepted)
        out_line("All is accounted for.");
    else
        out_line("The difference is %lld.", (long long)(c->accepted - s->found));
}

static void print_json(const struct store_counts *c, const struct sum *s)
{
    struct buf json;
    buf_init(&json, BUF_UNLIMITED);
    buf_add_format(
        &json,
        "{\"accepted\":%lld,\"delivered\":%lld,\"waiting\":%lld,\"dead\":%lld,"
        "\"dropped\":%lld,\"silenced\":%lld,\"unmatched\":%lld,\"difference\":%lld}",
        (long long)c->accepted, (long long)s->delivered, (long long)s->waiting,
        (long long)s->dead, (long long)c->dropped, (long long)c->silenced,
        (long long)c->unmatched, (long long)(c->accepted - s->found));
    out_json(buf_span(&json), true);
    buf_free(&json);
}

int cli_doctor(struct cli *cli)
{
    struct store_counts counts;
    struct err err = {0};
    if (!store_counts(cli->reader, &counts, &err))
        return cli_fail(&err);
    struct sum sum = add_up(&counts);
    if (cli->call->json)
        print_json(&counts, &sum);
    else
        print_words(&counts, &sum);
    return sum.found == counts.accepted ? EXIT_DONE : EXIT_FAILED;
}
