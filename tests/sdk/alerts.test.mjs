// The alerts API through the typed clients of the oldest and the newest SDK that have one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Opik as Newest } from "opik";
import { Opik as Oldest } from "opik-1.9.62";
import { startAlerts, startReceiver } from "./harness.mjs";

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ID = "0199a1c0-5b1e-7c43-9f1a-2f6d1c9b7a10";
const TOKEN = "s3cret-token-of-some-length";
const MASK = "s3c" + "*".repeat(TOKEN.length - 6) + "gth";
let alerts, receiver;

before(async () => {
  alerts = await startAlerts();
  receiver = await startReceiver();
});

after(async () => {
  assert.equal(await alerts.stop(), 0);
  await receiver.close();
});

const clients = [
  { name: "2.0.40", make: (o) => new Newest(o), put: (c, id, body) => c.api.alerts.updateAlert(id, { body }) },
  { name: "1.9.62", make: (o) => new Oldest(o), put: (c, id, body) => c.api.alerts.updateAlert(id, body) },
];

// The same in the other workspace must not be seen here, and the other way round.
function client(version, workspaceName = `ws-${version.name}`) {
  return version.make({ apiUrl: alerts.url, projectName: "Shop", workspaceName });
}

async function refused(call, status, words) {
  await assert.rejects(call, (e) => {
    assert.equal(e.statusCode, status, JSON.stringify(e.body));
    assert.match(e.body.errors.join(" "), words);
    return true;
  });
}

// A raw request, for what the SDK does not let through.
const raw = (method, path, body, headers = {}) =>
  fetch(`${alerts.url}/v1/private/${path}`, { method, body: body && JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...headers } });

for (const version of clients) {
  const full = (extra = {}) => ({
    name: "Prod errors",
    webhook: { url: receiver.url, secretToken: TOKEN, headers: { "X-Env": "production-eu-1" } },
    triggers: [{ eventType: "trace:errors" }, { eventType: "prompt:deleted" }],
    ...extra,
  });

  test(`${version.name}: create, get, list, put back, delete`, async () => {
    const c = client(version);
    const { rawResponse } = await c.api.alerts.createAlert(full()).withRawResponse();
    assert.equal(rawResponse.status, 201);
    const id = rawResponse.headers.get("location").split("/").at(-1);
    assert.match(id, UUID7);

    const alert = await c.api.alerts.getAlertById(id);
    assert.equal(alert.name, "Prod errors");
    assert.equal(alert.enabled, true);
    assert.equal(alert.alertType, "general");
    assert.equal(alert.webhook.url, receiver.url);
    assert.equal(alert.webhook.secretToken, MASK);
    assert.deepEqual(alert.webhook.headers, { "X-Env": "pro" + "*".repeat(9) + "u-1" });
    assert.deepEqual(alert.triggers.map((t) => t.eventType), ["trace:errors", "prompt:deleted"]);
    for (const t of alert.triggers) {
      assert.match(t.id, UUID7);
      assert.equal(t.alertId, id);
    }
    for (const field of ["createdAt", "createdBy", "lastUpdatedAt", "lastUpdatedBy"]) assert.ok(alert[field], field);

    const page = await c.api.alerts.findAlerts({ page: 1, size: 5 });
    assert.deepEqual([page.page, page.size, page.total], [1, 1, 1]);
    assert.deepEqual(page.content, [alert]);
    assert.ok(page.sortableBy.includes("name"));

    await version.put(c, id, alert);
    const again = await c.api.alerts.getAlertById(id);
    const { lastUpdatedAt: _, ...before } = alert;
    const { lastUpdatedAt: __, ...now } = again;
    for (const o of [before, now]) delete o.webhook.lastUpdatedAt;
    assert.deepEqual(now, before);

    await c.api.alerts.deleteAlertBatch({ ids: [id, ID] });
    await refused(c.api.alerts.getAlertById(id), 404, /no such alert/);
  });

  test(`${version.name}: an edited alert keeps its secret, unless it moves or leaves it out`, async () => {
    const c = client(version);
    const id = version.name === "2.0.40" ? ID : ID.replace(/10$/, "11");
    await c.api.alerts.createAlert(full({ id }));
    const alert = await c.api.alerts.getAlertById(id);
    await version.put(c, id, { ...alert, name: "Renamed", webhook: { ...alert.webhook, url: receiver.url + "/other" } });
    assert.equal((await c.api.alerts.testWebhook(await c.api.alerts.getAlertById(id))).status, "success");
    const sent = receiver.requests.at(-1);
    assert.equal(sent.headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(sent.headers["x-env"], "production-eu-1");
    assert.deepEqual([sent.url, sent.body.alertName], ["/hook/other", "Renamed"]);

    const moved = { ...alert, webhook: { ...alert.webhook, url: "https://elsewhere.example.org/hook" } };
    await refused(version.put(c, id, moved), 422, /scheme, host or port/);

    const { secretToken: _, ...bare } = alert.webhook;
    await version.put(c, id, { ...alert, webhook: bare });
    assert.ok(!(await c.api.alerts.getAlertById(id)).webhook.secretToken);
    await c.api.alerts.deleteAlertBatch({ ids: [id] });
  });

  test(`${version.name}: what cannot be is refused in words`, async () => {
    const c = client(version);
    await refused(c.api.alerts.createAlert(full({ name: " " })), 422, /name is required/);
    await refused(c.api.alerts.createAlert(full({ webhook: { url: "ftp://x" } })), 422, /http/);
    await refused(c.api.alerts.createAlert(full({ id: "5a8f1f0e-0000-4000-8000-000000000000" })), 400, /version 7/);
    await refused(c.api.alerts.createAlert(full({ webhook: { url: receiver.url, secretToken: MASK } })), 422, /masked/);
    await refused(c.api.alerts.createAlert(full({ alertType: "pagerduty" })), 422, /routing key/);
    await refused(c.api.alerts.createAlert(full({ triggers: [{ eventType: "trace:cost" }] })), 400, /threshold/);
    await refused(c.api.alerts.createAlert(full({ triggers: [{ eventType: "trace:errors", triggerConfigs: [
      { type: "threshold:errors", configValue: { threshold: "3", window_in_seconds: "60" } }] }] })), 400, /window/);
    await refused(c.api.alerts.createAlert(full({ triggers: [{ eventType: "trace:errors", triggerConfigs: [
      { type: "scope:project", configValue: { project_ids: `["${ID}"]` } }] }] })), 400, /no project/);
    await refused(version.put(c, ID, full()), 404, /no such alert/);
    assert.equal((await c.api.alerts.findAlerts()).total, 0);
  });

  test(`${version.name}: pages, filters and order`, async () => {
    const c = client(version, `many-${version.name}`);
    for (const name of ["beta", "Alpha one", "gamma", "alpha two"]) await c.api.alerts.createAlert(full({ name }));
    const names = async (q) => (await c.api.alerts.findAlerts(q)).content.map((a) => a.name);
    assert.deepEqual(await names({}), ["alpha two", "gamma", "Alpha one", "beta"]);
    assert.deepEqual(await names({ size: 3, page: 2 }), ["beta"]);
    assert.deepEqual(await names({ sorting: '[{"field":"name","direction":"ASC"}]' }), ["Alpha one", "alpha two", "beta", "gamma"]);
    assert.deepEqual(await names({ filters: '[{"field":"name","operator":"contains","value":"ALPHA"}]' }), ["alpha two", "Alpha one"]);
    assert.deepEqual(await names({ filters: '[{"field":"webhook_url","operator":"starts_with","value":"https"}]' }), []);
    assert.deepEqual(await names({ filters: '[{"field":"created_at","operator":">","value":"2100-01-01T00:00:00Z"}]' }), []);
    await refused(c.api.alerts.findAlerts({ filters: '[{"field":"enabled","operator":"=","value":"true"}]' }), 400, /no field enabled/);
    await refused(c.api.alerts.findAlerts({ sorting: "nonsense" }), 400, /JSON array/);
    assert.equal((await client(version, "somebody-else").api.alerts.findAlerts()).total, 0);
  });

  test(`${version.name}: a test connection tells what came of it`, async () => {
    const c = client(version);
    const good = await c.api.alerts.testWebhook(full({ name: undefined }));
    assert.equal(good.status, "success");
    assert.equal(good.statusCode, 200);
    const sent = receiver.requests.at(-1);
    assert.equal(sent.text, good.requestBody);
    assert.equal(sent.headers.authorization, `Bearer ${TOKEN}`);
    assert.equal(sent.body.eventType, "trace:errors");

    receiver.answers.push(418);
    const bad = await c.api.alerts.testWebhook(full());
    assert.deepEqual([bad.status, bad.statusCode], ["failure", 418]);
    assert.match(bad.errorMessage, /status 418/);

    const none = await c.api.alerts.testWebhook(full({ webhook: { url: "http://127.0.0.1:9/x" } }));
    assert.deepEqual([none.status, none.statusCode], ["failure", 0]);
    assert.match(none.errorMessage, /refused/i);
  });

  test(`${version.name}: the test of a saved alert uses its stored secret for the mask`, async () => {
    const c = client(version);
    const { rawResponse } = await c.api.alerts.createAlert(full()).withRawResponse();
    const saved = await c.api.alerts.getAlertById(rawResponse.headers.get("location").split("/").at(-1));
    const result = await c.api.alerts.testWebhook(saved);
    assert.equal(result.status, "success");
    assert.equal(receiver.requests.at(-1).headers.authorization, `Bearer ${TOKEN}`);
    await c.api.alerts.deleteAlertBatch({ ids: [saved.id] });
  });

  test(`${version.name}: examples for every destination and event type`, async () => {
    const c = client(version);
    for (const alertType of ["general", "slack", "pagerduty"]) {
      const { responseExamples } = await c.api.alerts.getWebhookExamples({ alertType });
      assert.equal(Object.keys(responseExamples).length, 10);
      for (const [type, body] of Object.entries(responseExamples)) {
        if (alertType === "general") assert.equal(body.eventType, type);
        if (alertType === "slack") assert.equal(body.blocks[0].text.text, "Example Alert");
        if (alertType === "pagerduty") assert.equal(body.routing_key, "example-routing-key");
      }
    }
  });
}

test("a create that comes again is no conflict, another with its id is one", async () => {
  const alert = { id: ID.replace(/10$/, "77"), name: "Again", webhook: { url: receiver.url }, triggers: [{ event_type: "trace:errors" }] };
  assert.equal((await raw("POST", "alerts", alert)).status, 201);
  assert.equal((await raw("POST", "alerts", alert)).status, 201);
  assert.equal((await raw("POST", "alerts", { ...alert, name: "Other" })).status, 409);
  assert.equal((await raw("POST", "alerts/delete", { ids: [alert.id] })).status, 204);
});

test("alerts of a project are listed by its id", async () => {
  const c = client(clients[0], "by-project");
  await c.api.projects.createProject({ name: "Shop" });
  const project = (await c.api.projects.findProjects({ name: "Shop" })).content[0];
  const hook = { url: receiver.url };
  await c.api.alerts.createAlert({ name: "everywhere", webhook: hook, triggers: [{ eventType: "trace:errors" }] });
  await c.api.alerts.createAlert({ name: "its own", projectId: project.id, webhook: hook, triggers: [{ eventType: "trace:errors" }] });
  await c.api.alerts.createAlert({ name: "scoped", webhook: hook, triggers: [{ eventType: "trace:errors", triggerConfigs: [
    { type: "scope:project", configValue: { project_ids: JSON.stringify([project.id]) } }] }] });
  const page = await c.api.projects.findAlertsByProject(project.id, {});
  assert.deepEqual(page.content.map((a) => a.name).sort(), ["its own", "scoped"]);
});

test("both prefixes answer, and other paths of Opik say that they are not served", async () => {
  const base = alerts.url.replace(/\/api$/, "");
  assert.equal((await fetch(`${base}/v1/private/alerts`)).status, 200);
  assert.equal((await fetch(`${base}/api/v1/private/alerts`)).status, 200);
  const other = await fetch(`${base}/api/v1/private/datasets`);
  assert.equal(other.status, 404);
  assert.match((await other.json()).errors[0], /not served here/);
});
