// npm run chaos -- --silent-destination [--minutes N] [--per-second N] [--records N] [--latency MS] [--json]: one destination
// swallows connections; how late is the other? In workerd, in real time, with the settings' defaults.
//
// Two Workers get the same uploads, half a period apart: one has the silent destination beside the other, one does
// not. What delays one delays the other too, so that the two are compared pair by pair. The silent destination
// answers for the first fifth of the time, then no more, and is back for the last fifth.

import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { numberOf, uploadOf } from "../generate.mjs";
import { startIntake } from "../intake.mjs";
import { startDurable } from "./harness.mjs";

/** Consumers of the queue at once: max_concurrency in wrangler.toml. */
const CONSUMERS = 10;
/** A consumer that is held longer than that by one message is held by its destination. */
const HELD_MS = 1_500;
/** The bound: the 95th percentile of lag, against that without the silent destination. */
const RATIO_MAX = 1.1;
const PHASES = ["answers", "silent", "back"];
/** What the tests' harness sets, and an operator does not. */
const AS_DEPLOYED = {
  INTAKE_TIMEOUT_MS: undefined,
  REDELIVERY_BASE_SECONDS: undefined,
  REDELIVERY_MAX_SECONDS: undefined,
  RETRY_BASE_MS: undefined,
  RETRY_BUDGET_MS: undefined,
  SWEEP_AFTER_SECONDS: undefined,
};

/** Returns the lags of each phase, with the silent destination and without it, and what it held. */
export async function silent({ minutes = 10, perSecond = 1, records = 500, latency = 100, log = () => {} } = {}) {
  const hole = await startHole();
  const other = await startIntake({ keep: false });
  const sides = [];
  try {
    for (const [name, tables] of [
      ["without", {}],
      ["with", { DESTINATIONS: { silent: { kind: "http", url: `${hole.url}/sink` } } }],
    ]) {
      sides.push(await Side.start(name, tables, latency));
    }
    const period = 1000 / perSecond;
    const rounds = Math.round((minutes * 60_000) / period);
    const phaseOf = (n) => (n < rounds / 5 ? "answers" : n < (4 * rounds) / 5 ? "silent" : "back");
    const from = performance.now();
    let phase;
    for (let n = 0; n < rounds; n += 1) {
      if (phaseOf(n) !== phase) {
        phase = phaseOf(n);
        hole.leadsTo(phase === "silent" ? undefined : other);
      }
      const body = uploadOf({ records, seed: n, first: n * records, sparse: true });
      // Each is first as often as the other.
      const order = n % 2 === 0 ? sides : [...sides].reverse();
      for (const [place, side] of order.entries()) {
        await sleep(Math.max(0, from + (n + place / 2) * period - performance.now()));
        side.push(n, body, records, phase);
      }
      if ((n + 1) % (60 * perSecond) === 0) {
        const [without, also] = sides.map((side) => `${Math.round(side.lag(95, phase))} ms ${side.name}`);
        log(`${(n + 1) / perSecond / 60} of ${minutes} minutes, ${phase}: p95 ${without}, ${also}`);
      }
    }
    await Promise.race([Promise.all(sides.map((side) => side.all())), sleep(60_000, undefined, { ref: false })]);
    const [without, also] = sides;
    const phases = Object.fromEntries(
      PHASES.map((name) => {
        const of = (percent) => [without, also].map((side) => Math.round(side.lag(percent, name)));
        return [name, { uploads: also.lags[name].length, p50_ms: of(50), p95_ms: of(95), max_ms: of(100), p95_ratio: also.lag(95, name) / without.lag(95, name) }];
      }),
    );
    return {
      minutes,
      per_second: perSecond,
      records_per_upload: records,
      undelivered: sides.reduce((sum, { waiting }) => sum + waiting.size, 0),
      consumers_held: also.held,
      connections_held: hole.peak,
      phases,
    };
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
    await hole.close();
    await other.close();
  }
}

/** A Worker, its queue in real time, and the destination whose lag is looked at. */
class Side {
  static async start(name, tables, latency) {
    const side = new Side();
    side.name = name;
    side.lags = Object.fromEntries(PHASES.map((phase) => [phase, []]));
    side.waiting = new Map();
    side.held = 0;
    side.running = new Map();
    side.intake = await startIntake({ keep: false, onBatch: ({ events }) => side.#arrived(events) });
    side.intake.fault(
      async (exchange) => {
        await sleep(latency);
        exchange.accept();
      },
      { times: Infinity },
    );
    const vars = { ...AS_DEPLOYED, DESTINATION: "http", HTTP_URL: `${side.intake.url}/sink`, ...tables };
    side.route = await startDurable({ intake: side.intake, vars, queue: new RealTime(() => side.#consume()) });
    return side;
  }

  push(n, body, records, phase) {
    this.records = records;
    this.waiting.set(n, { at: performance.now(), left: records, phase });
    this.route.push(body).then(({ status, text }) => {
      if (status !== 200) throw new Error(`the upload was not taken: ${text}`);
    });
  }

  /** Everything that was pushed has arrived. */
  async all() {
    while (this.waiting.size > 0) await sleep(50);
  }

  lag(percent, phase) {
    const sorted = this.lags[phase].toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor((percent / 100) * sorted.length))] ?? NaN;
  }

  async stop() {
    this.isOver = true;
    await this.route.stop();
    await this.intake.close();
  }

  #arrived(events) {
    const n = Math.floor(numberOf(JSON.parse(events[0])) / this.records);
    const upload = this.waiting.get(n);
    if (!upload) return;
    upload.left -= events.length;
    if (upload.left > 0) return;
    this.waiting.delete(n);
    this.lags[upload.phase].push(performance.now() - upload.at);
  }

  #consume() {
    while (!this.isOver && this.running.size < CONSUMERS) {
      const message = this.route.queue.takeDue();
      if (!message) return;
      this.running.set(message, performance.now());
      this.#handle(message);
    }
  }

  async #handle(message) {
    const isSilent = message.body.to === "silent";
    const look = () => {
      const held = [...this.running].filter(([{ body }, since]) => body.to === "silent" && performance.now() - since >= HELD_MS);
      this.held = Math.max(this.held, held.length);
    };
    const timer = isSilent && setTimeout(look, HELD_MS + 1);
    const [decision] = await this.route.consume([message]).catch(() => [{ retry: 0 }]);
    clearTimeout(timer);
    this.running.delete(message);
    if (this.isOver) return;
    this.route.queue.decided(message, decision);
    this.#consume();
  }
}

/** A queue whose delays are real. */
class RealTime {
  constructor(onDue) {
    this.onDue = onDue;
    this.messages = [];
    this.sent = 0;
    /** As the harness's queue: its clock is the real one. */
    this.seconds = 0;
  }

  add({ body, delaySeconds = 0 }) {
    this.sent += 1;
    this.#keep({ id: `message-${this.sent}`, body, attempts: 1 }, delaySeconds);
  }

  decided(message, { retry }) {
    if (retry !== undefined) this.#keep({ ...message, attempts: message.attempts + 1 }, retry);
  }

  /** The message that has been due for longest. */
  takeDue() {
    const now = performance.now();
    const first = this.messages.reduce((least, message) => (least && least.due <= message.due ? least : message), undefined);
    if (!first || first.due > now) return undefined;
    this.messages.splice(this.messages.indexOf(first), 1);
    return first;
  }

  #keep(message, seconds) {
    this.messages.push({ ...message, due: performance.now() + seconds * 1000 });
    setTimeout(this.onDue, seconds * 1000 + 1).unref();
  }
}

/** A port that leads to a stand-in, or nowhere: it takes connections and what is sent, and says nothing. */
async function startHole() {
  const sockets = new Set();
  let place;
  const hole = { peak: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    if (!place) {
      socket.swallowed = true;
      hole.peak = Math.max(hole.peak, [...sockets].filter(({ swallowed }) => swallowed).length);
      socket.resume();
      return;
    }
    place.server.emit("connection", socket);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  hole.url = `http://127.0.0.1:${server.address().port}`;
  hole.leadsTo = (standIn) => {
    place = standIn;
    // Connections that are kept open would still lead there.
    for (const socket of sockets) socket.destroy();
  };
  hole.close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return hole;
}

/** Whether the others were as early as without the silent destination. */
export function isPrompt({ undelivered, phases }) {
  return undelivered === 0 && phases.silent.p95_ratio <= RATIO_MAX;
}

async function main() {
  const { values } = parseArgs({
    options: {
      "silent-destination": { type: "boolean" },
      minutes: { type: "string", default: "10" },
      "per-second": { type: "string", default: "1" },
      records: { type: "string", default: "500" },
      latency: { type: "string", default: "100" },
      json: { type: "boolean" },
    },
  });
  const result = await silent({
    minutes: Number(values.minutes),
    perSecond: Number(values["per-second"]),
    records: Number(values.records),
    latency: Number(values.latency),
    log: (line) => console.log(line),
  });
  console.log(values.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
  process.exitCode = isPrompt(result) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
