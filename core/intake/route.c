#include "intake/route.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "intake/handlers.h"

#define PRIVATE "v1/private/"

static const struct route ROUTES[] = {
    {"POST", PRIVATE "traces/batch", traces_create_batch},
    {"PATCH", PRIVATE "traces/batch", traces_update_batch},
    {"POST", PRIVATE "traces", traces_create},
    {"PUT", PRIVATE "traces/feedback-scores", scores_traces},
    {"PUT", PRIVATE "traces/threads/feedback-scores", scores_threads},
    {"POST", PRIVATE "traces/threads/feedback-scores/delete", misc_accept},
    {"PUT", PRIVATE "traces/threads/open", misc_accept},
    {"PUT", PRIVATE "traces/threads/close", misc_accept},
    {"POST", PRIVATE "traces/threads/retrieve", misc_thread},
    {"PUT", PRIVATE "traces/{}/feedback-scores", scores_trace},
    {"POST", PRIVATE "traces/{}/feedback-scores/delete", misc_accept},
    {"PATCH", PRIVATE "traces/{}", traces_update},
    {"POST", PRIVATE "guardrails", guardrails_create},
    {"PUT", PRIVATE "experiments/items/bulk", experiments_bulk},
    {"POST", PRIVATE "experiments", experiments_create},
    {"POST", PRIVATE "experiments/items", misc_accept},
    {"POST", PRIVATE "experiments/finish", experiments_finish},
    {"GET", PRIVATE "experiments/{}", experiments_get},
    {"POST", PRIVATE "spans/batch", spans_create_batch},
    {"PATCH", PRIVATE "spans/batch", spans_update_batch},
    {"PUT", PRIVATE "spans/feedback-scores", misc_accept},
    {"POST", PRIVATE "spans", spans_create},
    {"PATCH", PRIVATE "spans/{}", spans_update},
    {"PUT", PRIVATE "spans/{}/feedback-scores", misc_accept},
    {"POST", PRIVATE "spans/{}/feedback-scores/delete", misc_accept},
    {"POST", PRIVATE "prompts", prompts_create},
    {"GET", PRIVATE "prompts", prompts_list},
    {"POST", PRIVATE "prompts/delete", prompts_delete_batch},
    {"POST", PRIVATE "prompts/versions", prompts_commit},
    {"PATCH", PRIVATE "prompts/versions", prompts_tag_versions},
    {"POST", PRIVATE "prompts/versions/retrieve", prompts_retrieve},
    {"GET", PRIVATE "prompts/versions/{}", prompts_version},
    {"GET", PRIVATE "prompts/{}", prompts_get},
    {"PUT", PRIVATE "prompts/{}", prompts_update},
    {"DELETE", PRIVATE "prompts/{}", prompts_delete},
    {"GET", PRIVATE "prompts/{}/versions", prompts_versions},
    {"POST", PRIVATE "prompts/{}/versions/{}/restore", prompts_restore},
    {"POST", PRIVATE "projects", projects_create},
    {"GET", PRIVATE "projects", projects_list},
    {"POST", PRIVATE "projects/retrieve", projects_retrieve},
    {"GET", PRIVATE "projects/{}", projects_get},
    {"GET", PRIVATE "projects/{}/alerts", alerts_list_project, true},
    {"GET", PRIVATE "alerts", alerts_list, true},
    {"POST", PRIVATE "alerts", alerts_create, true},
    {"POST", PRIVATE "alerts/delete", alerts_delete, true},
    {"POST", PRIVATE "alerts/webhooks/tests", alerts_test, true},
    {"GET", PRIVATE "alerts/webhooks/examples", alerts_examples, true},
    {"GET", PRIVATE "alerts/{}", alerts_get, true},
    {"PUT", PRIVATE "alerts/{}", alerts_replace, true},
    {"GET", "is-alive/ping", misc_ping},
    {"GET", "is-alive/ver", misc_version},
    {"POST", PRIVATE "auth", misc_auth},
    {"GET", PRIVATE "auth/workspace", misc_workspace},
    {"GET", PRIVATE "toggles", misc_toggles},
    {"POST", PRIVATE "otel/v1/traces", misc_otlp},
    {"POST", PRIVATE "opik-alerts/events", events_send},
    {"GET", "healthz", health_alive, .open = true},
    {"GET", "readyz", health_ready},
    {"GET", "metrics", health_metrics},
};

static const size_t ROUTES_COUNT = sizeof ROUTES / sizeof *ROUTES;

/* params receives what stood for each {}. A / at the end of the path is as none, as in Opik. */
static bool fits(const char *pattern, const char *path, struct span params[ROUTE_PARAMS])
{
    size_t count = 0;
    while (*pattern && *path) {
        if (pattern[0] == '{') {
            size_t len = strcspn(path, "/");
            if (len == 0)
                return false;
            if (count < ROUTE_PARAMS)
                params[count++] = (struct span){path, len};
            path += len;
            pattern += 2;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return !*pattern && (!*path || strcmp(path, "/") == 0);
}

static const char *below_api(const char *path)
{
    path += strspn(path, "/");
    return strncmp(path, "api/", 4) == 0 ? path + 4 : path;
}

static size_t params_in(const char *pattern)
{
    size_t count = 0;
    while ((pattern = strchr(pattern, '{'))) {
        count++;
        pattern++;
    }
    return count;
}

/* The fewest placeholders that name a path, whatever the method; SIZE_MAX: not served. */
static size_t best_fit(const char *path)
{
    size_t best = SIZE_MAX;
    struct span params[ROUTE_PARAMS];
    for (size_t i = 0; i < ROUTES_COUNT; i++) {
        size_t count = params_in(ROUTES[i].pattern);
        if (count < best && fits(ROUTES[i].pattern, path, params))
            best = count;
    }
    return best;
}

static const struct route *find_served(const char *method, const char *path, size_t fit,
                                   struct span params[ROUTE_PARAMS])
{
    for (size_t i = 0; i < ROUTES_COUNT; i++)
        if (strcmp(ROUTES[i].method, method) == 0 && params_in(ROUTES[i].pattern) == fit &&
            fits(ROUTES[i].pattern, path, params))
            return &ROUTES[i];
    return NULL;
}

/* Whether an operation with at most `limit` placeholders names it; method NULL: any. */
static bool is_known(const char *method, const char *path, size_t limit)
{
    struct span params[ROUTE_PARAMS];
    for (size_t i = 0; i < ROUTES_NOT_SERVED_COUNT; i++) {
        const struct route_known *at = &ROUTES_NOT_SERVED[i];
        if (params_in(at->pattern) <= limit &&
            (!method || strcmp(at->method, method) == 0) && fits(at->pattern, path, params))
            return true;
    }
    return false;
}

static void add_method(char allow[ROUTE_ALLOW_SIZE], const char *method)
{
    size_t len = strlen(allow);
    snprintf(allow + len, ROUTE_ALLOW_SIZE - len, "%s%s%s", len ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

static void list_methods(const char *path, size_t fit, char allow[ROUTE_ALLOW_SIZE])
{
    struct span params[ROUTE_PARAMS];
    for (size_t i = 0; i < ROUTES_COUNT; i++)
        if (params_in(ROUTES[i].pattern) == fit && fits(ROUTES[i].pattern, path, params))
            add_method(allow, ROUTES[i].method);
}

/* The route that is written as the path is. It has no placeholders, so none fits better. */
static const struct route *find_plain(const char *method, const char *path)
{
    for (size_t i = 0; i < ROUTES_COUNT && !strchr(path, '{'); i++)
        if (strcmp(ROUTES[i].pattern, path) == 0 && strcmp(ROUTES[i].method, method) == 0)
            return &ROUTES[i];
    return NULL;
}

static enum route_found serve(const struct route *served, struct route_match *match)
{
    match->handler = served->handler;
    match->owner_only = served->owner_only;
    match->open = served->open;
    return ROUTE_SERVED;
}

enum route_found route_find(const char *method, const char *path, struct route_match *match)
{
    *match = (struct route_match){0};
    path = below_api(path);
    if (strcmp(method, "HEAD") == 0)
        method = "GET"; /* libmicrohttpd leaves the body out */
    const struct route *plain = find_plain(method, path);
    if (plain)
        return serve(plain, match);
    size_t fit = best_fit(path);
    if (fit == SIZE_MAX)
        return is_known(NULL, path, fit) ? ROUTE_NOT_SERVED : ROUTE_UNKNOWN;
    const struct route *served = find_served(method, path, fit, match->params);
    if (served && (fit == 0 || !is_known(method, path, fit - 1)))
        return serve(served, match);
    if (is_known(method, path, fit))
        return ROUTE_NOT_SERVED;
    list_methods(path, fit, match->allow);
    return ROUTE_OTHER_METHOD;
}
