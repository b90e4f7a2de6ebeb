import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const examples = new URL("../../assets/examples/", import.meta.url).pathname;

// Starts an example on a free port; `lines` grows by what it prints.
async function start(t, name, env = {}) {
  const child = spawn(process.execPath, [join(examples, name)], {
    env: { ...process.env, PORT: "0", ...env }, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill());
  let text = "", seen = () => {};
  child.stdout.setEncoding("utf8").on("data", (piece) => { text += piece; seen(); });
  const until = (pattern) => new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`${name} never printed ${pattern}: ${text}`)), 10000);
    seen = () => {
      const match = pattern.exec(text);
      if (match) { clearTimeout(timer); done(match); }
    };
    seen();
  });
  const [, url] = await until(/ready on (\S+)\n/);
  return { url, until, printed: () => text };
}

const webhook = (id, more = {}) => ({
  id, eventType: "trace:errors", alertId: "a", alertName: "A", workspaceId: "default", createdAt: "2026-01-02T03:04:05.678Z",
  payload: { eventCount: 2, message: "Alert 'A': 2 trace:errors events aggregated", metadata: [], ...more } });
const post = (url, body, headers = {}) =>
  fetch(url, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });

test("token-check takes the right token only", async (t) => {
  const { url, until, printed } = await start(t, "token-check.mjs", { WEBHOOK_TOKEN: "right" });
  assert.equal((await post(url, webhook("1"))).status, 401);
  assert.equal((await post(url, webhook("1"), { Authorization: "Bearer wrong" })).status, 401);
  assert.ok(!printed().includes("trace:errors"));
  assert.equal((await post(url, webhook("1"), { Authorization: "Bearer right" })).status, 204);
  await until(/trace:errors: Alert 'A'/);
});

test("token-check answers before the body is there", async (t) => {
  const { url } = await start(t, "token-check.mjs", { WEBHOOK_TOKEN: "right" });
  const status = await new Promise((done, fail) => {
    const call = request(url, { method: "POST", headers: { Authorization: "Bearer wrong" } }, (answer) => done(answer.statusCode));
    const timer = setTimeout(() => { call.destroy(); fail(new Error("no answer")); }, 10000);
    call.on("error", fail).on("close", () => clearTimeout(timer));
    call.write("{");
    t.after(() => call.destroy());
  });
  assert.equal(status, 401);
});

test("signature-check takes right and fresh signatures only", async (t) => {
  const keys = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="];
  const { url, until, printed } = await start(t, "signature-check.mjs", { WEBHOOK_KEY: keys[0] });
  const body = webhook("1"), now = Math.floor(Date.now() / 1000);
  const sign = (key, id, at) => "v1," + createHmac("sha256", Buffer.from(key.slice(6), "base64"))
    .update(`${id}.${at}.${JSON.stringify(body)}`).digest("base64");
  const send = async (id, at, signature) => (await post(url, body, { "webhook-id": id,
    "webhook-timestamp": String(at), "webhook-signature": signature })).status;
  assert.equal((await post(url, body)).status, 401);
  assert.equal(await send("1", now, sign(keys[1], "1", now)), 401);
  assert.equal(await send("2", now, sign(keys[0], "1", now)), 401);
  assert.equal(await send("1", now - 3600, sign(keys[0], "1", now - 3600)), 401);
  assert.equal(await send("1", "never", sign(keys[0], "1", "never")), 401);
  assert.equal(await send("1", now, "v1, v1,x v2,y"), 401);
  assert.ok(!printed().includes("trace:errors"));
  assert.equal(await send("1", now, `${sign(keys[1], "1", now)} ${sign(keys[0], "1", now)}`), 204);
  await until(/trace:errors: Alert 'A'/);
});

test("asynchronous answers before the work is done", async (t) => {
  const { url, until, printed } = await start(t, "asynchronous.mjs", { WORK_MS: "300" });
  assert.equal((await post(url, webhook("one"))).status, 202);
  assert.ok(!printed().includes("done one"));
  await until(/done one \(2 events\)/);
});

test("idempotent handles an id once, also after a restart", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "opik-alerts-example-"));
  t.after(() => rmSync(dir, { recursive: true }));
  const SEEN_FILE = join(dir, "seen.txt");
  const first = await start(t, "idempotent.mjs", { SEEN_FILE });
  for (let i = 0; i < 2; i++) assert.equal((await post(first.url, webhook("same"))).status, 204);
  await first.until(/seen same/);
  assert.equal(readFileSync(SEEN_FILE, "utf8"), "same\n");
  const second = await start(t, "idempotent.mjs", { SEEN_FILE });
  assert.equal((await post(second.url, webhook("same"))).status, 204);
  await second.until(/seen same/);
  assert.ok(!second.printed().includes("handled"));
});

test("dashboard counts events once and escapes what it shows", async (t) => {
  const { url } = await start(t, "dashboard.mjs");
  const hostile = webhook("x", { message: "<script>alert(1)</script>", truncated: 3 });
  await post(url, hostile);
  await post(url, hostile);
  const { totals, recent } = await (await fetch(new URL("/data", url))).json();
  assert.deepEqual(totals, { "trace:errors": 5 });
  assert.equal(recent.length, 1);
  const page = await (await fetch(url)).text();
  assert.ok(page.includes("&#60;script&#62;") && !page.includes("<script>"));
});

for (const name of ["asynchronous.mjs", "idempotent.mjs", "dashboard.mjs"])
  test(`${name} outlives what is no webhook`, async (t) => {
    const { url } = await start(t, name, { SEEN_FILE: "/dev/null" });
    for (const body of ["", "no JSON", "null", "[]", '{"test": true}'])
      assert.equal((await fetch(url, { method: "POST", body })).status, 400, body);
    assert.ok((await post(url, webhook("1"))).ok);
  });
