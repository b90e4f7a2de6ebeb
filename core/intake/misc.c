/* The small answers that SDKs ask for. */
#include "intake/handlers.h"
#include "intake/request.h"
#include "store/projects.h"

void misc_ping(struct request *r)
{
    buf_add_text(&r->answer, "{\"message\":\"Healthy Server\",\"healthy\":true}");
    request_reply(r, 200);
}

void misc_version(struct request *r)
{
    buf_add_text(&r->answer, "{\"version\":\"" VERSION "\"}");
    request_reply(r, 200);
}

void misc_auth(struct request *r)
{
    request_reply(r, 204);
}

void misc_workspace(struct request *r)
{
    buf_add_text(&r->answer, "{\"workspace_name\":");
    js_append_string(&r->answer, span_of(r->workspace));
    buf_add_char(&r->answer, '}');
    request_reply(r, 200);
}

/* Every switch that an SDK knows, off. Their names on the wire are not snake_case. */
void misc_toggles(struct request *r)
{
    static const char *const names[] = {
        "pythonEvaluatorEnabled",
        "traceThreadPythonEvaluatorEnabled",
        "spanLlmAsJudgeEnabled",
        "spanUserDefinedMetricPythonEnabled",
        "guardrailsEnabled",
        "opikAIEnabled",
        "alertsEnabled",
        "welcomeWizardEnabled",
        "csvUploadEnabled",
        "exportEnabled",
        "optimizationStudioEnabled",
        "dashboardsEnabled",
        "datasetVersioningEnabled",
        "datasetExportEnabled",
        "demoDataEnabled",
        "openaiProviderEnabled",
        "anthropicProviderEnabled",
        "geminiProviderEnabled",
        "openrouterProviderEnabled",
        "vertexaiProviderEnabled",
        "bedrockProviderEnabled",
        "customllmProviderEnabled",
        "ollamaProviderEnabled",
        "collaboratorsTabEnabled",
        "ollieEnabled",
        "agenticToolsEnabled",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        buf_add_format(&r->answer, "%c\"%s\":false", i ? ',' : '{', names[i]);
    buf_add_char(&r->answer, '}');
    request_reply(r, 200);
}

/* Taken and not kept: spans, thread states, deleted scores. Broken JSON is refused all the
 * same. */
void misc_accept(struct request *r)
{
    struct js_value root;
    if (request_object(r, &root))
        request_reply(r, 204);
}

/* The project that a body names by id or name. NULL id and name: any, and nothing is read. */
static bool find_project(struct request *r, const char *id, const char *name,
                         struct project *p, struct err *err)
{
    *p = (struct project){0};
    if (!id && !name)
        return true;
    struct store_reader *reader = request_reader(r);
    if (!reader)
        return false;
    bool ok = store_project_get(reader, r->workspace, id, name, p, err);
    request_reader_done(r, &reader);
    if (!ok)
        request_fail(r, err);
    return ok;
}

/* Threads are not kept: the answer holds what the question told, and the project. */
void misc_thread(struct request *r)
{
    struct js_value root;
    struct err err;
    struct project p;
    const char *thread, *name, *id;
    if (!request_object(r, &root))
        return;
    if (!request_text(r, root, "thread_id", &thread, &err) ||
        !request_text(r, root, "project_name", &name, &err) ||
        !request_text(r, root, "project_id", &id, &err)) {
        request_fail(r, &err);
        return;
    }
    if (!thread) {
        request_fail_text(r, 400, "thread_id: is required");
        return;
    }
    if (!find_project(r, id, name, &p, &err))
        return;
    buf_add_text(&r->answer, "{\"id\":");
    js_append_string(&r->answer, span_of(thread));
    if (p.id[0])
        buf_add_format(&r->answer, ",\"project_id\":\"%s\"", p.id);
    buf_add_char(&r->answer, '}');
    project_free(&p);
    request_reply(r, 200);
}

void misc_otlp(struct request *r)
{
    request_fail_text(r, 415, "OpenTelemetry is not served here: send with the Opik SDK");
}
