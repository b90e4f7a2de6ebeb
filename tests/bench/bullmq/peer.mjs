// A debouncing webhook sender on BullMQ, made with care: traces come in over HTTP, those with an
// error go to one bucket (a Redis list), a delayed job per bucket sends it. Answered after Redis has
// it (AOF, fsync every second).
//   node peer.mjs PORT REDIS_PORT WINDOW_MS
//   POST /                          {"traces":[...]}
//   POST /fill?count=&bytes=&url=   an event for each of so many buckets, all due at the same
//                                   moment, so many bytes each, sent to url + the bucket's number
import http from 'node:http';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [port, redisPort, windowMs] = process.argv.slice(2).map(Number);
const connection = { host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null };
const redis = new Redis({ ...connection, enableAutoPipelining: true });
const queue = new Queue('buckets', { connection });
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const sent = { attempts: 4, backoff: { type: 'exponential', delay: 1000 }, removeOnComplete: true };

function post(url, body) {
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
    const key = `events:${job.data.bucket}`;
    const [[, events]] = await redis.multi().lrange(key, 0, -1).del(key).exec();
    if (events.length) await post(job.data.url, `{"payload":{"metadata":[${events.join(',')}]}}`);
  },
  { connection, concurrency: 64 },
);

let openUntil = 0;
async function accept(traces) {
  const failed = traces.filter((t) => t.error_info).map((t) => JSON.stringify(t));
  if (!failed.length) return;
  await redis.rpush('events:0', ...failed);
  if (openUntil > Date.now()) return;
  openUntil = Date.now() + windowMs;
  await queue.add('close', { bucket: 0, url: 'http://127.0.0.1:9/' }, { delay: windowMs, ...sent });
}

async function fill(count, bytes, url) {
  const due = Date.now() + windowMs, event = JSON.stringify({ text: 'x'.repeat(bytes) });
  const buckets = Array.from({ length: count }, (_, i) => i);
  await Promise.all(buckets.map((i) => redis.rpush(`events:${i}`, event)));
  await queue.addBulk(buckets.map((bucket) => ({
    name: 'close', data: { bucket, url: url + bucket }, opts: { delay: Math.max(0, due - Date.now()), ...sent },
  })));
}

http
  .createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', async () => {
      try {
        const asked = new URL(request.url, 'http://peer');
        const [count, bytes, url] = ['count', 'bytes', 'url'].map((name) => asked.searchParams.get(name));
        if (asked.pathname === '/fill') await fill(Number(count), Number(bytes), url);
        else await accept(JSON.parse(Buffer.concat(pieces)).traces);
        response.writeHead(204).end();
      } catch (error) {
        response.writeHead(503).end(String(error));
      }
    });
  })
  .listen(port, '127.0.0.1');
