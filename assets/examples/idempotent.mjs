// A receiver that handles each webhook once, however often it comes: every retry and replay of
// a delivery carries the same id.
//
//   SEEN_FILE=seen.txt PORT=9000 node idempotent.mjs
import { createServer } from "node:http";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

const file = process.env.SEEN_FILE ?? "seen.txt";
const seen = new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []);

function handle(webhook) {
  console.log(`handled ${webhook.id}: ${webhook.payload.message}`);
}

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
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const webhook = webhookOf(body);
    if (!webhook) return response.writeHead(400).end("this is no webhook\n");
    if (seen.has(webhook.id)) {
      console.log(`seen ${webhook.id}`);
    } else {
      handle(webhook);
      // Remembered after the work: a crash in between repeats it, and loses nothing.
      seen.add(webhook.id);
      appendFileSync(file, `${webhook.id}\n`);
    }
    response.writeHead(204).end();
  });
});

server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`ready on http://127.0.0.1:${server.address().port}/`));
