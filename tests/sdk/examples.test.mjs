// Each example body is what a real delivery of that event looks like, but for its values; and the
// events that the oldest SDK raises.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Opik as Newest } from "opik";
import { Opik as Oldest } from "opik-1.9.62";
import { startAlerts, startReceiver } from "./harness.mjs";

const TYPES = ["trace:errors", "trace:feedback_score", "trace_thread:feedback_score", "trace:guardrails_triggered",
  "prompt:created", "prompt:committed", "prompt:deleted"];
// What an application puts there has a shape of its own.
const OPAQUE = new Set(["input", "output", "metadata.entity", "config", "details", "tags"]);
let alerts, receiver;

before(async () => {
  alerts = await startAlerts();
  receiver = await startReceiver();
});

after(async () => {
  assert.equal(await alerts.stop(), 0);
  await receiver.close();
});

// Keys in their order, and the types of values.
function shape(value, depth = 0) {
  if (Array.isArray(value)) return value.length ? [shape(value[0], depth + 1)] : [];
  if (value === null || typeof value !== "object") return typeof value;
  return Object.entries(value).map(([key, v]) => [key, OPAQUE.has(key) || (key === "metadata" && depth > 2) ? "any" : shape(v, depth + 1)]);
}

// Raises every event once, with every field that an SDK can give.
async function raiseAll(client, projectName) {
  const trace = client.trace({ name: "answer", input: { q: 1 }, output: { a: 2 }, metadata: { m: 1 }, tags: ["t"], threadId: "s-1",
    errorInfo: { exceptionType: "E", message: "m", traceback: "t" } });
  trace.score({ name: "relevance", value: 0.4, reason: "r", categoryName: "low" });
  trace.end();
  await client.flush();
  await client.api.traces.scoreBatchOfThreads({ scores: [
    { threadId: "s-1", name: "helpful", value: 1, source: "ui", projectName, reason: "r", categoryName: "high" }] });
  await client.api.guardrails.createGuardrails({ guardrails: [
    { entityId: trace.data.id, secondaryId: trace.data.id, projectName, name: "PII", result: "failed", config: { a: 1 }, details: { b: 2 } }] });
  await client.api.prompts.createPrompt({ name: `bot of ${projectName}`, description: "d", tags: ["t"], template: "Hi {{x}}",
    metadata: { m: 1 }, changeDescription: "c", type: "mustache" });
  const found = (await client.api.prompts.getPrompts({ name: `bot of ${projectName}` })).content[0];
  await client.api.prompts.deletePromptsBatch({ ids: [found.id] });
}

for (const [version, Opik] of [["2.0.40", Newest], ["1.9.62", Oldest]]) {
  test(`${version}: real deliveries have the shape of the examples`, async () => {
    const workspaceName = `shape-${version}`;
    const client = new Opik({ apiUrl: alerts.url, projectName: `Shop ${version}`, workspaceName });
    await client.api.alerts.createAlert({ name: "All", webhook: { url: new URL(`/${version}`, receiver.url).href },
      triggers: TYPES.map((eventType) => ({ eventType })) });
    await raiseAll(client, `Shop ${version}`);
    const mine = () => receiver.requests.filter((r) => r.url === `/${version}`);
    await receiver.until(() => new Set(mine().map((r) => r.body.eventType)).size === TYPES.length, "all seven");
    const { responseExamples } = await client.api.alerts.getWebhookExamples();
    for (const type of TYPES) {
      const real = mine().find((r) => r.body.eventType === type).body;
      assert.deepEqual(shape(real), shape(responseExamples[type]), type);
    }
  });
}
