// A receiver that accepts a webhook only with the right secret token.
//
//   WEBHOOK_TOKEN=... PORT=9000 node token-check.mjs
import { createServer } from "node:http";
import { createHash, timingSafeEqual } from "node:crypto";

const token = process.env.WEBHOOK_TOKEN;
if (!token) throw new Error("set WEBHOOK_TOKEN to the alert's secret token");

// Equal hashes, compared in constant time, so that the answer's timing says nothing about the token.
const hash = (text) => createHash("sha256").update(text).digest();
const wanted = hash(`Bearer ${token}`);

const server = createServer((request, response) => {
  if (!timingSafeEqual(hash(request.headers.authorization ?? ""), wanted)) {
    response.writeHead(401).end("wrong or missing token\n"); // and the body is not read
    return;
  }
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const { eventType, payload } = JSON.parse(body);
    console.log(`${eventType}: ${payload.message}`);
    response.writeHead(204).end();
  });
});

server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`ready on http://127.0.0.1:${server.address().port}/`));
