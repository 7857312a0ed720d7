// Runs in workerd, around the built Worker: with the vars and secrets that the stand-in of the platform
// has for it at the moment, and only while it is deployed.

import Worker, { Ledger as WorkerLedger } from "../../../build/index.js";

export class Ledger extends WorkerLedger {}

/** The environment of the deployed version, or undefined. */
async function deployed(env) {
  const answer = await env.TEST.fetch("http://test/");
  return answer.ok ? { ...env, ...(await answer.json()) } : undefined;
}

export default {
  async fetch(request, env, ctx) {
    const own = await deployed(env);
    if (!own) return new Response("There is nothing here yet", { status: 404 });
    return new Worker(ctx, own).fetch(request);
  },
  async queue(batch, env, ctx) {
    const own = await deployed(env);
    return own ? new Worker(ctx, own).queue(batch) : batch.retryAll();
  },
};
