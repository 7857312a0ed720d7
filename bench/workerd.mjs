// Workers in workerd, one process each, and the time that an upload takes there.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";

import { Miniflare } from "miniflare";

import { root } from "../scripts/paths.mjs";
import { compatibility } from "../tests/support/worker.mjs";

const SECRET = "secret-of-the-benchmark";
/** Of /proc/<pid>/stat; the same on every Linux of today. */
const TICK_MS = 10;

/**
 * Starts a Worker: `{ push, startMs, ... , stop }`; `startMs` is the time to its first answer.
 * @param {{modules: object[], vars?: object, flags?: string[]}} options
 *   `flags`: those of compatibility, instead of our own
 */
export async function startInWorkerd({ modules, vars = {}, flags }) {
  const before = new Set(workerds());
  const lines = [];
  const started = performance.now();
  const miniflare = new Miniflare({
    modules,
    ...compatibility(),
    ...(flags ? { compatibilityFlags: flags } : {}),
    bindings: { LOGPUSH_SECRET: SECRET, ...vars },
    outboundService: { network: { allow: ["local"] } },
    handleStructuredLogs: ({ message }) => {
      lines.push(message);
    },
    // Without Miniflare's own Worker in between, which would cost time too.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const url = await miniflare.unsafeGetDirectURL();
  const agent = new http.Agent({ keepAlive: true });
  await answerTo({ url: new URL("/health", url), agent, method: "GET" });
  const startMs = performance.now() - started;
  const pid = workerds().find((found) => !before.has(found));

  return {
    startMs,
    push: async (upload, dataset = "firewall_events") => {
      lines.length = 0;
      const cpuBefore = cpuMs(pid);
      const start = performance.now();
      const { status, text } = await answerTo({ url: new URL(`/logpush/${dataset}`, url), agent, method: "POST", body: upload });
      const ms = performance.now() - start;
      if (status !== 200) throw new Error(`the Worker answers ${status} ${text}`);
      return { ms, cpuMs: cpuMs(pid) - cpuBefore, answer: JSON.parse(text), log: () => uploadLine(lines) };
    },
    peakResidentMib: () => peakResidentMib(pid),
    stop: () => {
      agent.destroy();
      return miniflare.dispose();
    },
  };
}

/** Starts the intake that costs as little as it can: `{ url, take, stop }`. */
export async function startSink() {
  const child = fork(join(root, "bench/sink.mjs"));
  const [{ url }] = await once(child, "message");
  return {
    url,
    /** What arrived since the last call. */
    take: async () => {
      child.send("take");
      const [counts] = await once(child, "message");
      return counts;
    },
    stop: () => child.disconnect(),
  };
}

function answerTo({ url, agent, method, body }) {
  return new Promise((resolve, reject) => {
    const headers = { "x-logpush-secret": SECRET, ...(body ? { "content-encoding": "gzip", "content-length": body.length } : {}) };
    const request = http.request(url, { agent, method, headers }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      resolve({ status: response.statusCode, text });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** The Worker's log line of an upload; it comes through a pipe, a little after the answer. */
async function uploadLine(lines) {
  const end = performance.now() + 5_000;
  while (performance.now() < end) {
    const line = lines.find((text) => text.includes('"message":"upload"'));
    if (line) return JSON.parse(line);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the Worker did not log the upload");
}

/** Processes of workerd that this one started; none where there is no /proc. */
function workerds() {
  return processes().filter((pid) => {
    const [name, , parent] = statOf(pid);
    return name === "workerd" && parent === String(process.pid);
  });
}

function processes() {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The fields of /proc/<pid>/stat from the name on. */
function statOf(pid) {
  try {
    const [, name, rest] = /\((.*)\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return [name, ...rest.split(" ")];
  } catch {
    return [];
  }
}

/** CPU time of a process and its threads, in user and kernel mode. */
function cpuMs(pid) {
  const [, , , , , , , , , , , , user, kernel] = pid ? statOf(pid) : [];
  return (Number(user) + Number(kernel)) * TICK_MS;
}

function peakResidentMib(pid) {
  if (!pid) return undefined;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}
