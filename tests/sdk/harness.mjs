// A served opik-alerts in a directory of its own, and a receiver that keeps every webhook.
import { spawn, execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const program = resolve(process.env.OPIK_ALERTS ?? "../../build/opik-alerts");
const run = promisify(execFile);

export const WINDOW = 400; // ms: debounce.window of the served program

// Keeps every request; `answers` are statuses used up in order, then 200.
export async function startReceiver() {
  const requests = [];
  const answers = [];
  const waiters = new Set();
  const server = createServer((req, res) => {
    let text = "";
    req.setEncoding("utf8");
    req.on("data", (piece) => (text += piece));
    req.on("end", () => {
      requests.push({ method: req.method, url: req.url, headers: req.headers, text, body: JSON.parse(text) });
      res.writeHead(answers.shift() ?? 200).end();
      for (const look of [...waiters]) look();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    requests,
    answers,
    url: `http://127.0.0.1:${server.address().port}/hook`,
    of: (type) => requests.filter((r) => r.body.eventType === type),
    // Resolves once `look` yields something true; rejects after `ms`.
    until(look, what, ms = 20000) {
      return new Promise((done, fail) => {
        const timer = setTimeout(() => {
          waiters.delete(check);
          fail(new Error(`no ${what} within ${ms} ms; got ${JSON.stringify(requests.map((r) => r.body.eventType))}`));
        }, ms);
        const check = () => {
          const found = look();
          if (!found) return;
          waiters.delete(check);
          clearTimeout(timer);
          done(found);
        };
        waiters.add(check);
        check();
      });
    },
    close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }),
  };
}

// `options`: further words for serve.
export async function startAlerts(...options) {
  const dir = await mkdtemp(join(tmpdir(), "opik-alerts-sdk-"));
  let child, url;

  async function serve() {
    child = spawn(program, ["serve", "--data-dir", dir, "--config", join(dir, "none.ini"), "--set", "intake.listen=127.0.0.1:0",
      "--set", `debounce.window=${WINDOW}ms`, "--set", "retry.initial=100ms", ...options], { stdio: ["ignore", "pipe", "inherit"] });
    url = await new Promise((done, fail) => {
      let out = "";
      child.stdout.on("data", (piece) => {
        out += piece;
        const line = /^listening on (\S+)\n/.exec(out);
        if (line) done(line[1]);
      });
      child.once("error", fail);
      child.once("exit", (code) => fail(new Error(`serve ended with ${code}`)));
    });
  }

  async function cli(...args) {
    const { stdout } = await run(program, [...args, "--data-dir", dir, "--config", join(dir, "none.ini")]);
    return stdout;
  }

  async function end(signal) {
    const gone = new Promise((done) => child.once("exit", (code, by) => done(by ?? code)));
    child.kill(signal);
    return gone;
  }

  // config.ini is named but absent on purpose: the person's own must not leak into a test.
  await writeFile(join(dir, "none.ini"), "");
  await serve();
  return {
    get url() { return url; },
    serve,
    cli,
    kill: () => end("SIGKILL"),
    async alert(alert) {
      const file = join(dir, "alert.json");
      await writeFile(file, JSON.stringify(alert));
      return (await cli("alert", "create", file)).trim();
    },
    async stop() {
      const code = await end("SIGTERM");
      await rm(dir, { recursive: true, force: true });
      return code;
    },
  };
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
