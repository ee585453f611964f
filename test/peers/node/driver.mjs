// Drives clients that were written in JavaScript. Reads one request a line on
// standard input, {"api", "operation", "input"}, and answers one line on
// standard output, {"output"} or {"error": {"code", "message", "status"}}.
// Bytes are {"$bytes": base64} and times {"$time": RFC 3339}, both ways.
import { createInterface } from "node:readline";
import { aws } from "./aws.mjs";
import { jira } from "./jira.mjs";
import { slack } from "./slack.mjs";

const families = { slack, jira };

function read(v) {
  if (Array.isArray(v)) return v.map(read);
  if (v === null || typeof v !== "object") return v;
  if (typeof v.$bytes === "string") return new Uint8Array(Buffer.from(v.$bytes, "base64"));
  if (typeof v.$time === "string") return new Date(v.$time);
  return Object.fromEntries(Object.entries(v).map(([k, item]) => [k, read(item)]));
}

function write(v) {
  if (v instanceof Uint8Array) return { $bytes: Buffer.from(v).toString("base64") };
  if (v instanceof Date) return { $time: v.toISOString() };
  if (Array.isArray(v)) return v.map(write);
  if (v === null || typeof v !== "object") return v;
  return Object.fromEntries(Object.entries(v).filter(([, item]) => typeof item !== "function").map(([k, item]) => [k, write(item)]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    const family = families[request.api] ?? aws;
    answer = { output: write((await family(request.api, request.operation, read(request.input ?? {}))) ?? {}) };
  } catch (e) {
    answer = { error: { code: String(e.peerCode ?? e.Code ?? e.name), message: String(e.message), status: e.peerStatus ?? e.$metadata?.httpStatusCode ?? 0 } };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
process.exit(0);
