// A receiver that answers at once and works afterwards: slow work must not keep the sender
// waiting until its time-out, or the same webhook comes again.
//
//   PORT=9000 node asynchronous.mjs
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const queue = [];
let working = false;

async function handle(webhook) {
  await pause(Number(process.env.WORK_MS ?? 1000)); // stands for a slow API or a database
  console.log(`done ${webhook.id} (${webhook.payload.eventCount} events)`);
}

async function work() {
  if (working) return;
  working = true;
  while (queue.length > 0) {
    try {
      await handle(queue[0]);
    } catch (problem) {
      console.error(`failed ${queue[0].id}: ${problem.message}`);
    }
    queue.shift();
  }
  working = false;
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
    // A queue without a limit only moves the problem: 503 makes the sender come back later.
    if (queue.length >= 1000) return response.writeHead(503, { "Retry-After": "30" }).end();
    const webhook = webhookOf(body);
    if (!webhook) return response.writeHead(400).end("this is no webhook\n");
    queue.push(webhook);
    response.writeHead(202).end();
    work();
  });
});

server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1", () =>
  console.log(`ready on http://127.0.0.1:${server.address().port}/`));
