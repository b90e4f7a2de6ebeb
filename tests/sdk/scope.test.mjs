// Project scope, restarts and retries, seen from the SDK.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Opik } from "opik";
import { pause, startAlerts, startReceiver, WINDOW } from "./harness.mjs";

const errorInfo = { exceptionType: "Boom", message: "m", traceback: "t" };
let alerts, receiver, client;

before(async () => {
  alerts = await startAlerts();
  receiver = await startReceiver();
  client = new Opik({ apiUrl: alerts.url, projectName: "In scope" });
  await client.api.projects.createProject({ name: "In scope" });
  const page = await client.api.projects.findProjects({ name: "In scope" });
  await alerts.alert({
    name: "Scoped",
    webhook: { url: receiver.url },
    triggers: [{ event_type: "trace:errors", trigger_configs: [
      { type: "scope:project", config_value: { project_ids: JSON.stringify([page.content[0].id]) } }] }],
  });
});

after(async () => {
  await alerts.stop();
  await receiver.close();
});

test("an out-of-scope project raises nothing, one in scope does", async () => {
  client.trace({ name: "outside", projectName: "Elsewhere", errorInfo }).end();
  client.trace({ name: "inside", errorInfo }).end();
  await client.flush();
  await receiver.until(() => receiver.requests.length > 0, "webhook");
  await pause(WINDOW * 3);
  const names = receiver.requests.flatMap((r) => r.body.payload.metadata.map((t) => t.name));
  assert.deepEqual(names, ["inside"]);
});

test("kill -9 between the event and the webhook, then a start: the webhook comes", async () => {
  const known = receiver.requests.length;
  client.trace({ name: "before the kill", errorInfo }).end();
  await client.flush();
  await alerts.kill();
  assert.equal(receiver.requests.length, known);
  await alerts.serve();
  await receiver.until(() => receiver.requests.length > known, "webhook after the restart");
  assert.equal(receiver.requests.at(-1).body.payload.metadata[0].name, "before the kill");
});

test("a failed webhook is tried again with the same id and body", async () => {
  client = new Opik({ apiUrl: alerts.url, projectName: "In scope" });
  const known = receiver.requests.length;
  receiver.answers.push(500, 503);
  client.trace({ name: "retried", errorInfo }).end();
  await client.flush();
  await receiver.until(() => receiver.requests.length >= known + 3, "three attempts");
  const [one, two, three] = receiver.requests.slice(known);
  assert.equal(one.text, two.text);
  assert.equal(two.text, three.text);
  const log = (await alerts.cli("log", "--json")).trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(log.some((row) => row.status === 503 && row.n === 2));
});
