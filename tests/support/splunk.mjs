// A stand-in for Splunk's HTTP Event Collector on loopback, as strict as the real one: what is before an
// error is indexed, an unknown key answers 200 and drops what is behind it, acknowledgements are told
// once and need a channel. From the command line: node tests/support/splunk.mjs --port 8088

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Exchange, Intake } from "./intake.mjs";

/** The token of a collector that is started without one. */
export const TOKEN = "00000000-5741-4e44-a494-73706c756e6b";

/** Splunk Cloud's limit, uncompressed: somewhere between 5,242,881 and 6,000,000 bytes. */
const PAYLOAD_MAX_BYTES = 5_242_880;

/** The keys of an envelope. */
const KEYS = ["time", "host", "source", "sourcetype", "index", "event", "fields"];

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Status and text of each code. */
const CODES = {
  0: [200, "Success"],
  1: [403, "Token disabled"],
  2: [401, "Token is required"],
  3: [401, "Invalid authorization"],
  4: [403, "Invalid token"],
  5: [400, "No data"],
  6: [400, "Invalid data format"],
  7: [400, "Incorrect index"],
  8: [500, "Internal server error"],
  9: [503, "Server is busy"],
  10: [400, "Data channel is missing"],
  11: [400, "Invalid data channel"],
  12: [400, "Event field is required"],
  13: [400, "Event field cannot be blank"],
  14: [400, "ACK is disabled"],
  15: [400, "Error in handling indexed fields"],
  16: [400, "Query string authorization is not enabled"],
  17: [200, "HEC is healthy"],
  18: [503, "HEC is unhealthy, queues are full"],
  19: [503, "HEC is unhealthy, ack service unavailable"],
  20: [503, "HEC is unhealthy, queues are full, ack service unavailable"],
  21: [400, "Invalid token"],
  22: [400, "Token disabled"],
  23: [503, "Server is shutting down"],
  24: [200, "Success, queue is near its capacity"],
  25: [200, "Success, acknowledgement channel is near its capacity"],
  26: [429, "Queue is at its capacity"],
  27: [429, "Acknowledgement channel is at its capacity"],
  28: [400, "Data channel is missing"],
};

/**
 * A fault for `fault()`: the collector answers with a code. `place`: the event that is at fault, where
 * one is; those before it are indexed. Code 7 names the event behind it.
 */
export const code = (number, place) => (exchange) => exchange.fail(number, place);

/**
 * Starts a collector.
 * @param {{port?: number, token?: string | string[], indexes?: string[], ack?: boolean, ackAfter?: number,
 *   scheme?: string, keep?: boolean, onBatch?: Function}} options
 *   `indexes`: those that the token allows, if not all; `ack`: whether the token has acknowledgements;
 *   `ackAfter`: how many questions are answered with false before
 */
export async function startSplunk(options = {}) {
  const collector = new Collector(options);
  await collector.listen(options.port ?? 0);
  return collector;
}

class Collector extends Intake {
  constructor({ token = TOKEN, indexes, ack = false, ackAfter = 0, scheme = "Splunk", ...options } = {}) {
    super(options);
    Object.assign(this, { tokens: [token].flat(), indexes, ack, ackAfter, scheme });
    /** Acknowledgements by channel: from the number to how many questions it takes yet. */
    this.channels = new Map();
    this.envelopes = [];
  }

  exchange(seen, request, response) {
    return new HecExchange(this, seen, request, response);
  }

  async reset() {
    await super.reset();
    this.channels.clear();
    this.envelopes = [];
  }
}

class HecExchange extends Exchange {
  envelopes = [];

  /** Reads the body into `envelopes` and `events`; returns the answer for a request that is at fault as a whole. */
  async read() {
    const { text, problem } = await this.body();
    const { headers, method } = this.request;

    const isQuestion = this.route === "/services/collector/ack";
    if (!isQuestion && !["/services/collector", "/services/collector/event", "/services/collector/health", "/api/v1/ingest/hec"].includes(this.route)) {
      return { status: 404, body: '{"text":"The requested URL was not found on this server.","code":404}' };
    }
    if (this.route === "/services/collector/health" && method === "GET") return answerOf(17);
    if (method !== "POST") return { status: 405, body: "Method Not Allowed" };
    const refusal = this.#unauthorized(headers.authorization) ?? this.#withoutChannel(headers["x-splunk-request-channel"]);
    if (refusal !== undefined) return answerOf(refusal);
    if (![undefined, "gzip"].includes(headers["content-encoding"])) return { status: 415, body: "Unsupported Media Type" };
    if (problem) return answerOf(6, 0);
    this.text = text;
    if (isQuestion) return this.#acknowledgements();
    this.seen.text = this.intake.keep ? this.text : undefined;
    if (this.seen.plainBytes > PAYLOAD_MAX_BYTES) return answerOf(6, 0);
    if (this.text.trim() === "") return answerOf(5);
    for (const text of objectsOf(this.text)) {
      const envelope = jsonOf(text);
      this.envelopes.push(envelope);
      this.events.push(JSON.stringify(envelope?.event) ?? "");
    }
    this.seen.offered = this.events.length;
    return undefined;
  }

  #unauthorized(authorization) {
    if (!authorization) return 2;
    const [scheme, token] = authorization.split(" ");
    if (scheme !== this.intake.scheme) return 3;
    return this.intake.tokens.includes(token) ? undefined : 4;
  }

  #withoutChannel(channel) {
    if (this.route === "/services/collector/ack" && !this.intake.ack) return 14;
    if (!this.intake.ack) return undefined;
    if (!channel) return 10;
    return GUID.test(channel) ? undefined : 11;
  }

  #acknowledgements() {
    const asked = jsonOf(this.text)?.acks;
    if (!Array.isArray(asked)) return answerOf(6);
    const channel = this.intake.channels.get(this.request.headers["x-splunk-request-channel"]) ?? new Map();
    const acks = asked.map((id) => {
      const left = channel.get(id);
      if (left === undefined) return [id, false];
      if (left > 0) channel.set(id, left - 1);
      else channel.delete(id);
      return [id, left === 0];
    });
    return { status: 200, body: JSON.stringify({ acks: Object.fromEntries(acks) }) };
  }

  /** Indexes the events up to the first that is at fault, or that `welcome` does not agree to. */
  accept(welcome = () => true) {
    if (this.over) return;
    for (const [place, envelope] of this.envelopes.entries()) {
      const number = this.#codeOf(envelope) ?? (welcome(this.events[place]) ? undefined : 6);
      if (number === "dropped") {
        this.#succeed(this.#index(place));
        return;
      }
      if (number) {
        this.fail(number, place);
        return;
      }
    }
    this.#succeed(this.#index());
  }

  store(welcome = () => true) {
    return this.#index().filter(welcome);
  }

  fail(number, place) {
    if (this.over) return;
    if (CODES[number][0] === 200) {
      this.#succeed(number === 17 ? [] : this.#index(), number);
      return;
    }
    if (place !== undefined) this.#index(place);
    const { status, body } = answerOf(number, number === 7 && place !== undefined ? place + 1 : place);
    this.answer(status, body);
  }

  /** What is wrong with an envelope: a code, or that it and all behind it are dropped. */
  #codeOf(envelope) {
    if (envelope === null || typeof envelope !== "object" || Array.isArray(envelope)) return 6;
    if (Object.keys(envelope).some((key) => !KEYS.includes(key))) return "dropped";
    const { event, fields, index, time } = envelope;
    if (event === undefined) return fields === undefined ? 12 : "dropped";
    if (event === null || event === "") return 13;
    if (fields !== undefined && !isFlat(fields)) return 15;
    if (time !== undefined && !Number.isFinite(Number(time))) return 6;
    return index !== undefined && this.intake.indexes && !this.intake.indexes.includes(index) ? 7 : undefined;
  }

  /** Indexes the events before a place. */
  #index(place = this.events.length) {
    const events = this.events.slice(0, place);
    if (events.length === 0) return events;
    if (this.intake.keep) this.intake.envelopes.push(...this.envelopes.slice(0, place));
    this.intake.accepted(this.seen, events);
    return events;
  }

  #succeed(events, number = 0) {
    const answer = { text: CODES[number][1], code: number };
    if (this.intake.ack && events.length > 0) {
      const name = this.request.headers["x-splunk-request-channel"];
      const channel = this.intake.channels.get(name) ?? new Map();
      this.intake.channels.set(name, channel);
      // Requests may end at the same time: each has a number of its own, counted from 0 on its channel.
      answer.ackId = channel.given ?? 0;
      channel.given = answer.ackId + 1;
      channel.set(answer.ackId, this.intake.ackAfter);
    }
    this.answer(200, JSON.stringify(answer));
  }
}

function answerOf(number, place) {
  const [status, text] = CODES[number];
  return { status, body: JSON.stringify({ text, code: number, "invalid-event-number": place }) };
}

/** The JSON objects of a text, which may follow each other with or without white space. */
function* objectsOf(text) {
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) {
        yield text.slice(start, at + 1);
        start = at + 1;
      }
    }
  }
  // What is left is no object, and at fault.
  if (text.slice(start).trim() !== "") yield text.slice(start);
}

function isFlat(fields) {
  return typeof fields === "object" && !Array.isArray(fields) && Object.values(fields).every((value) => value === null || typeof value !== "object");
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function main() {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "8088" }, token: { type: "string", default: TOKEN }, ack: { type: "boolean" } },
  });
  const collector = await startSplunk({
    port: Number(values.port),
    token: values.token,
    ack: values.ack,
    keep: false,
    onBatch: ({ path, events, bytes, plainBytes }) =>
      console.log(`${path}: ${events.length} events, ${bytes} bytes (${plainBytes} plain)`),
  });
  console.log(`stand-in collector on ${collector.url}/services/collector/event, token ${values.token}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
