// A receiver that accepts a webhook only with a right and fresh signature (Standard Webhooks 1.0.0).
// The library `standardwebhooks` does the same for many languages; this is what it comes to.
//
//   WEBHOOK_KEY=whsec_... PORT=9000 node signature-check.mjs
import { createServer } from "node:http";
import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE_S = 5 * 60; // what is older could be somebody's recording

const text = process.env.WEBHOOK_KEY ?? "";
if (!text.startsWith("whsec_")) throw new Error("set WEBHOOK_KEY to the alert's signing key");
const key = Buffer.from(text.slice("whsec_".length), "base64");

function isRight(headers, body) {
  const id = headers["webhook-id"], at = headers["webhook-timestamp"] ?? "";
  if (!/^\d+$/.test(at) || Math.abs(Date.now() / 1000 - Number(at)) > TOLERANCE_S) return false;
  const wanted = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest();
  // While a key is replaced there are two signatures: one of them must be ours.
  return (headers["webhook-signature"] ?? "").split(" ").some((signature) => {
    const got = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return signature.startsWith("v1,") && got.length === wanted.length && timingSafeEqual(got, wanted);
  });
}

const server = createServer((request, response) => {
  const pieces = []; // the bytes as they came: text that was parsed and written again has others
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces);
    if (!isRight(request.headers, body)) {
      response.writeHead(401).end("wrong, missing or old signature\n");
      return;
    }
    const { eventType, payload } = JSON.parse(body);
    console.log(`${eventType}: ${payload.message}`);
    response.writeHead(204).end();
  });
});

server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`ready on http://127.0.0.1:${server.address().port}/`));
