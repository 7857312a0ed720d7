// A stand-in for the SEKOIA.IO intake on loopback, with faults on demand.
//
// POST /plain/batch and /plain answer as SEKOIA.IO documents it; POST /sink takes gzipped NDJSON
// without a key, for DESTINATION=http. From the command line: node tests/support/intake.mjs --port 9000

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";

/** The key of an intake that is started without one. */
export const INTAKE_KEY = "stand-in-intake-key";

/** SEKOIA.IO's limits, uncompressed. */
const PAYLOAD_MAX_BYTES = 10 * 1024 * 1024;
const EVENT_MAX_BYTES = 250_000;

/**
 * What can go wrong, by name. Each takes its options and returns what happens to one exchange;
 * `early` faults strike before the body is read.
 */
const FAULTS = {
  /** The connection is reset before an answer: nothing was stored. */
  reset: () => ({ run: (exchange) => exchange.reset() }),
  /** The same after everything was stored: the client cannot know. */
  "reset after storing": () => ({
    run: (exchange) => {
      exchange.store();
      exchange.reset();
    },
  }),
  /** The request is read and never answered. */
  hang: () => ({ run: (exchange) => exchange.gone }),
  /** The request's body is never read. */
  "stops reading": () => ({ early: true, run: (exchange) => exchange.gone }),
  /** Answers as usual, but not before `until` is fulfilled. */
  slow: ({ until }) => ({
    run: async (exchange) => {
      await Promise.race([until, exchange.gone]);
      exchange.accept();
    },
  }),
  /** A status, with headers such as `retry-after`; stores nothing. */
  status: ({ status, headers = {}, body = JSON.stringify({ message: `stand-in answers ${status}` }) }) => ({
    run: (exchange) => exchange.answer(status, body, headers),
  }),
  /** Answers as to a wrong key. */
  "wrong key": () => ({ run: (exchange) => exchange.answer(401, WRONG_KEY) }),
  /** Accepts all but the events that `refuse(text)` names: fewer ids than events, or 413 for none. */
  partial: ({ refuse }) => ({ run: (exchange) => exchange.accept((text) => !refuse(text)) }),
  /** Refuses the whole batch, with `status`, whenever `refuse(text)` names one of its events. */
  poison: ({ refuse, status = 400 }) => ({
    run: (exchange) => {
      if (exchange.events.some(refuse)) exchange.answer(status, JSON.stringify({ message: "cannot parse event" }));
      else exchange.accept();
    },
  }),
  /** A successful status whose body is not the intake's; stores nothing. */
  garbage: ({ status = 200, body, type = "text/html" }) => ({
    run: (exchange) => exchange.answer(status, body, { "content-type": type }),
  }),
  /** Stores everything, and answers without a body. */
  "empty answer": ({ status = 200 } = {}) => ({
    run: (exchange) => {
      exchange.store();
      exchange.answer(status, "");
    },
  }),
  /** Sends headers and the beginning of an answer, then cuts the connection; stores nothing. */
  "half an answer": () => ({
    run: (exchange) => {
      exchange.response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      exchange.response.write('{"event_ids":["', () => exchange.reset());
    },
  }),
};

/** Turns of the event loop after which all that is in a local socket was read: accept, read, and some. */
const SOCKET_TURNS = 8;

/** What stands before the path everywhere but in region FRA1. */
const REGIONAL_PREFIX = "/api/v1/intake-http";

const WRONG_KEY = JSON.stringify({ message: "invalid intake key", code: "T001" });

/** One event that the intake accepted. */
class Event {
  constructor(text, path) {
    this.text = text;
    this.path = path;
  }

  /** The event as JSON, or undefined: SEKOIA.IO accepts any text. */
  get document() {
    try {
      return JSON.parse(this.text);
    } catch {
      return undefined;
    }
  }
}

/**
 * Starts an intake.
 * @param {{port?: number, key?: string | string[], keep?: boolean, onBatch?: Function}} options
 *   `keep`: remember events (not for very large uploads); `onBatch({path, events, bytes, plainBytes})`
 *   is called for every accepted batch.
 */
export async function startIntake(options = {}) {
  const intake = new Intake(options);
  await intake.listen(options.port ?? 0);
  return intake;
}

export class Intake {
  constructor({ key = INTAKE_KEY, keep = true, onBatch = () => {} } = {}) {
    this.keys = [key].flat();
    this.keep = keep;
    this.onBatch = onBatch;
    this.inFlight = 0;
    this.watchers = [];
    this.#forget();
    // No limit to idle connections: one closed at the wrong moment would look like a fault.
    this.server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        if (!request.complete) return; // The client has left in the middle of its request.
        this.errors.push(error);
        response.destroy();
      });
    });
  }

  async listen(port) {
    this.server.listen(port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** Forgets what arrived, and all faults, when nothing of it is under way any more. */
  async reset() {
    this.faults = [];
    // A client that gave up may have left requests in sockets that were not looked at yet.
    for (let turn = 0; turn < SOCKET_TURNS; turn += 1) await setImmediate();
    await this.until(() => this.inFlight === 0);
    this.#forget();
  }

  #forget() {
    /** Accepted events, in the order of arrival. */
    this.events = [];
    /** Every request: path, headers, sizes, `offered` and `accepted` events, status, fault. */
    this.requests = [];
    /** Failures of the stand-in itself: a test that ends with any is no proof. */
    this.errors = [];
    this.peakInFlight = 0;
    this.faults = [];
  }

  /**
   * Queues a fault for the next `times` requests that `when(request, events)` agrees to; the first
   * fault in the queue that does is taken. `fault`: a name of FAULTS, or a function of the exchange.
   */
  fault(fault, { times = 1, when = () => true, ...options } = {}) {
    const known = typeof fault === "string" ? FAULTS[fault] : () => ({ run: fault });
    if (!known) throw new Error(`unknown fault ${fault}, known: ${Object.keys(FAULTS).join(", ")}`);
    const queued = { name: String(fault.name ?? fault), times, when, ...known(options) };
    this.faults.push(queued);
    return queued;
  }

  /** Lets requests wait (`gate.waiting` of them) until `gate.open()`. */
  hold({ times = Infinity, when } = {}) {
    let open;
    const until = new Promise((resolve) => {
      open = resolve;
    });
    const gate = { waiting: 0 };
    const fault = this.fault(
      async (exchange) => {
        gate.waiting += 1;
        this.#changed();
        await Promise.race([until, exchange.gone]);
        gate.waiting -= 1;
        exchange.accept();
      },
      { times, when },
    );
    gate.open = () => {
      fault.times = 0;
      open();
    };
    return gate;
  }

  /** Resolves as soon as `condition()` holds; looked at whenever something happens here. */
  until(condition) {
    if (condition()) return Promise.resolve();
    return within(30_000, `${condition} at the intake`, (resolve) => this.watchers.push({ condition, resolve }));
  }

  async close() {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #serve(request, response) {
    this.inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    const [path, query] = request.url.split("?");
    const { method, headers } = request;
    const seen = { at: performance.now(), method, path, query, headers, bytes: 0, plainBytes: 0, offered: 0, accepted: 0 };
    this.requests.push(seen);
    const exchange = this.exchange(seen, request, response);
    exchange.gone.then(() => {
      this.inFlight -= 1;
      this.#changed();
    });
    this.#changed();

    const early = this.#faultFor((fault) => fault.early && fault.when(seen, []));
    if (early) {
      seen.fault = early.name;
      await early.run(exchange);
      return;
    }
    const refusal = await exchange.read();
    const fault = this.#faultFor((queued) => !queued.early && queued.when(seen, exchange.events));
    if (fault) {
      seen.fault = fault.name;
      await fault.run(exchange);
    } else if (refusal) {
      exchange.answer(refusal.status, refusal.body);
    } else {
      exchange.accept();
    }
  }

  /** One request: another protocol makes its own of it. */
  exchange(seen, request, response) {
    return new Exchange(this, seen, request, response);
  }

  #faultFor(applies) {
    const fault = this.faults.find((queued) => queued.times > 0 && applies(queued));
    if (fault) fault.times -= 1;
    return fault;
  }

  #changed() {
    this.watchers = this.watchers.filter(({ condition, resolve }) => {
      const holds = condition();
      if (holds) resolve();
      return !holds;
    });
  }

  /** Takes note of accepted events. */
  accepted(seen, events) {
    seen.accepted += events.length;
    if (this.keep) for (const text of events) this.events.push(new Event(text, seen.path));
    this.onBatch({ path: seen.path, events, bytes: seen.bytes, plainBytes: seen.plainBytes });
    this.#changed();
  }
}

/** One request and the answer to it. */
export class Exchange {
  constructor(intake, seen, request, response) {
    this.intake = intake;
    this.seen = seen;
    this.route = seen.path.startsWith(REGIONAL_PREFIX) ? seen.path.slice(REGIONAL_PREFIX.length) : seen.path;
    this.request = request;
    this.response = response;
    this.events = [];
    this.over = false;
    /** Resolves when the answer is out or the client has left. */
    this.gone = new Promise((resolve) => {
      response.once("close", () => {
        this.over = true;
        resolve();
      });
    });
  }

  /** Reads the body to its end, and takes note of its sizes: its text, or what is wrong with it. */
  async body() {
    const chunks = [];
    for await (const chunk of this.request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    this.seen.bytes = body.length;
    try {
      const plain = this.request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      this.seen.plainBytes = plain.length;
      return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain) };
    } catch (error) {
      return { problem: `cannot decode: ${error.message}` };
    }
  }

  /** Reads the body into `events`; returns the answer for a request that no event can save. */
  async read() {
    const body = await this.body();
    const problem = (status, message) => ({ status, body: JSON.stringify({ message }) });

    if (!["/plain", "/plain/batch", "/sink"].includes(this.route)) return problem(404, "no such path");
    if (this.request.method !== "POST") return problem(405, "POST only");
    if (body.problem) return problem(400, body.problem);
    const { text } = body;
    this.seen.text = this.intake.keep ? text : undefined;
    this.events = this.route === "/plain" ? [text] : text.split("\n").filter((line) => line !== "");
    this.seen.offered = this.events.length;
    if (this.route === "/sink") return undefined;
    if (!this.intake.keys.includes(this.request.headers["x-sekoiaio-intake-key"])) {
      return { status: 401, body: WRONG_KEY };
    }
    return this.seen.plainBytes > PAYLOAD_MAX_BYTES ? problem(413, "payload too large") : undefined;
  }

  /** Stores the events that `welcome` agrees to, and answers as the intake does. */
  accept(welcome = () => true) {
    if (this.over) return;
    if (this.route === "/sink") {
      this.store(welcome);
      this.answer(204, "");
      return;
    }
    const stored = this.store((text) => Buffer.byteLength(text) <= EVENT_MAX_BYTES && welcome(text));
    if (stored.length === 0 && this.events.length > 0) {
      this.answer(413, JSON.stringify({ message: "every event was rejected" }));
    } else if (this.route === "/plain") {
      this.answer(200, JSON.stringify({ event_id: randomUUID() }));
    } else {
      this.answer(200, JSON.stringify({ event_ids: stored.map(() => randomUUID()) }));
    }
  }

  /** Stores the events that `welcome` agrees to, without an answer. */
  store(welcome = () => true) {
    const stored = this.events.filter(welcome);
    this.intake.accepted(this.seen, stored);
    return stored;
  }

  answer(status, body, headers = {}) {
    this.seen.status = status;
    this.response.writeHead(status, { "content-type": "application/json", ...headers });
    this.response.end(body);
  }

  reset() {
    this.seen.status = "reset";
    this.request.socket.resetAndDestroy();
  }
}

/** A promise made by `executor`, rejected if nothing comes of it in time: a test fails instead of hanging. */
export function within(ms, what, executor) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
    const settle = (how) => (value) => {
      clearTimeout(timer);
      how(value);
    };
    executor(settle(resolve), settle(reject));
  });
}

/** One line on what was delivered, for people. */
function describe({ path, events, bytes, plainBytes }) {
  return `${path}: ${events.length} events, ${bytes} bytes (${plainBytes} plain)`;
}

async function main() {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "9000" }, key: { type: "string", default: INTAKE_KEY } },
  });
  const intake = await startIntake({
    port: Number(values.port),
    key: values.key,
    keep: false,
    onBatch: (batch) => console.log(describe(batch)),
  });
  console.log(`stand-in intake on ${intake.url}/plain/batch, key ${values.key}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
