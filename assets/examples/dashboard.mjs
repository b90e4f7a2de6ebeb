// A small dashboard: keeps the last webhooks in memory and shows them as a page and as JSON.
//
//   PORT=9000 node dashboard.mjs      then open http://127.0.0.1:9000/
import { createServer } from "node:http";

const recent = []; // newest first
const totals = {}; // events by type

// Names come from applications: never put them into a page as they are.
const safe = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = () => `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<title>Opik alerts</title><h1>Opik alerts</h1>
<ul>${Object.entries(totals).map(([type, n]) => `<li>${safe(type)}: ${n}</li>`).join("")}</ul>
<table>${recent.map((w) => `<tr><td>${safe(w.createdAt)}</td><td>${safe(w.payload.message)}</td></tr>`).join("")}</table>`;

// What anybody else may send is no webhook: null.
function webhookOf(body) {
  try {
    const webhook = JSON.parse(body);
    return webhook?.payload ? webhook : null;
  } catch {
    return null;
  }
}

const server = createServer((request, response) => {
  if (request.method === "GET" && request.url === "/data")
    return response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ totals, recent }));
  if (request.method === "GET")
    return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page());
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const webhook = webhookOf(body);
    if (!webhook) return response.writeHead(400).end("this is no webhook\n");
    if (!recent.some((w) => w.id === webhook.id)) {
      const { eventCount, truncated = 0 } = webhook.payload; // those that were left out happened, too
      totals[webhook.eventType] = (totals[webhook.eventType] ?? 0) + eventCount + truncated;
      recent.unshift(webhook);
      recent.length = Math.min(recent.length, 100);
    }
    response.writeHead(204).end();
  });
});

server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`ready on http://127.0.0.1:${server.address().port}/`));
