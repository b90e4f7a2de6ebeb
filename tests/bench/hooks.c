#include "bench/hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/events.h"
#include "bench/loader.h"
#include "bench/measure.h"
#include "bench/rivals.h"
#include "support/run.h"

enum { WINDOW_S = 3, WAVE = 1000 };
/* What stands in a body beside the text, so that all are about HOOKS_BODY. */
enum { OWN_ENVELOPE = 962, MANAGER_ENVELOPE = 1553, BULLMQ_ENVELOPE = 39 };

void hooks_event(char *out, size_t size)
{
    static const char tail[] = "\"}}";
    int n = snprintf(
        out, size, EVENTS_TRACE ",\"error_info\":{\"exception_type\":\"E\",\"message\":\"");
    size_t text = HOOKS_BODY - OWN_ENVELOPE;
    if (n < 0 || (size_t)n + text + sizeof tail > size)
        abort();
    memset(out + n, 'x', text);
    memcpy(out + n + text, tail, sizeof tail);
}

static bool send_event(int port)
{
    struct loader_request request;
    char event[HOOKS_BODY + 256];
    hooks_event(event, sizeof event);
    loader_request_make(&request, EVENTS_PATH, "", EVENTS_PREFIX, event, EVENTS_SUFFIX, 1);
    bool fine = loader_once(port, &request);
    loader_request_free(&request);
    return fine;
}

static void base_url(const struct sink *sink, char *out, size_t size)
{
    snprintf(out, size, "http://127.0.0.1:%d/", sink_port(sink));
}

/* ---------------------------------------------------------------- bursts */

static bool measure_burst(struct sink *sink, const struct peer *p, double due, double cpu,
                          size_t count, struct burst *b)
{
    struct arrival *arrivals = calloc(count, sizeof *arrivals);
    double *late = calloc(count, sizeof *late);
    bool fine = arrivals && late && sink_wait(sink, count, HOOKS_WAIT_S);
    if (fine) {
        sink_arrivals(sink, arrivals, count);
        for (size_t i = 0; i < count; i++)
            late[i] = (arrivals[i].whole - due) * 1e3;
        b->cpu_us = (peer_cpu_s(p) - cpu) / (double)count * 1e6;
        b->bytes = arrivals[0].bytes;
        b->first_ms = late[0];
        b->last_ms = late[count - 1];
        b->per_second = (double)(count - 1) / (b->last_ms - b->first_ms) * 1e3;
        b->p50_ms = measure_percentile(late, count, 50);
        b->p99_ms = measure_percentile(late, count, 99);
    }
    free(arrivals);
    free(late);
    return fine;
}

static void write_own_url(FILE *f, size_t i, const void *arg)
{
    ours_write_alert(f, i, "trace:errors", arg);
}

static void write_one_url(FILE *f, size_t i, const void *arg)
{
    fprintf(f,
            "{\"name\":\"Alert %zu\",\"webhook\":{\"url\":\"%s\"},"
            "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
            i, (const char *)arg);
}

static bool burst(struct sink *sink, size_t buckets, bool one, const char *const *sets,
                  struct burst *out)
{
    struct peer p;
    char data[300], url[64];
    base_url(sink, url, sizeof url);
    peer_prepare(&p, "opik-alerts");
    snprintf(data, sizeof data, "%s/data", p.dir);
    if (!ours_import(data, buckets, one ? write_one_url : write_own_url, url)) {
        peer_stop(&p);
        return false;
    }
    if (!ours_launch(&p, NULL, sets))
        return false;
    sink_reset(sink);
    bool fine = send_event(p.port);
    double cpu = peer_cpu_s(&p),
           steady = ours_number(data, "SELECT max(due_at) FROM buckets", 0);
    if (steady <= 0)
        fputs("the buckets closed before they were looked at\n", stderr);
    fine = fine && steady > 0 &&
           measure_burst(sink, &p, ours_time_s(steady), cpu, buckets, out);
    peer_stop(&p);
    return fine;
}

bool burst_ours(struct sink *sink, size_t buckets, struct burst *out)
{
    static const char *const sets[] = {"debounce.window=3s", NULL};
    return burst(sink, buckets, false, sets, out);
}

bool burst_endpoints(struct sink *sink, size_t buckets, bool one, struct burst *out)
{
    static const char *const sets[] = {"debounce.window=3s", "delivery.concurrency=64",
                                       "delivery.per_endpoint=64", NULL};
    return burst(sink, buckets, one, sets, out);
}

static void manager_body(struct buf *body, size_t groups)
{
    char text[HOOKS_BODY - MANAGER_ENVELOPE + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    buf_init(body, BUF_UNLIMITED);
    for (size_t i = 0; i < groups; i++)
        buf_add_format(
            body,
            "%s{\"labels\":{\"alertname\":\"burst\",\"id\":\"%zu\"},\"annotations\":"
            "{\"text\":\"%s\"}}",
            i ? "," : "[", i, text);
    buf_add_text(body, "]");
}

bool burst_manager(struct sink *sink, size_t buckets, struct burst *out)
{
    struct loader_request request;
    struct peer p;
    struct buf body;
    char url[64];
    base_url(sink, url, sizeof url);
    if (!alertmanager_start(&p, "id", "3s", url))
        return false;
    manager_body(&body, buckets);
    loader_request_raw(&request, EVENTS_MANAGER_PATH, "", buf_span(&body));
    sink_reset(sink);
    double due = measure_now_s() + WINDOW_S;
    bool fine = loader_once(p.port, &request);
    fine = fine && measure_burst(sink, &p, due, peer_cpu_s(&p), buckets, out);
    loader_request_free(&request);
    buf_free(&body);
    peer_stop(&p);
    return fine;
}

bool burst_bullmq(struct sink *sink, size_t buckets, struct burst *out)
{
    struct loader_request request;
    struct peer p;
    char url[64], path[256];
    base_url(sink, url, sizeof url);
    if (!bullmq_start(&p, WINDOW_S * 1000))
        return false;
    snprintf(path, sizeof path, "/fill?count=%zu&bytes=%d&url=%s", buckets,
             HOOKS_BODY - BULLMQ_ENVELOPE, url);
    loader_request_raw(&request, path, "", (struct span){"", 0});
    sink_reset(sink);
    double due = measure_now_s() + WINDOW_S;
    bool fine = loader_once(p.port, &request);
    fine = fine && measure_burst(sink, &p, due, peer_cpu_s(&p), buckets, out);
    loader_request_free(&request);
    peer_stop(&p);
    return fine;
}

/* ---------------------------------------------------------------- a backlog */

static bool make_waves(const struct peer *p, const char *data, size_t count)
{
    bool fine = true;
    for (size_t made = 0; fine && made < count; made += WAVE) {
        fine = send_event(p->port);
        double end = measure_now_s() + HOOKS_WAIT_S;
        while (fine && ours_number(data, "SELECT count(*) FROM deliveries", 0) <
                           (double)(made + WAVE)) {
            measure_pause(0.02);
            fine = measure_now_s() < end;
        }
    }
    if (!fine)
        fputs("the backlog could not be made\n", stderr);
    return fine;
}

bool backlog_make(const char *data, struct sink *sink, const char *url, size_t count)
{
    static const char *const sets[] = {"debounce.window=100ms", "delivery.per_endpoint=1",
                                       "delivery.timeout=1h", NULL};
    struct peer p;
    char own[300], words[1024];
    peer_prepare(&p, "opik-alerts");
    snprintf(own, sizeof own, "%s/data", p.dir);
    if (!ours_import(own, WAVE, write_one_url, url)) {
        peer_stop(&p);
        return false;
    }
    sink_hold(sink, true);
    bool fine = ours_launch(&p, NULL, sets);
    fine = fine && make_waves(&p, own, count);
    peer_kill(&p);
    sink_hold(sink, false);
    snprintf(words, sizeof words, "mv '%s' '%s'", own, data);
    fine = fine && system(words) == 0;
    peer_stop(&p);
    return fine;
}

/* From the first to the last of so many. */
static bool measure_steady(struct sink *sink, size_t count, double sink_cpu,
                           struct steady *out)
{
    struct arrival *a = calloc(count, sizeof *a);
    bool fine = a && sink_wait(sink, count, HOOKS_WAIT_S);
    double cpu = sink_cpu_s(sink) - sink_cpu;
    if (fine) {
        sink_arrivals(sink, a, count);
        double seconds = a[count - 1].whole - a[0].whole;
        out->per_second = (double)(count - 1) / seconds;
        out->sink_share = cpu / seconds;
    }
    free(a);
    return fine;
}

bool backlog_send(const char *data, struct sink *sink, const char *ca_file, size_t count,
                  size_t at_once, struct steady *out)
{
    char concurrency[64], per_endpoint[64], ca[400];
    snprintf(concurrency, sizeof concurrency, "delivery.concurrency=%zu", at_once);
    snprintf(per_endpoint, sizeof per_endpoint, "delivery.per_endpoint=%zu", at_once);
    snprintf(ca, sizeof ca, "delivery.ca_file=%s", ca_file ? ca_file : "");
    const char *const sets[] = {concurrency, per_endpoint, ca, "debounce.window=1h", NULL};
    struct peer p;
    sink_reset(sink);
    double sink_cpu = sink_cpu_s(sink);
    if (!ours_start(&p, data, sets))
        return false;
    bool fine = measure_steady(sink, count, sink_cpu, out);
    out->cpu_us = peer_cpu_s(&p) / (double)count * 1e6;
    peer_stop(&p);
    return fine;
}

bool bare_send(struct sink *sink, const char *url, const char *ca_file, size_t count,
               size_t at_once, struct steady *out)
{
    char program[512], words[1400];
    double seconds = 0, cpu = 0, sink_cpu = sink_cpu_s(sink);
    peer_program("peer_curl", program, sizeof program);
    snprintf(words, sizeof words, "'%s' '%s' %zu %zu %d %s", program, url, count, at_once,
             HOOKS_BODY, ca_file ? ca_file : "");
    FILE *pipe = popen(words, "r");
    bool fine = pipe && fscanf(pipe, "%lf %lf", &seconds, &cpu) == 2 && seconds > 0;
    if (pipe)
        fine = pclose(pipe) == 0 && fine;
    if (!fine)
        fputs("the bare loop did not run\n", stderr);
    *out = (struct steady){(double)count / seconds, cpu / (double)count * 1e6,
                           (sink_cpu_s(sink) - sink_cpu) / seconds};
    return fine;
}

/* ---------------------------------------------------------------- lateness */

static bool add_workspace(int port, const char *url, size_t i)
{
    struct loader_request request;
    char headers[64], body[256];
    snprintf(headers, sizeof headers, "Comet-Workspace: place%zu\r\n", i);
    int n = snprintf(body, sizeof body,
                     "{\"name\":\"Alert %zu\",\"webhook\":{\"url\":\"%s%zu\"},"
                     "\"triggers\":[{\"event_type\":\"trace:errors\"}]}",
                     i, url, i);
    loader_request_raw(&request, "/api/v1/private/alerts", headers,
                       (struct span){body, (size_t)n});
    bool fine = loader_once(port, &request);
    loader_request_free(&request);
    return fine;
}

bool lateness_prepare(const struct peer *p, const struct sink *sink)
{
    char url[64];
    bool fine = true;
    base_url(sink, url, sizeof url);
    for (size_t i = 0; i < PLACES && fine; i++)
        fine = add_workspace(p->port, url, i);
    return fine;
}

bool lateness_send(const struct peer *p, double per_second, double *sent, double *answered,
                   size_t count)
{
    char event[HOOKS_BODY + 256], headers[64];
    struct loader_request request;
    double begun = measure_now_s();
    bool fine = true;
    hooks_event(event, sizeof event);
    for (size_t i = 0; i < count && fine; i++) {
        snprintf(headers, sizeof headers, "Comet-Workspace: place%zu\r\n", i % PLACES);
        loader_request_make(&request, EVENTS_PATH, headers, EVENTS_PREFIX, event,
                            EVENTS_SUFFIX, 1);
        double left = begun + (double)i / per_second - measure_now_s();
        if (left > 0)
            measure_pause(left);
        sent[i] = measure_now_s();
        fine = loader_once(p->port, &request);
        answered[i] = measure_now_s();
        loader_request_free(&request);
    }
    return fine;
}

/* The k-th request to a place is of the k-th event sent there. */
void lateness_match(struct sink *sink, const double *since, double window_s,
                    struct late *out, size_t count)
{
    struct arrival *a = calloc(2 * count, sizeof *a);
    size_t next[PLACES], came = a ? sink_arrivals(sink, a, 2 * count) : 0;
    for (size_t i = 0; i < PLACES; i++)
        next[i] = i;
    memset(out, 0, count * sizeof *out);
    for (size_t i = 0; i < came; i++) {
        size_t event = a[i].number < PLACES ? next[a[i].number] : count;
        if (event >= count)
            continue;
        next[a[i].number] += PLACES;
        double due = since[event] + window_s;
        out[event] = (struct late){due, (a[i].whole - due) * 1e3};
    }
    free(a);
}
