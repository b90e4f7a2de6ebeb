// Each of the seven events, raised by the ordinary SDK, arrives as one right webhook.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Opik } from "opik";
import { pause, startAlerts, startReceiver, WINDOW } from "./harness.mjs";

const TYPES = ["trace:errors", "trace:feedback_score", "trace_thread:feedback_score", "trace:guardrails_triggered",
  "prompt:created", "prompt:committed", "prompt:deleted"];
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let alerts, receiver, client, alertId;

before(async () => {
  alerts = await startAlerts();
  receiver = await startReceiver();
  alertId = await alerts.alert({
    name: "Everything",
    webhook: { url: receiver.url, secret_token: "s3cret-token", headers: { "X-Custom-Auth": "Bearer abc" } },
    triggers: TYPES.map((event_type) => ({ event_type })),
  });
  client = new Opik({ apiUrl: alerts.url, projectName: "Shop" });
});

after(async () => {
  assert.equal(await alerts.stop(), 0);
  await receiver.close();
});

// Waits for the webhooks of a type to hold `count` events, and gives their entities back.
async function entities(type, count) {
  const all = await receiver.until(() => {
    const found = receiver.of(type).flatMap((r) => r.body.payload.metadata);
    return found.length >= count && found;
  }, `${count} x ${type}`);
  assert.equal(all.length, count);
  return all;
}

function checkEnvelope(request, type) {
  const { body, headers } = request;
  assert.equal(request.method, "POST");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers.authorization, "Bearer s3cret-token");
  assert.equal(headers["x-custom-auth"], "Bearer abc");
  assert.match(headers["user-agent"], /^opik-alerts\//i);
  assert.match(body.id, UUID7);
  assert.equal(body.eventType, type);
  assert.equal(body.alertId, alertId);
  assert.equal(body.alertName, "Everything");
  assert.equal(body.workspaceId, "default");
  assert.match(body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const { payload } = body;
  assert.equal(payload.alertId, alertId);
  assert.equal(payload.alertName, "Everything");
  assert.equal(payload.eventType, type);
  assert.equal(payload.aggregationType, "consolidated");
  assert.equal(payload.eventCount, payload.eventIds.length);
  assert.equal(payload.metadata.length, payload.eventIds.length);
  assert.equal(payload.message, `Alert 'Everything': ${payload.eventCount} ${type} events aggregated`);
  assert.deepEqual(payload.userNames, ["admin"]);
  assert.ok(payload.eventIds.every((id) => UUID7.test(id)));
  assert.ok(!("truncated" in payload));
}

const errorInfo = { exceptionType: "TimeoutError", message: "upstream timed out", traceback: "at answer()" };

test("trace:errors: three failed traces of one flush are one webhook", async () => {
  const before = receiver.of("trace:errors").length;
  const ids = ["one", "two", "three"].map((name) => {
    const trace = client.trace({ name, input: { n: 12345 }, output: { a: null }, tags: ["prod"], errorInfo });
    trace.end();
    return trace.data.id;
  });
  client.trace({ name: "fine", input: {} }).end();
  await client.flush();
  const found = await entities("trace:errors", 3);
  assert.deepEqual(found.map((t) => t.id), ids);
  assert.equal(receiver.of("trace:errors").length - before, 1);
  const [first] = found;
  assert.equal(first.name, "one");
  assert.equal(first.project_name, "Shop");
  assert.match(first.project_id, UUID7);
  assert.deepEqual(first.input, { n: 12345 });
  assert.deepEqual(first.output, { a: null });
  assert.deepEqual(first.tags, ["prod"]);
  assert.deepEqual(first.error_info, { exception_type: "TimeoutError", message: "upstream timed out", traceback: "at answer()" });
  checkEnvelope(receiver.of("trace:errors")[before], "trace:errors");
});

test("trace:errors: an error that comes by PATCH, with the trace's own name, once", async () => {
  const known = receiver.of("trace:errors").flatMap((r) => r.body.payload.metadata).length;
  const trace = client.trace({ name: "late failure", input: { q: 1 } });
  await client.flush();
  trace.update({ errorInfo });
  await client.flush();
  await pause(500); // the SDK's own debounce of an update
  trace.update({ errorInfo, output: { again: true } });
  await client.flush();
  const found = await entities("trace:errors", known + 1);
  const patched = found.at(-1);
  assert.equal(patched.id, trace.data.id);
  assert.equal(patched.name, "late failure");
  assert.equal(patched.project_name, "Shop");
  assert.equal(patched.error_info.exception_type, "TimeoutError");
  await pause(WINDOW * 3); // a second webhook would have come by now
  assert.equal(receiver.of("trace:errors").flatMap((r) => r.body.payload.metadata).length, known + 1);
});

test("trace:feedback_score: scores that arrive before their trace", async () => {
  const trace = client.trace({ name: "scored", input: {} });
  trace.score({ name: "relevance", value: 0.42, reason: "off topic" });
  trace.score({ name: "tone", value: 1 });
  trace.end();
  await Promise.all([pause(600), client.flush()]);
  const found = await entities("trace:feedback_score", 2);
  const relevance = found.find((s) => s.name === "relevance");
  assert.equal(relevance.id, trace.data.id);
  assert.equal(relevance.value, 0.42);
  assert.equal(relevance.reason, "off topic");
  assert.equal(relevance.project_name, "Shop");
  assert.equal(relevance.source, "sdk");
  assert.equal(relevance.created_by, "admin");
  checkEnvelope(receiver.of("trace:feedback_score")[0], "trace:feedback_score");
});

test("trace:feedback_score: a score by trace id alone takes the trace's project", async () => {
  const known = receiver.of("trace:feedback_score").flatMap((r) => r.body.payload.metadata).length;
  const trace = client.trace({ name: "scored by id", input: {}, projectName: "Search" });
  await client.flush();
  await client.api.traces.addTraceFeedbackScore(trace.data.id, { body: { name: "direct", value: 3, source: "ui" } });
  const found = await entities("trace:feedback_score", known + 1);
  assert.equal(found.at(-1).name, "direct");
  assert.equal(found.at(-1).project_name, "Search");
  assert.equal(found.at(-1).source, "ui");
});

test("trace_thread:feedback_score", async () => {
  await client.api.traces.scoreBatchOfThreads({
    scores: [{ threadId: "session-8812", projectName: "Shop", name: "helpful", value: 1, source: "ui" }],
  });
  const [score] = await entities("trace_thread:feedback_score", 1);
  assert.equal(score.thread_id, "session-8812");
  assert.equal(score.project_name, "Shop");
  assert.equal(score.value, 1);
  checkEnvelope(receiver.of("trace_thread:feedback_score")[0], "trace_thread:feedback_score");
});

test("trace:guardrails_triggered: only failed checks", async () => {
  const entity = client.trace({ name: "guarded", input: {} }).data.id;
  const check = (name, result) => ({ entityId: entity, secondaryId: entity, projectName: "Shop", name, result, config: { k: 1 }, details: { found: ["EMAIL"] } });
  await client.api.guardrails.createGuardrails({ guardrails: [check("PII", "failed"), check("TOPIC", "passed")] });
  const [failed] = await entities("trace:guardrails_triggered", 1);
  assert.equal(failed.entity_id, entity);
  assert.equal(failed.name, "PII");
  assert.equal(failed.result, "failed");
  assert.equal(failed.project_name, "Shop");
  assert.deepEqual(failed.details, { found: ["EMAIL"] });
  checkEnvelope(receiver.of("trace:guardrails_triggered")[0], "trace:guardrails_triggered");
});

test("prompt:created and prompt:committed by createPrompt, then a second version, then prompt:deleted", async () => {
  const first = await client.createPrompt({ name: "support-bot", prompt: "You help with {{topic}}", metadata: { model: "m1" } });
  const same = await client.createPrompt({ name: "support-bot", prompt: "You help with {{topic}}", metadata: { model: "m1" } });
  assert.equal(same.commit, first.commit);
  const second = await client.createPrompt({ name: "support-bot", prompt: "You answer on {{topic}}" });
  assert.notEqual(second.commit, first.commit);
  const [created] = await entities("prompt:created", 1);
  assert.equal(created.name, "support-bot");
  assert.match(created.id, UUID7);
  const versions = await entities("prompt:committed", 2);
  assert.equal(versions[0].prompt_id, created.id);
  assert.equal(versions[0].template, "You help with {{topic}}");
  assert.deepEqual(versions[0].metadata, { model: "m1" });
  assert.equal(versions[0].commit, first.commit);
  assert.equal(versions[1].commit, second.commit);

  const read = await client.getPrompt({ name: "support-bot" });
  assert.equal(read.commit, second.commit);
  await client.deletePrompts([created.id]);
  const [deleted] = await entities("prompt:deleted", 1);
  assert.equal(deleted.id, created.id);
  assert.equal(deleted.latest_version.commit, second.commit);
  checkEnvelope(receiver.of("prompt:created")[0], "prompt:created");
  checkEnvelope(receiver.of("prompt:committed")[0], "prompt:committed");
  checkEnvelope(receiver.of("prompt:deleted")[0], "prompt:deleted");
});
