#include "bench/accepting.h"

#include "bench/events.h"

const char *const accepting_sets[] = {"debounce.window=1h", "bucket.max_events=1000000",
                                      "bucket.max_bytes=256MiB", "log.max_size=0B", NULL};

struct used {
    const struct peer *peer;
    double cpu;
};

static void begin_count(void *arg)
{
    struct used *u = arg;
    u->cpu = peer_cpu_s(u->peer);
}

bool accepting_load(const struct peer *p, const struct loader_request *request,
                    double seconds, struct loader_result *out, double *cpu_s)
{
    struct used used = {p, 0};
    const struct loader_plan plan = {.connections = ACCEPTING_CONNECTIONS,
                                     .seconds = seconds,
                                     .warm = seconds / 4,
                                     .warmed = begin_count,
                                     .arg = &used};
    bool fine = loader_run(p->port, request, &plan, out);
    *cpu_s = peer_cpu_s(p) - used.cpu;
    return fine;
}

struct accepting accepting_measure(const struct peer *p, size_t batch, double seconds)
{
    struct loader_request request;
    struct loader_result r;
    double cpu;
    loader_request_make(&request, EVENTS_PATH, "", EVENTS_PREFIX, EVENTS_FAILED,
                        EVENTS_SUFFIX, batch);
    bool fine = accepting_load(p, &request, seconds, &r, &cpu);
    double events = (double)(r.answered - r.failed) * (double)batch;
    loader_request_free(&request);
    if (!fine || events <= 0)
        return (struct accepting){0};
    return (struct accepting){events / r.seconds, cpu / events * 1e6};
}
