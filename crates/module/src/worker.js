// What the runtime calls: it hands each call to the wasm module, and starts the module anew after a panic.
//
// The tool worker-build generates the same for any Worker; this is for what ours exports alone. It relies on what the
// crate `worker` 0.8.7 exports (`__worker_init_state`): see what worker-build does whenever that crate moves.
import { WorkerEntrypoint } from "cloudflare:workers";

import * as wasm from "./index.js";

Error.stackTraceLimit = 100;

/** Shared with the module: whether it has ended in a panic, and a number that each start of it counts up. */
const state = wasm.__worker_init_state();

addEventListener("error", ({ error }) => note(error));

export default class extends WorkerEntrypoint {
  fetch(request) {
    const response = call(() => wasm.fetch(request, this.env, this.ctx));
    // Else the runtime drops the handler of a sender that disconnects, and the memory of a half-done upload is
    // never freed.
    this.ctx.waitUntil(response);
    return response;
  }

  queue(batch) {
    return call(() => wasm.queue(batch, this.env, this.ctx));
  }

  scheduled(event) {
    return call(() => wasm.scheduled(event, this.env, this.ctx));
  }
}

export class Ledger {
  #state;
  #env;
  #ledger;
  #start;

  constructor(state, env) {
    this.#state = state;
    this.#env = env;
  }

  fetch(request) {
    return call(() => this.#current().fetch(request));
  }

  alarm() {
    return call(() => this.#current().alarm());
  }

  /** What an earlier start of the module has made is gone with its memory; its rows are in the storage. */
  #current() {
    if (this.#start !== state.instanceId) {
      this.#ledger = new wasm.Ledger(this.#state, this.#env);
      this.#start = state.instanceId;
    }
    return this.#ledger;
  }
}

async function call(work) {
  if (state.criticalError) {
    console.log("Reinitializing Wasm application");
    wasm.__wbg_reset_state();
    state.criticalError = false;
    state.instanceId += 1;
  }
  try {
    return await work();
  } catch (error) {
    note(error);
    throw error;
  }
}

/** A trap leaves the module's memory in no known state. */
function note(error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return;
  console.error("Critical", error);
  state.criticalError = true;
}
