// Slack, PagerDuty, the server's style, thresholds and experiments, seen from the SDK and from
// recorded requests of the Python client.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { Opik } from "opik";
import { startAlerts, startReceiver } from "./harness.mjs";

const execute = promisify(execFile);
const errorInfo = { exceptionType: "Boom", message: "m", traceback: "t" };
let alerts, receiver, client;

before(async () => {
  alerts = await startAlerts("--set", "threshold.interval=1s");
  receiver = await startReceiver();
  client = new Opik({ apiUrl: alerts.url, projectName: "Shop" });
});

after(async () => {
  await alerts.stop();
  await receiver.close();
});

const got = (path, what) => receiver.until(() => receiver.requests.find((r) => r.url === path), what);
const hook = (path) => ({ url: new URL(path, receiver.url).href });

// As the Python SDK sends: compressed, a charset, its own headers, no authorization.
async function python(method, path, body) {
  const answer = await fetch(`${alerts.url}/v1/private/${path}`, {
    method,
    body: gzipSync(typeof body === "string" ? body : JSON.stringify(body)),
    headers: { "Content-Type": "application/json;charset=utf-8", "Content-Encoding": "gzip", "Comet-Workspace": "default",
      "X-OPIK-DEBUG-SDK-VERSION": "1.9.0", "Accept-Encoding": "gzip" },
  });
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${await answer.text()}`);
}

test("slack: one message of blocks, markup of strangers escaped", async () => {
  await client.api.alerts.createAlert({ name: "Ops <!channel>", alertType: "slack", metadata: { base_url: "https://opik.example.org/" },
    webhook: hook("/slack"), triggers: [{ eventType: "trace:feedback_score" }] });
  const trace = client.trace({ name: "t" });
  trace.score({ name: "rele<vance>", value: 0.4, reason: "off & away" });
  trace.end();
  await client.flush();
  const { body } = await got("/slack", "slack message");
  assert.equal(body.blocks[0].type, "header");
  assert.equal(body.blocks[0].text.text, "Ops <!channel>");
  assert.equal(body.blocks[1].text.text, "*1* new Trace Feedback Score event happened");
  const details = body.blocks[2].text.text;
  assert.match(details, /^\*Traces Feedback Scores:\*\nTrace Score \*rele&lt;vance&gt;\* = 0\.40, off &amp; away, <https:\/\/opik\.example\.org\/default\/projects\//);
});

test("pagerduty: an event with routing key, severity and a stable dedup key", async () => {
  await client.api.alerts.createAlert({ name: "Pager", alertType: "pagerduty", metadata: { routing_key: "R0UT1NGKEY-0123456789", severity: "critical" },
    webhook: hook("/pagerduty"), triggers: [{ eventType: "trace:errors" }] });
  receiver.answers.push(202);
  client.trace({ name: "failed", errorInfo }).end();
  await client.flush();
  const { body } = await got("/pagerduty", "pagerduty event");
  assert.equal(body.routing_key, "R0UT1NGKEY-0123456789");
  assert.equal(body.event_action, "trigger");
  const details = body.payload.custom_details;
  assert.equal(body.dedup_key, `opik-alerts:${details.alertId}:trace:errors`);
  assert.deepEqual([body.payload.summary, body.payload.source, body.payload.severity], ["Pager", "Opik", "critical"]);
  assert.equal(details.payload.metadata[0].name, "failed");
  const [delivery] = JSON.parse(await alerts.cli("delivery", "list", "--json")).filter((d) => d.alert_id === details.alertId);
  assert.ok(!JSON.stringify(await alerts.cli("delivery", "show", delivery.id, "--json")).includes("R0UT1NGKEY"));
  const [listed] = (await client.api.alerts.findAlerts({ filters: '[{"field":"name","operator":"=","value":"Pager"}]' })).content;
  assert.equal(listed.metadata.routing_key, "R0U" + "*".repeat(15) + "789");
});

test("a threshold of errors fires once when it is passed, and single errors do not", async () => {
  await client.api.alerts.createAlert({ name: "Many errors", webhook: hook("/threshold"), triggers: [{ eventType: "trace:errors",
    triggerConfigs: [{ type: "threshold:errors", configValue: { threshold: "2", window: "300" } }] }] });
  for (const name of ["a", "b", "c"]) client.trace({ name, errorInfo }).end();
  await client.flush();
  const { body } = await got("/threshold", "threshold webhook");
  assert.deepEqual(body.payload.userNames, ["system"]);
  assert.deepEqual(body.payload.metadata, [{ event_type: "TRACE_ERRORS", metric_name: "trace:errors", metric_value: "3",
    threshold: "2", window_seconds: 300, project_ids: "", project_names: "" }]);
  client.trace({ name: "d", errorInfo }).end();
  await client.flush();
  await new Promise((done) => setTimeout(done, 2500));
  assert.equal(receiver.requests.filter((r) => r.url === "/threshold").length, 1);
});

test("cost of spans and latency of traces are measured", async () => {
  for (const [type, threshold] of [["cost", "1"], ["latency", "3"]]) {
    await client.api.alerts.createAlert({ name: type, webhook: hook(`/${type}`), triggers: [{ eventType: `trace:${type}`,
      triggerConfigs: [{ type: `threshold:${type}`, configValue: { threshold, window: "3600" } }] }] });
  }
  const start = new Date(Date.now() - 8000);
  const trace = client.trace({ name: "slow", startTime: start });
  trace.span({ name: "llm", type: "llm", totalEstimatedCost: 0.75 }).end();
  trace.span({ name: "llm", type: "llm", totalEstimatedCost: 0.5 }).end();
  trace.end();
  await client.flush();
  assert.equal((await got("/cost", "cost webhook")).body.payload.metadata[0].metric_value, "1.25");
  const seconds = Number((await got("/latency", "latency webhook")).body.payload.metadata[0].metric_value);
  assert.ok(seconds > 7 && seconds < 30, `${seconds}`);
});

test("an experiment that is finished raises its event once", async () => {
  await client.api.alerts.createAlert({ name: "Done", webhook: hook("/experiment"), triggers: [{ eventType: "experiment:finished" }] });
  const id = "0199a320-4c5d-7e6f-8a7b-8c9d0e1f2a3b";
  await client.api.experiments.createExperiment({ id, name: "run-17", datasetName: "questions", metadata: { model: "m1" } });
  await client.api.experiments.finishExperiments({ ids: [id] });
  await client.api.experiments.finishExperiments({ ids: [id] });
  const { body } = await got("/experiment", "experiment webhook");
  assert.equal(body.payload.eventCount, 1);
  const [entity] = body.payload.metadata;
  assert.deepEqual([entity.id, entity.name, entity.dataset_name, entity.metadata], [id, "run-17", "questions", { model: "m1" }]);
});

test("recorded requests of the Python client: gzip, charset, NaN", async () => {
  await client.api.alerts.createAlert({ name: "Python", webhook: hook("/python"),
    triggers: [{ eventType: "trace:errors" }, { eventType: "trace_thread:feedback_score" }, { eventType: "trace:guardrails_triggered" }] });
  const id = "0199a2f0-0b1c-7d2e-8f3a-4b5c6d7e8f90";
  await python("POST", "traces/batch", `{"traces":[{"id":"${id}","name":"py","project_name":"Python","start_time":"2026-01-02T03:04:05.678901Z",` +
    `"input":{"loss":NaN,"n":123456789012345678901234567890},"error_info":{"exception_type":"ValueError","traceback":"t"},"tags":null}]}`);
  await python("PUT", "traces/threads/feedback-scores", { scores: [{ thread_id: "t-1", name: "helpful", value: 1, source: "sdk", project_name: "Python" }] });
  await python("POST", "guardrails", { guardrails: [{ entity_id: id, secondary_id: id, project_name: "Python", name: "PII", result: "failed", config: {}, details: { a: 1 } }] });
  await receiver.until(() => receiver.requests.filter((r) => r.url === "/python").length === 3, "three webhooks");
  const all = Object.fromEntries(receiver.requests.filter((r) => r.url === "/python").map((r) => [r.body.eventType, r]));
  assert.match(all["trace:errors"].text, /"input":\{"loss":null,"n":123456789012345678901234567890\}/);
  assert.equal(all["trace_thread:feedback_score"].body.payload.metadata[0].thread_id, "t-1");
  assert.equal(all["trace:guardrails_triggered"].body.payload.metadata[0].entity_id, id);
});

test("payload.style=server: snake_case outside, one element for each request", async () => {
  const server = await startAlerts("--set", "payload.style=server");
  try {
    const c = new Opik({ apiUrl: server.url, projectName: "Shop" });
    await c.api.alerts.createAlert({ name: "Server", webhook: hook("/server"), triggers: [{ eventType: "trace:errors" }] });
    for (const name of ["a", "b"]) c.trace({ name, errorInfo }).end();
    await c.flush();
    c.trace({ name: "c", errorInfo }).end();
    await c.flush();
    const { body } = await got("/server", "webhook");
    assert.deepEqual(Object.keys(body), ["id", "event_type", "alert_id", "alert_name", "workspace_id", "workspace_name", "payload", "created_at", "max_retries"]);
    assert.deepEqual(body.payload.metadata.map((list) => list.map((t) => t.name)), [["a", "b"], ["c"]]);
    assert.equal(body.payload.eventIds.length, 2);
    assert.deepEqual(body.payload.userNames, ["admin", "admin"]);
  } finally {
    await server.stop();
  }
});

test("six SDK processes at once lose nothing", async () => {
  await client.api.alerts.createAlert({ name: "All", webhook: hook("/six"), triggers: [{ eventType: "trace:errors" }] });
  const names = [];
  await Promise.all(Array.from({ length: 6 }, async (_, n) => {
    for (let i = 0; i < 150; i++) names.push(`P${n}-${i}`);
    await execute(process.execPath, ["client.mjs", n % 2 ? "1.9.62" : "2.0.40", alerts.url, `P${n}`, "150"]);
  }));
  const seen = () => receiver.requests.filter((r) => r.url === "/six").flatMap((r) => r.body.payload.metadata.map((t) => t.name));
  await receiver.until(() => seen().length >= names.length, "all errors");
  assert.deepEqual(seen().sort(), names.sort());
});
