// The built Worker in workerd, through Miniflare: real HTTP on loopback, in and out.

import { readFileSync } from "node:fs";
import http from "node:http";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { INTAKE_KEY, within } from "./intake.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUNDLE = `${ROOT}build/index.js`;

/** The secret of a Worker that is started without one. */
export const SECRET = "secret-of-the-test-job";

/** The one dataset path there is; `/logpush` alone has the dataset recognised. */
export const UPLOAD_PATH = "/logpush/firewall_events";

/**
 * Starts several Workers, one for each named set of vars, in one workerd process.
 * @param {{intake?: {url: string}, vars: object, flags?: object, bundle?: string}} options
 *   `vars`: sets on top of a working configuration for `intake`; undefined removes a var.
 *   `flags`: compatibility flags by the names of sets, beside those of wrangler.toml
 */
export async function startWorkers({ intake, vars, flags = {}, bundle = BUNDLE }) {
  const logs = new Logs();
  const miniflare = new Miniflare({
    handleStructuredLogs: (entry) => logs.add(entry.message),
    workers: Object.entries(vars).map(([name, own]) => {
      const options = workerOptions(name, bundle, bindingsOf(intake, own));
      return { ...options, compatibilityFlags: [...options.compatibilityFlags, ...(flags[name] ?? [])] };
    }),
  });
  const dispose = () => miniflare.dispose();
  const entries = Object.keys(vars).map(async (name) => [
    name,
    new TestWorker(await miniflare.unsafeGetDirectURL(name), logs, dispose),
  ]);
  try {
    return Object.assign(Object.fromEntries(await Promise.all(entries)), { dispose });
  } catch (error) {
    // Else what is left of it keeps the test's process from ending.
    await dispose().catch(() => {});
    throw error;
  }
}

/** What every Worker is started with; `more`: bindings of other kinds. */
export function workerOptions(name, script, bindings, more = {}) {
  return {
    name,
    modules: true,
    scriptPath: script,
    modulesRoot: ROOT,
    modulesRules: [
      { type: "ESModule", include: ["**/*.js", "**/*.mjs"] },
      { type: "CompiledWasm", include: ["**/*.wasm"] },
    ],
    ...compatibility(),
    bindings,
    // Loopback only: a test that tries to reach any other host must fail.
    outboundService: { network: { allow: ["local"] } },
    // Miniflare's own entry Worker would hide what a client does to its connection.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    ...more,
  };
}

/** The vars of a Worker that delivers to `intake`, which retries fast and gives up soon. */
export function bindingsOf(intake, own) {
  const vars = {
    LOGPUSH_SECRET: SECRET,
    SEKOIA_INTAKE_URL: intake?.url,
    SEKOIA_INTAKE_KEY: INTAKE_KEY,
    RETRY_BASE_MS: "1",
    RETRY_BUDGET_MS: "2000",
    ...own,
  };
  return Object.fromEntries(Object.entries(vars).filter(([, value]) => value !== undefined));
}

/** The date and the flags that the Worker is deployed with. */
export function compatibility() {
  const project = readFileSync(`${ROOT}wrangler.toml`, "utf8");
  const valueOf = (name) => {
    const found = new RegExp(`^${name}\\s*=\\s*(.+)$`, "m").exec(project);
    if (!found) throw new Error(`wrangler.toml has no ${name}`);
    return JSON.parse(found[1]);
  };
  return { compatibilityDate: valueOf("compatibility_date"), compatibilityFlags: valueOf("compatibility_flags") };
}

/** A Worker, as its clients see it. */
export class TestWorker {
  constructor(url, logs, dispose) {
    this.url = url;
    this.logs = logs;
    this.dispose = dispose;
  }

  /**
   * Pushes an upload as Logpush does, and returns the answer.
   * @param {Buffer | string | AsyncIterable<Buffer>} body a stream is sent chunked
   */
  push(body, { path = UPLOAD_PATH, headers = {} } = {}) {
    const gzip = Buffer.isBuffer(body) && body[0] === 0x1f && body[1] === 0x8b;
    return this.request("POST", path, body, {
      "x-logpush-secret": SECRET,
      ...(gzip ? { "content-encoding": "gzip" } : {}),
      ...headers,
    });
  }

  /** Any request; headers set to undefined are left out. */
  async request(method, path, body, headers = {}) {
    const request = this.open(method, path, headers);
    const answer = answerOf(request);
    const streamed = typeof body?.[Symbol.asyncIterator] === "function";
    if (streamed) await writeAll(request, body);
    else {
      if (body !== undefined) request.setHeader("content-length", Buffer.byteLength(body));
      request.end(body);
    }
    return answer;
  }

  /** A request whose body the caller writes, cuts or leaves open. */
  open(method, path, headers = {}) {
    const set = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    return http.request(new URL(path, this.url), { method, headers: set, agent: false });
  }

  /** The log line of the next upload that no earlier call took. */
  log() {
    return this.logs.next();
  }
}

/** The answer to a request: status, headers, text and, where it is JSON, its value. */
export function answerOf(request) {
  return within(60_000, `an answer to ${request.method} ${request.path}`, (resolve, reject) => {
    // The Worker may answer, and be rid of the connection, before it has the whole body.
    let answered = false;
    request.on("error", (error) => {
      if (!answered) reject(error);
    });
    request.on("response", async (response) => {
      answered = true;
      let text = "";
      try {
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
      } catch (error) {
        reject(error);
        return;
      }
      resolve({ status: response.statusCode, headers: response.headers, text, json: jsonOf(text) });
    });
  });
}

/** Writes a stream as far as the Worker takes it. */
async function writeAll(request, body) {
  for await (const chunk of body) {
    if (request.destroyed) return;
    if (!request.write(chunk)) await drained(request);
  }
  request.end();
}

/** Resolves when a request can take more, or is over. */
export function drained(request) {
  return new Promise((resolve) => {
    const over = () => {
      request.off("drain", over).off("close", over);
      resolve();
    };
    request.on("drain", over).on("close", over);
  });
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the Workers wrote with `console.log`. */
export class Logs {
  constructor() {
    /** Everything, as text. */
    this.texts = [];
    this.lines = [];
    this.waiting = [];
  }

  add(text) {
    this.texts.push(text);
    const line = jsonOf(text);
    if (line?.message !== "upload") return;
    const waiting = this.waiting.shift();
    if (waiting) waiting(line);
    else this.lines.push(line);
  }

  next() {
    const line = this.lines.shift();
    return line ? Promise.resolve(line) : within(10_000, "a log line", (resolve) => this.waiting.push(resolve));
  }
}
