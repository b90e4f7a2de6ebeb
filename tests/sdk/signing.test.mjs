// Signed webhooks, verified by the published library of Standard Webhooks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Opik } from "opik";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { startAlerts, startReceiver } from "./harness.mjs";

const FIRST = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SECOND = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const THIRD = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA=";
let alerts, receiver;

before(async () => {
  alerts = await startAlerts();
  receiver = await startReceiver();
});

after(async () => {
  assert.equal(await alerts.stop(), 0);
  await receiver.close();
});

const signed = (secret, metadata = {}) => ({
  name: "Signed", webhook: { url: receiver.url }, triggers: [{ event_type: "trace:errors" }],
  metadata: { ...(secret && { signing_secret: secret }), ...metadata },
});

const api = (method, path, body) => fetch(`${alerts.url}/v1/private/${path}`,
  { method, body: body && JSON.stringify(body), headers: { "Content-Type": "application/json" } });

const get = async (id) => (await api("GET", `alerts/${id}`)).json();

async function put(id, alert) {
  const answer = await api("PUT", `alerts/${id}`, alert);
  assert.equal(answer.status, 204, await answer.text());
}

// One more error of an application, and the requests that it led to until one was delivered.
async function deliver(count = 1) {
  const seen = receiver.requests.length;
  const client = new Opik({ apiUrl: alerts.url, projectName: "Shop", workspaceName: "default" });
  client.trace({ name: "answer", errorInfo: { exceptionType: "E", message: "m", traceback: "t" } }).end();
  await client.flush();
  await receiver.until(() => receiver.requests.length >= seen + count, `${count} webhooks`);
  return receiver.requests.slice(seen);
}

const verify = (secret, request) => new Webhook(secret).verify(request.text, request.headers);
const refuses = (secret, request) =>
  assert.throws(() => verify(secret, request), WebhookVerificationError);

test("the library verifies every attempt, under one id", async () => {
  const id = await alerts.alert(signed(FIRST));
  receiver.answers.push(500, 503);
  const requests = await deliver(3);
  for (const request of requests) {
    assert.deepEqual(verify(FIRST, request), request.body);
    assert.equal(request.headers["webhook-id"], request.body.id);
    assert.equal(request.headers["webhook-signature"].split(" ").length, 1);
    refuses(SECOND, request);
    refuses(FIRST, { ...request, text: request.text + " " });
    refuses(FIRST, { ...request, headers: { ...request.headers, "webhook-id": "another" } });
    refuses(FIRST, { ...request, headers: { ...request.headers, "webhook-timestamp":
      String(Number(request.headers["webhook-timestamp"]) + 1) } });
  }
  await alerts.cli("alert", "delete", id);
});

test("both secrets sign while they rotate, the old one until its end", async () => {
  const id = await alerts.alert(signed(FIRST));
  const alert = await get(id);
  assert.equal(alert.metadata.signing_secret, "whs" + "*".repeat(FIRST.length - 6) + "aSw");
  await put(id, { ...alert, metadata: { ...alert.metadata, signing_secret: SECOND } });
  const rotated = await get(id);
  const left = new Date(rotated.metadata.signing_previous_until) - Date.now();
  assert.ok(left > 23 * 3600e3 && left <= 24 * 3600e3, `${left} ms left`);
  await put(id, rotated); // as a client puts back what it got
  let [request] = await deliver();
  assert.equal(request.headers["webhook-signature"].split(" ").length, 2);
  verify(FIRST, request);
  verify(SECOND, request);
  refuses(THIRD, request);

  const { signing_previous, ...ended } = rotated.metadata;
  await put(id, { ...rotated, metadata: ended });
  [request] = await deliver();
  verify(SECOND, request);
  refuses(FIRST, request);
  await alerts.cli("alert", "delete", id);
});

test("a secret that leaked stops at once", async () => {
  const id = await alerts.alert(signed(FIRST));
  await put(id, signed(SECOND, { signing_previous_until: "2020-01-01T00:00:00Z" }));
  const [request] = await deliver();
  verify(SECOND, request);
  refuses(FIRST, request);
  assert.equal((await get(id)).metadata.signing_previous_until, undefined);
  await alerts.cli("alert", "delete", id);
});

test("a connection test is signed as well, without and with a stored alert", async () => {
  const id = await alerts.alert(signed(FIRST));
  for (const alert of [signed(FIRST), await get(id)]) {
    const seen = receiver.requests.length;
    const answer = await (await api("POST", "alerts/webhooks/tests", alert)).json();
    assert.equal(answer.status, "success");
    verify(FIRST, receiver.requests[seen]);
    assert.equal(receiver.requests[seen].headers["webhook-id"], receiver.requests[seen].body.id);
  }
  await alerts.cli("alert", "delete", id);
});

test("a body that cannot be signed for is refused in words", async () => {
  for (const [metadata, words] of [
    [{ signing_secret: "whsec_short" }, /whsec_ and the base64/],
    [{ signing_secret: "whs******************************aSw" }, /none stored/],
    [{ tls_insecure: "perhaps" }, /true or false/],
    [{ tls_ca_file: "own.pem" }, /absolute path/],
  ]) {
    const answer = await api("POST", "alerts", signed(null, metadata));
    assert.equal(answer.status, 422);
    assert.match((await answer.json()).errors.join(" "), words);
  }
});

test("nothing is signed without a secret", async () => {
  const id = await alerts.alert(signed(null));
  const [request] = await deliver();
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"])
    assert.equal(request.headers[name], undefined);
  await alerts.cli("alert", "delete", id);
});
