// The durable route in workerd: real R2, real Durable Objects, and a queue that the test drives, so
// that it can lose, repeat and delay messages without waiting for any clock.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { Logs, TestWorker, bindingsOf, workerOptions } from "../worker.mjs";

const SHIM = fileURLToPath(new URL("shim.mjs", import.meta.url));

/** What the operator sends in these tests. */
export const OPERATOR_SECRET = "secret-of-the-test-operator";

/** Retries at once, and gives up a request soon: what is waited for is in the queue. */
const FAST = {
  OPERATOR_SECRET,
  RETRY_BUDGET_MS: "50",
  INTAKE_TIMEOUT_MS: "2000",
  REDELIVERY_BASE_SECONDS: "10",
  REDELIVERY_MAX_SECONDS: "3600",
  SWEEP_AFTER_SECONDS: "0",
};

/** The processes that Miniflare has started, to kill one. */
const children = [];
const processes = createRequire(import.meta.url)("node:child_process");
const { spawn } = processes;
processes.spawn = (...args) => {
  const child = spawn(...args);
  children.push(child);
  return child;
};

/**
 * Starts a Worker with the durable route.
 * @param {{intake?: {url: string}, vars?: object, persist?: string, without?: string[], queue?: Queue, clock?: "queue"}} options
 *   `persist`: a directory that outlives the process; `without`: bindings to leave out; `clock`: the Worker's time
 *   goes on with the queue's.
 */
export async function startDurable({ intake, vars = {}, persist, without = [], queue = new Queue(), clock } = {}) {
  const durable = new Durable({ intake, vars, persist, without, queue, clock });
  await durable.start();
  return durable;
}

/** The identity in the key of an upload or of a dead letter. */
export function idOf(key) {
  return /-([0-9a-f]{32})[-.]/.exec(key)[1];
}

class Durable {
  constructor(options) {
    this.options = options;
    this.queue = options.queue;
    this.logs = new Logs();
    /** How often each operation was asked for. */
    this.counts = {};
    /** `({op, subject}) => "fail" | "fail after" | "out of time" | undefined`. */
    this.fault = () => undefined;
    /** `({question, answer}) => {}`: the ledger has answered. */
    this.answered = () => {};
  }

  async start() {
    const { intake, vars, persist, without, clock } = this.options;
    const bindings = {
      r2Buckets: { UPLOADS: "uploads" },
      queueProducers: { WORK: { queueName: "work" } },
      durableObjects: { LEDGER: { className: "Ledger", useSQLite: true } },
    };
    for (const kind of Object.values(bindings)) for (const name of without) delete kind[name];
    const before = children.length;
    this.miniflare = new Miniflare({
      handleStructuredLogs: (entry) => this.logs.add(entry.message),
      ...(persist && { r2Persist: `${persist}/r2`, durableObjectsPersist: `${persist}/do` }),
      workers: [
        workerOptions("worker", SHIM, bindingsOf(intake, { ...FAST, ...vars, TEST_CLOCK: clock }), {
          ...bindings,
          serviceBindings: { TEST: (request) => this.#serve(request) },
        }),
      ],
    });
    this.worker = new TestWorker(await this.miniflare.unsafeGetDirectURL("worker"), this.logs, () => this.stop());
    this.entry = await this.miniflare.getWorker("worker");
    this.workerd = children.slice(before).at(-1);
  }

  async stop() {
    await this.miniflare.dispose();
  }

  /** SIGKILL, and a new process on the same storage. */
  async kill() {
    const gone = new Promise((resolve) => this.workerd.once("exit", resolve));
    this.workerd.kill("SIGKILL");
    await gone;
    await this.miniflare.dispose().catch(() => {});
    await this.start();
  }

  push(body, options) {
    this.#count("invocation", 1);
    return this.worker.push(body, options);
  }

  operator(method, path, body) {
    return this.worker.request(method, path, body, { authorization: `Bearer ${OPERATOR_SECRET}` });
  }

  /** Has the consumer handle messages; returns what it decided of each, `ack` or `retry N`. */
  async consume(messages) {
    this.#count("invocation", 1);
    this.#count("queue.read", messages.length);
    const { outcome, ackAll, retryBatch, explicitAcks, retryMessages } = await this.entry.queue(
      "work",
      messages.map(({ id, body, attempts }) => ({ id, body, attempts, timestamp: this.now() })),
    );
    return messages.map(({ id }) => {
      const retried = retryMessages.find(({ msgId }) => msgId === id);
      if (retried) return { retry: retried.delaySeconds ?? 0 };
      if (outcome !== "ok" || retryBatch.retry) return { retry: 0, outcome };
      this.#count("queue.delete", 1);
      if (ackAll || explicitAcks.includes(id)) return { ack: true };
      return { ack: true, implicit: true };
    });
  }

  /** The time by the queue's clock. */
  now() {
    return new Date(Date.now() + this.queue.seconds * 1000);
  }

  /** Delivers messages, those that come later too, until none is left; `limit`: deliveries at most. */
  async drain({ limit = Infinity } = {}) {
    const decisions = [];
    for (let n = 0; n < limit; n += 1) {
      const message = this.queue.take();
      if (!message) break;
      const [decision] = await this.consume([message]);
      decisions.push(decision);
      this.queue.decided(message, decision);
    }
    return decisions;
  }

  /** What the process has used of the processor, in milliseconds; undefined where Linux does not tell. */
  cpuMillis() {
    const path = `/proc/${this.workerd.pid}/stat`;
    if (!existsSync(path)) return undefined;
    // User and system time in hundredths of a second, behind the name in brackets.
    const [user, system] = readFileSync(path, "utf8").split(") ").at(-1).split(" ").slice(11, 13);
    return 10 * (Number(user) + Number(system));
  }

  /** Has the ledger tell the overview all that it knows of a dataset. */
  async report(dataset = "firewall_events") {
    const { status } = await this.worker.request("POST", `/test/alarms?dataset=${dataset}`);
    if (status !== 200) throw new Error(`the alarms: status ${status}`);
  }

  /** Has the overview believe that a shard of the ledger reports; `stats` and `waiting`, its backlog, as in crates/status/src/shard.rs. */
  async pretend(shard, stats, waiting) {
    const backlog = waiting ? { default: waiting } : {};
    const question = { take_report: { stats: { shard, created_at: 1, revision: 1, ...stats }, backlog } };
    const { status, text } = await this.worker.request("POST", "/test/overview", JSON.stringify(question));
    if (status !== 200) throw new Error(`the overview: ${text}`);
  }

  /** What keeps the ledger's objects alive: `{calls, waits, timers}`. */
  async pending() {
    return (await this.worker.request("GET", "/test/pending")).json;
  }

  /** How all stands, as programs are told. */
  async status(dataset) {
    await this.report(dataset);
    return (await this.operator("GET", "/api/status")).json;
  }

  /** The cron trigger. */
  sweep() {
    this.#count("invocation", 1);
    return this.entry.scheduled({ cron: "*/5 * * * *" });
  }

  /** Asks the ledger's object `name`, as a Worker of any version would. */
  ledger(name, question) {
    return this.#ask(name, "", JSON.stringify(question));
  }

  /** Runs a statement in the ledger's object `name`; the rows. */
  async sql(name, statement) {
    // An object makes its tables when it is asked for the first time.
    await this.ledger(name, { op: "look", id: "none" });
    return this.#ask(name, "sql", statement);
  }

  async #ask(name, path, body) {
    const objects = await this.miniflare.getDurableObjectNamespace("LEDGER", "worker");
    const stub = objects.get(objects.idFromName(name));
    const answer = await stub.fetch(`https://ledger/${path || name}`, { method: "POST", body });
    return answer.json();
  }

  async bucket() {
    return this.miniflare.getR2Bucket("UPLOADS", "worker");
  }

  /** Stores an object without the Worker. */
  async put(key, body) {
    return (await this.bucket()).put(key, typeof body === "string" ? body : Uint8Array.from(body).buffer);
  }

  /** The keys under a prefix. */
  async keys(prefix = "") {
    const bucket = await this.bucket();
    const keys = [];
    for (let cursor; ; ) {
      const page = await bucket.list({ prefix, cursor });
      keys.push(...page.objects.map(({ key }) => key));
      if (!page.truncated) return keys;
      cursor = page.cursor;
    }
  }

  /** The lines of the log of one kind. */
  lines(message) {
    return this.logs.texts.flatMap((text) => {
      try {
        const line = JSON.parse(text);
        return line.message === message ? [line] : [];
      } catch {
        return [];
      }
    });
  }

  async #serve(request) {
    const url = new URL(request.url);
    const asked = await request.json();
    if (url.pathname === "/answered") {
      // What the overview does is done once a minute, not for an upload.
      const whose = asked.question.op === undefined ? "overview.rows" : "rows";
      for (const [name, rows] of Object.entries(asked.rows)) this.#count(`${whose}.${name}`, rows);
      this.answered(asked);
      return new Response();
    }
    if (url.pathname === "/send") {
      this.#count("queue.send", asked.length);
      const verdict = this.fault({ op: "queue.send", subject: asked[0]?.body?.key });
      if (verdict === "fail") return new Response("", { status: 500 });
      for (const message of asked) this.queue.add(message);
      return new Response("", { status: verdict === "fail after" ? 500 : 200 });
    }
    this.#count(asked.op, 1);
    return new Response(this.fault(asked) ?? "ok");
  }

  #count(op, n) {
    this.counts[op] = (this.counts[op] ?? 0) + n;
  }
}

/** Messages, in virtual time: a delay is over as soon as nothing else is left to do. */
export class Queue {
  constructor() {
    this.messages = [];
    this.seconds = 0;
    this.sent = 0;
    /** `(message) => number`: how many copies of a message there are. */
    this.copies = () => 1;
  }

  add({ body, delaySeconds = 0 }) {
    this.sent += 1;
    const message = { id: `message-${this.sent}`, body, attempts: 1, due: this.seconds + delaySeconds };
    for (let n = this.copies(message); n > 0; n -= 1) this.messages.push({ ...message });
  }

  /** The message that is due first. */
  take() {
    const first = this.messages.reduce((least, message) => (least && least.due <= message.due ? least : message), undefined);
    if (!first) return undefined;
    this.messages.splice(this.messages.indexOf(first), 1);
    this.seconds = Math.max(this.seconds, first.due);
    return first;
  }

  decided(message, { retry }) {
    if (retry === undefined) return;
    this.messages.push({ ...message, attempts: message.attempts + 1, due: this.seconds + retry });
  }
}
