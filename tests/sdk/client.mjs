// One application: logs failed traces, and ends. node client.mjs VERSION URL NAME COUNT
import { Opik as Newest } from "opik";
import { Opik as Oldest } from "opik-1.9.62";

const [version, apiUrl, name, count] = process.argv.slice(2);
const client = new (version === "1.9.62" ? Oldest : Newest)({ apiUrl, projectName: name });
for (let i = 0; i < Number(count); i++) {
  const errorInfo = { exceptionType: "Boom", message: `${i}`, traceback: "t" };
  client.trace({ name: `${name}-${i}`, input: { i }, errorInfo }).end();
  if (i % 50 === 49) await client.flush();
}
await client.flush();
