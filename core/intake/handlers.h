/* What the routes do. Each is a route_handler (request.h): it reads the request's body,
 * starts a step of the store or reads from it, and answers. Internal to intake/. */
#ifndef INTAKE_HANDLERS_H
#define INTAKE_HANDLERS_H

#include "intake/route.h"

route_handler traces_create_batch, traces_create, traces_update, traces_update_batch;
route_handler scores_traces, scores_trace, scores_threads;
route_handler spans_create_batch, spans_create, spans_update, spans_update_batch;
route_handler guardrails_create;
route_handler events_send;
route_handler experiments_bulk, experiments_create, experiments_finish, experiments_get;
route_handler prompts_create, prompts_commit, prompts_retrieve, prompts_get, prompts_list,
    prompts_update, prompts_delete, prompts_delete_batch, prompts_versions, prompts_version,
    prompts_restore, prompts_tag_versions;
route_handler projects_create, projects_retrieve, projects_get, projects_list;
route_handler alerts_create, alerts_replace, alerts_get, alerts_delete, alerts_list,
    alerts_list_project, alerts_test, alerts_examples;
route_handler misc_ping, misc_version, misc_auth, misc_workspace, misc_toggles, misc_accept,
    misc_thread, misc_otlp;
route_handler health_alive, health_ready, health_metrics;

#endif
