// Runs in workerd, around the built Worker: its bindings are the real ones, but the test is asked
// before each operation whether it fails, and told of each for the counting.

import { signal } from "./signal.mjs";
import Worker, { Ledger as WorkerLedger } from "../../../build/index.js";

/** What only tests ask. */
const OWN = {
  "/test/alarms": alarms,
  "/test/pending": () => Response.json(pending),
  "/test/overview": (request, env) => env.LEDGER.getByName("overview").fetch(new Request("https://ledger/overview", request)),
};

export default {
  fetch: (request, env, ctx) => {
    const own = OWN[new URL(request.url).pathname];
    return own ? own(request, env) : new Worker(ctx, wrapped(env)).fetch(request);
  },
  queue: async (batch, env, ctx) => {
    if (env.TEST_CLOCK) ahead = Math.max(0, batch.messages[0].timestamp - realNow());
    try {
      return await new Worker(ctx, wrapped(env)).queue(batch);
    } finally {
      signal(false);
    }
  },
  scheduled: (event, env, ctx) => new Worker(ctx, wrapped(env)).scheduled(event),
};

/** What keeps a Durable Object alive, and is paid for: calls that are not answered, promises to wait for, timers. */
const pending = { calls: 0, waits: 0, timers: 0 };

function counting(what, promise) {
  pending[what] += 1;
  const over = () => (pending[what] -= 1);
  promise.then(over, over);
  return promise;
}

const timers = new Set();
const { setTimeout: setTimer, clearTimeout: clearTimer } = globalThis;
globalThis.setTimeout = (run, ...rest) => {
  const timer = setTimer((...args) => {
    ended(timer);
    run(...args);
  }, ...rest);
  timers.add(timer);
  pending.timers = timers.size;
  return timer;
};
globalThis.clearTimeout = (timer) => {
  ended(timer);
  clearTimer(timer);
};

function ended(timer) {
  timers.delete(timer);
  pending.timers = timers.size;
}

/** By how many milliseconds the queue's clock is ahead, where the test wants that. */
let ahead = 0;
const realNow = Date.now.bind(Date);
Date.now = () => realNow() + ahead;

/** Has all parts of a dataset's ledger report now, and not within a minute. */
async function alarms(request, env) {
  const dataset = new URL(request.url).searchParams.get("dataset");
  const parts = [...Array(16).keys()].map((n) => `${dataset}/${n.toString(16)}`);
  await Promise.all(parts.map((part) => env.LEDGER.getByName(part).fetch("http://test/alarm")));
  return new Response();
}

/** Tells the test what it was asked, what it said, and how many rows its SQL has read and written. */
export class Ledger extends WorkerLedger {
  constructor(state, env) {
    const cursors = [];
    super(counted(state, cursors), wrapped(env));
    this.answer = async (request) => {
      const { pathname } = new URL(request.url);
      // The test looks, and sets the clock back, behind the Worker's back.
      if (pathname === "/sql") return Response.json(state.storage.sql.exec(await request.text()).toArray());
      if (request.url === "http://test/alarm") return super.alarm();
      const question = await request.clone().json();
      const response = await super.fetch(request);
      const rows = { read: 0, written: 0 };
      for (const { rowsRead, rowsWritten } of cursors.splice(0)) {
        rows.read += rowsRead;
        rows.written += rowsWritten;
      }
      const answer = response.ok ? await response.clone().json() : undefined;
      await env.TEST.fetch("http://test/answered", { method: "POST", body: JSON.stringify({ question, answer, rows }) });
      return response;
    };
  }

  fetch(request) {
    return this.answer(request);
  }
}

function wrapped(env) {
  const ask = async (op, subject) => {
    const answer = await env.TEST.fetch("http://test/ask", { method: "POST", body: JSON.stringify({ op, subject }) });
    return answer.text();
  };
  const { UPLOADS, WORK, LEDGER } = env;
  return {
    ...env,
    ...(UPLOADS && { UPLOADS: bucket(UPLOADS, ask) }),
    ...(WORK && { WORK: queue(WORK, env) }),
    ...(LEDGER && { LEDGER: ledger(LEDGER, ask) }),
  };
}

/** Everything of `target`, but for the methods in `own`. */
function over(target, own) {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name];
      const value = Reflect.get(target, name);
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
  });
}

/** `run`, unless it is to fail before or after. */
async function faulty(ask, op, subject, run) {
  const verdict = await ask(op, subject);
  if (verdict === "out of time") signal(true);
  if (verdict === "fail") throw new Error(`injected: ${op} fails`);
  const result = await run();
  if (verdict === "fail after") throw new Error(`injected: the answer to ${op} is lost`);
  return result;
}

function bucket(target, ask) {
  const op = (name, subject) =>
    (...args) => faulty(ask, `r2.${name}`, subject(args), () => target[name](...args));
  const key = ([first]) => String(first);
  return over(target, {
    put: op("put", key),
    get: op("get", key),
    head: op("head", key),
    delete: op("delete", key),
    list: op("list", ([options]) => options?.prefix ?? ""),
    createMultipartUpload: async (name, options) => {
      const run = () => target.createMultipartUpload(name, options);
      return multipart(await faulty(ask, "r2.createMultipartUpload", name, run), ask);
    },
    resumeMultipartUpload: (...args) => multipart(target.resumeMultipartUpload(...args), ask),
  });
}

function multipart(target, ask) {
  const op = (name) =>
    (...args) => faulty(ask, `r2.${name}`, target.key, () => target[name](...args));
  return over(target, { uploadPart: op("uploadPart"), complete: op("complete"), abort: op("abort") });
}

/** Messages go to the test, which decides what the queue does with them. */
function queue(target, env) {
  const send = async (messages) => {
    const answer = await env.TEST.fetch("http://test/send", { method: "POST", body: JSON.stringify(messages) });
    if (!answer.ok) throw new Error("injected: the queue fails");
  };
  return over(target, {
    send: (body, options) => send([{ body, delaySeconds: options?.delaySeconds }]),
    sendBatch: (messages) => send([...messages].map(({ body, delaySeconds }) => ({ body, delaySeconds }))),
  });
}

function ledger(target, ask) {
  return over(target, {
    getByName: (name) => {
      const stub = target.getByName(name);
      const op = name === "overview" ? "overview" : "ledger";
      return over(stub, { fetch: (request) => counting("calls", faulty(ask, op, name, () => stub.fetch(request))) });
    },
  });
}

function counted(state, cursors) {
  const { storage } = state;
  const sql = over(storage.sql, {
    exec: (...args) => {
      const cursor = storage.sql.exec(...args);
      cursors.push(cursor);
      return cursor;
    },
  });
  const storageCounted = new Proxy(storage, {
    get(_, name) {
      if (name === "sql") return sql;
      const value = Reflect.get(storage, name);
      return typeof value === "function" ? value.bind(storage) : value;
    },
  });
  return new Proxy(state, {
    get(_, name) {
      if (name === "storage") return storageCounted;
      if (name === "waitUntil") return (promise) => state.waitUntil(counting("waits", promise));
      const value = Reflect.get(state, name);
      return typeof value === "function" ? value.bind(state) : value;
    },
  });
}
