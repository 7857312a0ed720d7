// crates/module/src/worker.js around a module that the test plays: what gets which arguments, and what a panic leaves.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { join } from "node:path";

import { build } from "esbuild";

import { root } from "../../scripts/paths.mjs";

/** The module's exports: each call is noted, and `module.next` says how the next one ends. */
const WASM = `
const { calls, state } = globalThis.module;
const call = (name, ...args) => (calls.push([name, ...args]), globalThis.module.next());
export const __worker_init_state = () => state;
export const __wbg_reset_state = () => calls.push(["reset"]);
export const fetch = async (...args) => call("fetch", ...args);
export const queue = async (...args) => call("queue", ...args);
export const scheduled = async (...args) => call("scheduled", ...args);
export class Ledger {
  constructor(...args) { calls.push(["new", ...args]); }
  async fetch(request) { return call("ledger", request); }
  alarm() { return call("alarm"); }
}`;

const WORKERS = "export class WorkerEntrypoint { constructor(ctx, env) { Object.assign(this, { ctx, env }); } }";

const STATE = { criticalError: false, instanceId: 1 };
const module = (globalThis.module = { calls: [], state: { ...STATE }, next: () => "answer" });
const listeners = [];
globalThis.addEventListener = (name, listener) => listeners.push([name, listener]);
const { default: Worker, Ledger } = await entry();

const ENV = { name: "env" };
const waits = [];
const CTX = { waitUntil: (promise) => waits.push(promise) };
const HANDLERS = {
  fetch: () => new Worker(CTX, ENV).fetch("request"),
  queue: () => new Worker(CTX, ENV).queue("batch"),
  scheduled: () => new Worker(CTX, ENV).scheduled("event"),
  "ledger's fetch": () => new Ledger("state", ENV).fetch("request"),
  "ledger's alarm": () => new Ledger("state", ENV).alarm(),
};

beforeEach((context) => {
  context.mock.method(console, "log", () => {});
  context.mock.method(console, "error", () => {});
  module.calls.length = 0;
  waits.length = 0;
  Object.assign(module.state, STATE);
  module.next = () => "answer";
});

for (const [handler, expected] of [
  ["fetch", [["fetch", "request", ENV, CTX]]],
  ["queue", [["queue", "batch", ENV, CTX]]],
  ["scheduled", [["scheduled", "event", ENV, CTX]]],
  ["ledger's fetch", [["new", "state", ENV], ["ledger", "request"]]],
  ["ledger's alarm", [["new", "state", ENV], ["alarm"]]],
]) {
  test(`${handler}: the module's answer to the runtime's arguments`, async () => {
    assert.equal(await HANDLERS[handler](), "answer");
    assert.deepEqual(module.calls, expected);
  });

  test(`${handler}: after a trap the next call, of whatever kind, starts the module anew, once`, async () => {
    await assert.rejects(endsWith(handler, new WebAssembly.RuntimeError("unreachable")), WebAssembly.RuntimeError);
    assert.equal(module.state.criticalError, true);
    for (const next of Object.keys(HANDLERS)) {
      module.calls.length = 0;
      module.state.criticalError = true;
      await HANDLERS[next]();
      await HANDLERS[next]();
      assert.deepEqual(module.calls.filter(([name]) => name === "reset"), [["reset"]]);
      assert.deepEqual(module.calls[0], ["reset"]);
    }
  });

  test(`${handler}: another error is passed on, and starts nothing anew`, async () => {
    await assert.rejects(endsWith(handler, new TypeError("no")), TypeError);
    await HANDLERS[handler]();
    assert.deepEqual(module.state, STATE);
  });
}

test("a trap in no handler is noticed", () => {
  for (const [error, isNoticed] of [[new Error(), false], [new WebAssembly.RuntimeError(), true]]) {
    for (const [name, listener] of listeners) if (name === "error") listener({ error });
    assert.equal(module.state.criticalError, isNoticed);
  }
});

test("the handler of a request is waited for, whatever its sender does", async () => {
  const answer = HANDLERS.fetch();
  assert.equal(waits.length, 1);
  assert.equal(await waits[0], await answer);
});

test("the ledger's memory is made once, and again after a start of the module", async () => {
  const ledger = new Ledger("state", ENV);
  await ledger.fetch("one");
  await ledger.alarm();
  assert.deepEqual(module.calls.map(([name]) => name), ["new", "ledger", "alarm"]);
  module.state.criticalError = true;
  await ledger.fetch("two");
  assert.deepEqual(module.calls.slice(3), [["reset"], ["new", "state", ENV], ["ledger", "two"]]);
});

async function endsWith(handler, error) {
  module.next = () => {
    throw error;
  };
  try {
    return await HANDLERS[handler]();
  } finally {
    module.next = () => "answer";
  }
}

async function entry() {
  const played = { "./index.js": WASM, "cloudflare:workers": WORKERS };
  const { outputFiles } = await build({
    entryPoints: [join(root, "crates/module/src/worker.js")],
    bundle: true,
    format: "esm",
    write: false,
    plugins: [{ name: "played", setup: (build) => {
      build.onResolve({ filter: /^(\.\/index\.js|cloudflare:workers)$/ }, ({ path }) => ({ path, namespace: "played" }));
      build.onLoad({ filter: /.*/, namespace: "played" }, ({ path }) => ({ contents: played[path] }));
    } }],
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
