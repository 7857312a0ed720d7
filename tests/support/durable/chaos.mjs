// npm run chaos [-- --seed N] [--uploads N] [--most N] [--to KIND] [--json]: everything goes wrong at random, and at the end every
// record is at the intake, or in a dead letter with a reason.
//
// Faults: the intake resets, stalls, answers 429, 500, 502, 413, takes batches in part, refuses
// records, and goes away for a day; the process is killed; messages are lost and repeated; R2, the
// queue and the ledger fail, or lose their answers. Logpush is played as it is: it tries an upload
// again until it is told 200. Time is virtual: see Queue. One destination has rules: what they keep arrives
// exactly, what they drop is counted and does not.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

import { lineOf, numberOf, recordsOf } from "../generate.mjs";
import { STAND_INS, destination } from "../stand_ins.mjs";
import { Account } from "./account.mjs";
import { idOf, startDurable } from "./harness.mjs";
import { Fates, RULES, SECRETS } from "./ruled.mjs";

const DAY_SECONDS = 24 * 60 * 60;
/** Messages that are handled at the same time. */
const CONSUMERS = 3;
/** An upload is stored and delivered in about that time. */
const KILL_WITHIN_MS = 200;
/** Without an end in sight after so many rounds, something is stuck. */
const ROUNDS_MAX = 400;
const ATTEMPTS_OF_LOGPUSH = 50;

/** The destinations: one of the flat settings, and two of tables, with their kinds. */
const NAMES = ["archive", "default", "lake"];
const KINDS = { archive: "elasticsearch", lake: "splunk" };
/** The one whose rules drop, sample and hide. */
const RULED = "archive";

/** Returns what was injected and what came of it; `to`: the kind of the destination of the flat settings. */
export async function chaos({ seed = 1, uploads = 200, most = 20_000, kills = 8, to = "sekoia", log = () => {} } = {}) {
  const random = randomOf(seed);
  const oneIn = (n) => random() < 1 / n;
  const injected = {};
  const inject = (name) => {
    injected[name] = (injected[name] ?? 0) + 1;
    return true;
  };
  const persist = mkdtempSync(join(tmpdir(), "logpush-ecs-chaos-"));
  const plan = planOf(uploads, most, random);
  const records = plan.reduce((sum, upload) => sum + upload.records, 0);
  const fates = new Fates(records);
  const places = {};
  for (const name of NAMES) {
    const account = new Account(plan, name);
    const kind = KINDS[name] ?? to;
    const place = { name, account, kind, isAway: false, lags: [] };
    place.intake = await STAND_INS[kind].start({ keep: false, onBatch: ({ events }) => arrived(place, events) });
    places[name] = place;
  }
  const all = Object.values(places);
  /** Virtual milliseconds from an upload's arrival to that of each batch. */
  const arrived = ({ name, account, lags }, events) => {
    account.arrived(events);
    if (name === RULED) fates.arrived(events);
    const n = numberOf(JSON.parse(events[0]));
    const upload = plan.findLast(({ first }) => first <= n);
    if (upload?.at !== undefined) lags.push(route.queue.seconds * 1000 + Date.now() - upload.at);
  };
  const tables = Object.keys(KINDS).map((name) => [name, destination(name, KINDS[name], places[name].intake)]);
  Object.fromEntries(tables)[RULED].table.rules = RULES;
  const configured = (names) => ({
    DESTINATION: to,
    ...STAND_INS[to].vars(places.default.intake),
    // A day's outage in some twenty attempts of each upload, not in forty.
    REDELIVERY_MAX_SECONDS: "10800",
    DESTINATIONS: Object.fromEntries(tables.filter(([name]) => names.includes(name)).map(([name, { table }]) => [name, table])),
    ...Object.assign({}, ...tables.map(([, { secrets }]) => secrets)),
    ...SECRETS,
  });
  let names = ["archive", "default"];
  const route = await startDurable({ intake: places.default.intake, persist, vars: configured(names), clock: "queue" });
  route.answered = (told) => all.forEach(({ account }) => account.answered(told));
  let calm = false;

  // --- The destinations, each with faults of its own ---
  const isPoisoned = (n) => n % 1000 === 777;
  const poisoned = (text) => /"n":"\d*777"/.test(text) && !text.includes("pipeline_error");
  for (const place of all) {
    const fault = (name, kind, chance, options = {}) =>
      place.intake.fault(kind, {
        ...options,
        times: Infinity,
        when: (_, events) => !calm && !place.isAway && events.length > 1 && oneIn(chance) && inject(`${place.name}: ${name}`),
      });
    place.intake.fault("status", { status: 503, times: Infinity, when: () => place.isAway && inject(`${place.name}: away`) });
    fault("reset", "reset", 30);
    fault("reset after storing", "reset after storing", 40);
    fault("stalls", "hang", 150);
    fault("429", "status", 40, { status: 429, headers: { "retry-after": "1" } });
    fault("500", "status", 40, { status: 500 });
    fault("502", "status", 40, { status: 502 });
    fault("413", "status", 60, { status: 413 });
    const kind = STAND_INS[place.kind];
    const [partial, partialOptions] = kind.partial((text) => /"n":"\d*5"/.test(text));
    // Any HTTP receiver takes a batch as a whole.
    if (place.kind !== "http") fault("partial", partial, 60, partialOptions);
    const [poison, poisonOptions] = kind.poison(poisoned);
    place.intake.fault(poison, {
      ...poisonOptions,
      times: Infinity,
      when: (_, events) => events.some(poisoned) && inject(`${place.name}: refuses a record`),
    });
  }

  // --- Storage, queue, ledger ---
  let killing = 0;
  route.fault = ({ op, subject }) => {
    // Positions go there where the ledger has not answered.
    const beside = /^progress\/.*\/([0-9a-f]{32})\/([a-z0-9-]+)\.json$/.exec(subject);
    if (op === "r2.put" && beside) places[beside[2]].account.ledgerFailed(beside[1]);
    if (calm) return undefined;
    // A question to the ledger is lost before it takes effect, or its answer after that.
    const chance = op === "ledger" || op === "overview" ? 60 : op.startsWith("r2.") ? 40 : 30;
    if (!oneIn(chance)) return undefined;
    const verdict = oneIn(2) ? "fail" : "fail after";
    inject(verdict === "fail" ? `${op} fails` : `${op}: answer lost`);
    return verdict;
  };
  route.queue.copies = () => {
    if (calm) return 1;
    if (oneIn(15)) return inject("message lost") && 0;
    return oneIn(15) ? inject("message repeated") && 2 : 1;
  };

  // --- Logpush ---
  let toldOk = 0;
  const ok = new Uint8Array(records);
  const push = async (upload) => {
    const read = [...recordsOf(upload)];
    const body = gzipSync(read.map((record) => `${lineOf(record)}\n`).join(""));
    fates.know(upload.first, read);
    for (const { account } of all) account.arriving = upload;
    // Whatever is configured now: that does not change while one is pushed.
    upload.owed ??= names;
    upload.at ??= route.queue.seconds * 1000 + Date.now();
    for (let n = 0; n < ATTEMPTS_OF_LOGPUSH; n += 1) {
      const answer = await route.push(body).catch(() => undefined);
      if (answer?.status !== 200) continue;
      // An answer that does not arrive: Logpush sends it again.
      if (!calm && oneIn(20) && inject("Logpush: answer lost")) continue;
      ok.fill(1, upload.first, upload.first + upload.records);
      toldOk += 1;
      return;
    }
  };
  const restart = async () => {
    await route.kill();
    for (const { account } of all) account.killed();
  };
  const kill = async () => {
    killing += 1;
    inject("process killed");
    await restart();
  };
  const configure = async (next, name) => {
    inject(name);
    names = next;
    route.options.vars = configured(names);
    await restart();
  };
  const consume = async () => {
    const message = route.queue.take();
    if (!message) return false;
    const [decision] = await route.consume([message]).catch(() => [{ retry: 0 }]);
    places[message.body.to ?? "default"].account.ended(idOf(message.body.key), message.id, message.attempts);
    route.queue.decided(message, decision);
    return true;
  };
  const consumeAll = (limit) =>
    Promise.all(
      Array.from({ length: CONSUMERS }, async () => {
        for (let n = 0; n < limit && (await consume()); n += 1);
      }),
    );

  try {
    const every = Math.max(1, Math.floor(uploads / kills));
    const at = (part) => Math.floor(uploads * part);
    for (const [n, upload] of plan.entries()) {
      if (n === at(0.1)) await configure(NAMES, "a destination added");
      if (n === at(0.75)) await configure(["archive", "default"], "a destination removed");
      if (n === at(0.85)) await configure(NAMES, "a destination is back");
      const work = Promise.all([push(upload), consumeAll(2 * names.length)]);
      if (n % every === every - 1) {
        // In the middle of something.
        const wait = random() * KILL_WITHIN_MS;
        await Promise.race([work, new Promise((resolve) => setTimeout(resolve, wait))]);
        await kill();
      }
      await work;
      if (n === at(0.5)) places.archive.isAway = true;
      if (n === at(0.5) + Math.ceil(uploads / 10)) {
        // A day passes, with attempts in between.
        const from = route.queue.seconds;
        while (route.queue.messages.length > 0 && route.queue.seconds < from + DAY_SECONDS) await consumeAll(20);
        injected["seconds of outage"] = route.queue.seconds - from;
        places.archive.isAway = false;
      }
      if (n % 20 === 19) {
        await route.sweep().catch(() => {});
        const stored = all.map(({ name, account }) => `${account.stored} at ${name}`).join(", ");
        log(`${n + 1} of ${uploads} uploads, ${killing} kills, documents: ${stored}`);
      }
    }
    calm = true;
    for (const upload of plan) if (!ok[upload.first]) await push(upload);
    let left = [];
    let ghosts = [];
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await consumeAll(Infinity);
      left = [...(await route.keys("uploads/")), ...(await route.keys("progress/"))];
      ghosts = await ghostsOf(route);
      if (left.length === 0 && ghosts.length === 0) break;
      // The sweep looks for those that the overview knows to wait.
      await route.report();
      await route.sweep();
      // A lease of a consumer that died is over when time has passed.
      if (route.queue.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }

    const dead = Object.fromEntries(NAMES.map((name) => [name, new Set()]));
    for (const key of await route.keys("dead/")) {
      const object = await (await route.bucket()).get(key);
      const { kind, destination, reason, done = [] } = JSON.parse(object.customMetadata.about);
      if (!reason) continue;
      if (kind === "documents") {
        for (const line of (await object.text()).trim().split("\n")) dead[destination].add(numberOf(JSON.parse(line).document));
      } else {
        const { first, records: count } = places[destination].account.known.get(idOf(key));
        for (let n = 0; n < count; n += 1) if (!done.some(([from, to]) => n >= from && n < to)) dead[destination].add(first + n);
      }
    }
    const status = (await route.status()).datasets.find(({ dataset }) => dataset === "firewall_events");
    const isKept = fates.decided((n) => places[RULED].account.times[n] > 0);
    const destinations = {};
    let lost = 0;
    let miscounted = 0;
    let dropped_and_there = 0;
    for (const { name, kind, account, lags } of all) {
      const owed = plan.filter((upload) => upload.owed.includes(name));
      const count = owed.reduce((sum, upload) => sum + upload.records, 0);
      let missing = 0;
      let dropped = 0;
      for (const { first, records: many } of owed) {
        for (let n = first; n < first + many; n += 1) {
          if (name === RULED && !isKept(n)) {
            dropped += 1;
            if (account.times[n] > 0) dropped_and_there += 1;
            continue;
          }
          if (account.times[n] > 0 || dead[name].has(n)) continue;
          missing += 1;
          lost += ok[n];
        }
      }
      const { sum } = status.destinations.find(({ destination }) => destination === name);
      const ended = sum.delivered + sum.dropped + sum.refused + sum.unknown + sum.lost;
      miscounted += Math.abs(sum.records - count) + Math.abs(sum.records - ended - sum.waiting) + Math.abs(sum.dropped - dropped);
      lags.sort((a, b) => a - b);
      destinations[name] = {
        kind,
        records: count,
        missing,
        dropped,
        duplicates: account.duplicates,
        lag_p95_ms: Math.round(lags[Math.floor(0.95 * lags.length)] ?? 0),
      };
    }
    const total = (of) => all.reduce((sum, place) => sum + of(place), 0);
    const result = {
      seed,
      uploads,
      records,
      missing: total(({ name }) => destinations[name].missing),
      told_ok_and_missing: lost,
      duplicates: total(({ account }) => account.duplicates),
      duplicates_of_noted: total(({ account }) => account.unexcused),
      duplicates_with_other_ids: total(({ account }) => account.strangers.size),
      dead_letters: total(({ name }) => dead[name].size),
      dead_letters_of_taken: total(({ name }) => [...dead[name]].filter((n) => !isPoisoned(n)).length),
      kills: killing,
      told_ok: toldOk,
      dropped_and_there,
      not_hidden: fates.shown,
      left: left.length,
      ghosts: ghosts.length,
      // Records that were counted other than once, or whose end is not known.
      miscounted,
      errors: total(({ intake }) => intake.errors.length),
      destinations,
    };
    return { injected, result };
  } finally {
    await route.stop().catch(() => {});
    for (const { intake } of all) await intake.close();
    rmSync(persist, { recursive: true, force: true });
  }
}

/** Rows of the ledger that wait for ever: all is delivered, and the objects are gone. */
async function ghostsOf(route) {
  const there = new Set([...(await route.keys("uploads/")), ...(await route.keys("logpush/"))]);
  const rows = [];
  for (let shard = 0; shard < 16; shard += 1) {
    const name = `firewall_events/${shard.toString(16)}`;
    rows.push(...(await route.sql(name, "SELECT destination, state FROM uploads WHERE finished IS NULL")));
  }
  return rows.map(({ state }) => JSON.parse(state).key).filter((key) => !key.startsWith("dead/") && !there.has(key));
}

/** Uploads of 10 to `most` records, small ones as often as large ones of ten times their size. */
function planOf(uploads, most, random) {
  let first = 0;
  return Array.from({ length: uploads }, () => {
    const records = Math.min(most, Math.max(10, Math.round(10 * (most / 10) ** random())));
    const upload = { records, seed: Math.floor(random() * 1e9), first, sparse: true };
    first += records;
    return upload;
  });
}

/** Numbers from 0 to 1 (mulberry32): the same seed gives the same row. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What there must be none of. */
const FAULTS = [
  "missing",
  "duplicates_of_noted",
  "duplicates_with_other_ids",
  "dead_letters_of_taken",
  "dropped_and_there",
  "not_hidden",
  "left",
  "ghosts",
  "miscounted",
  "errors",
];

/** Whether what was promised was kept. */
export function isSound(result) {
  return FAULTS.every((name) => result[name] === 0);
}

async function main() {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(Date.now() % 1e6) },
      uploads: { type: "string", default: "200" },
      most: { type: "string", default: "20000" },
      kills: { type: "string", default: "8" },
      to: { type: "string", default: "sekoia" },
      json: { type: "boolean" },
    },
  });
  const number = (name) => Number(values[name]);
  const { injected, result } = await chaos({
    seed: number("seed"),
    uploads: number("uploads"),
    most: number("most"),
    kills: number("kills"),
    to: values.to,
    log: (line) => console.log(line),
  });
  console.log("\nInjected:");
  for (const [name, times] of Object.entries(injected).sort()) console.log(`  ${name.padEnd(40)} ${times}`);
  console.log("\nCame to:");
  for (const [name, value] of Object.entries(result)) console.log(`  ${name.padEnd(40)} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  if (values.json) console.log(JSON.stringify(result));
  process.exitCode = isSound(result) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
