// A debouncing webhook sender on BullMQ, made with care: traces come in over HTTP, those with an
// error go to one bucket (a Redis list), a delayed job per bucket sends it. Answered after Redis has
// it (AOF, fsync every second).
//   node peer.mjs PORT REDIS_PORT WEBHOOK_URL WINDOW_MS ALERTS
import http from 'node:http';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [port, redisPort, url, windowMs, alerts] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(redisPort), maxRetriesPerRequest: null };
const redis = new Redis({ ...connection, enableAutoPipelining: true });
const queue = new Queue('buckets', { connection });
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function post(body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode < 300 ? resolve() : reject(new Error(`${response.statusCode}`))));
    });
    request.on('error', reject);
    request.end(body);
  });
}

new Worker(
  'buckets',
  async (job) => {
    const key = `events:${job.data.alert}`;
    const [[, events]] = await redis.multi().lrange(key, 0, -1).del(key).exec();
    if (events.length) await post(`{"payload":{"metadata":[${events.join(',')}]}}`);
  },
  { connection, concurrency: 64 },
);

const open = new Map(); // alert -> when its window ends
async function accept(traces) {
  const failed = traces.filter((t) => t.error_info).map((t) => JSON.stringify(t));
  if (!failed.length) return;
  await redis.rpush('events:0', ...failed);
  await schedule(0);
}

async function schedule(alert) {
  const now = Date.now();
  if ((open.get(alert) ?? 0) > now) return;
  open.set(alert, now + Number(windowMs));
  await queue.add('close', { alert }, {
    delay: Number(windowMs), attempts: 4, backoff: { type: 'exponential', delay: 1000 },
    removeOnComplete: true,
  });
}

// POST /fill: an event for each alert, all due at the same moment.
async function fill() {
  const due = Date.now() + Number(windowMs);
  await Promise.all(Array.from({ length: Number(alerts) }, (_, i) => redis.rpush(`events:${i}`, '{"n":1}')));
  await queue.addBulk(Array.from({ length: Number(alerts) }, (_, alert) => ({
    name: 'close', data: { alert }, opts: { delay: Math.max(0, due - Date.now()), removeOnComplete: true },
  })));
}

http
  .createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', async () => {
      try {
        if (request.url === '/fill') await fill();
        else await accept(JSON.parse(Buffer.concat(pieces)).traces);
        response.writeHead(204).end();
      } catch (error) {
        response.writeHead(503).end(String(error));
      }
    });
  })
  .listen(Number(port), '127.0.0.1');
