// The peer: what our Worker does for an upload, in JavaScript for V8, with
// the best that workerd has for it. bench/README.md tells what was measured on the way here.

import { gzipSync } from "node:zlib";

import { DATASETS, documentOf, failureOf, newSummary } from "./document.mjs";
import { timeOf } from "./time.mjs";

const BATCH_MAX_BYTES = 4 * 1024 * 1024;
const BATCH_MAX_RECORDS = 1000;
const LINE_MAX_BYTES = 1024 * 1024;
const DELIVERIES_IN_FLIGHT = 4;
/** workerd's streams hand out 4 KiB at a time, each through a promise, unless they are asked for more. */
const READ_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;
/** The fastest of zlib, which leaves more than ours. */
const GZIP = { level: 1 };

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return Response.json({ status: "ok" });
    const dataset = pathname.replace("/logpush/", "");
    if (!Object.hasOwn(DATASETS, dataset)) return Response.json({ error: "no such path" }, { status: 404 });
    if (request.method !== "POST") return Response.json({ error: "POST only" }, { status: 405 });
    if (request.headers.get("x-logpush-secret") !== env.LOGPUSH_SECRET) {
      return Response.json({ error: "wrong secret" }, { status: 401 });
    }
    try {
      return Response.json(await forward(request.body, dataset, env));
    } catch (error) {
      return Response.json({ error: error.message }, { status: error.status ?? 400 });
    }
  },
};

/** Takes an upload to its end, and answers with its summary. */
async function forward(body, dataset, env) {
  const table = DATASETS[dataset];
  const started = Date.now();
  const arrival = timeOf(started);
  const summary = newSummary();
  const deliveries = new Deliveries(env);
  const batch = new Batch();
  const decoder = new TextDecoder();
  for await (const lines of linesOf(body.pipeThrough(new DecompressionStream("gzip")))) {
    for (const bytes of lines) {
      const document = documentOfBytes(table, bytes, decoder, arrival, summary);
      if (document === undefined) continue;
      if (!batch.push(document)) {
        await deliveries.add(batch);
        batch.push(document);
      }
      if (batch.records === BATCH_MAX_RECORDS) await deliveries.add(batch);
    }
  }
  if (batch.records > 0) await deliveries.add(batch);
  await deliveries.finish();
  console.log(
    JSON.stringify({ level: "info", message: "upload", dataset, ...summary, duration_ms: Date.now() - started }),
  );
  const { records, errors } = summary;
  return { dataset, records, events: records, errors, refused: 0, batches: deliveries.batches };
}

/** The document of a line, or undefined for a blank one. */
function documentOfBytes(table, bytes, decoder, arrival, summary) {
  if (bytes.length > LINE_MAX_BYTES) {
    summary.records += 1;
    return failureOf(table.name, "too long", decoder.decode(bytes.subarray(0, LINE_MAX_BYTES)), arrival, summary);
  }
  const line = decoder.decode(bytes);
  // What is no record may be blank, or have white space around it.
  if (line.charCodeAt(0) === BRACE) return documentOf(table, line, arrival, summary);
  const trimmed = line.trim();
  return trimmed === "" ? undefined : documentOf(table, trimmed, arrival, summary);
}

const BRACE = 0x7b;

/** The lines of a stream of bytes, a block at a time. */
async function* linesOf(stream) {
  const reader = stream.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(READ_BYTES);
  /** The beginning of a line whose end is not there yet. */
  let rest = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.readAtLeast(READ_BYTES, new Uint8Array(buffer));
    if (value !== undefined) {
      const lines = [];
      let start = 0;
      for (let end = value.indexOf(LINE_FEED); end >= 0; end = value.indexOf(LINE_FEED, start)) {
        const line = value.subarray(start, end);
        lines.push(rest.length > 0 ? joined(rest, line) : line);
        if (rest.length > 0) rest = new Uint8Array(0);
        start = end + 1;
      }
      yield lines;
      if (start < value.length) rest = joined(rest, value.subarray(start));
      buffer = value.buffer;
    }
    if (done) break;
  }
  if (rest.length > 0) yield [rest];
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Documents, joined until they are enough; the buffer serves one batch after the other. */
class Batch {
  constructor() {
    this.buffer = new Uint8Array(BATCH_MAX_BYTES);
    this.encoder = new TextEncoder();
    this.clear();
  }

  clear() {
    this.length = 0;
    this.records = 0;
  }

  /** Adds a document, unless it has no room. */
  push(document) {
    let at = this.length;
    if (this.records > 0) {
      this.buffer[at] = LINE_FEED;
      at += 1;
    }
    const { read, written } = this.encoder.encodeInto(document, this.buffer.subarray(at));
    if (read < document.length) return false;
    this.length = at + written;
    this.records += 1;
    return true;
  }

  get bytes() {
    return this.buffer.subarray(0, this.length);
  }
}

/** Batches on their way to the intake, a bounded number at a time. */
class Deliveries {
  constructor(env) {
    this.env = env;
    this.batches = 0;
    this.inFlight = new Set();
  }

  /** Takes what is in the batch, which is empty then; waits while too many are on their way. */
  async add(batch) {
    this.batches += 1;
    if (this.env.DESTINATION !== "discard") {
      if (this.inFlight.size === DELIVERIES_IN_FLIGHT) await Promise.race(this.inFlight);
      const delivery = this.deliver(gzipSync(batch.bytes, GZIP), batch.records).finally(() =>
        this.inFlight.delete(delivery),
      );
      this.inFlight.add(delivery);
    }
    batch.clear();
  }

  async finish() {
    await Promise.all(this.inFlight);
  }

  async deliver(body, records) {
    const answer = await fetch(`${this.env.SEKOIA_INTAKE_URL}/plain/batch`, {
      method: "POST",
      headers: { "content-encoding": "gzip", "x-sekoiaio-intake-key": this.env.SEKOIA_INTAKE_KEY },
      body,
    });
    if (!answer.ok) throw failure(`the intake answers ${answer.status}: ${await answer.text()}`);
    const { event_ids: ids } = await answer.json();
    if (ids.length !== records) throw failure(`the intake took ${ids.length} of ${records} events`);
  }
}

function failure(message) {
  return Object.assign(new Error(message), { status: 503 });
}
