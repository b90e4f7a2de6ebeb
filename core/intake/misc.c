/* The small answers that SDKs ask for. */
#include "intake/handlers.h"
#include "intake/request.h"

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

void misc_otlp(struct request *r)
{
    request_fail_text(r, 415, "OpenTelemetry is not served here: send with the Opik SDK");
}
