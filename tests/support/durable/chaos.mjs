// npm run chaos [-- --seed N] [--uploads N] [--most N] [--to KIND] [--json]: everything goes wrong at random, and at the end every
// record is at the destination, or in a dead letter with a reason.
//
// Faults: the intake resets, stalls, answers 429, 500, 502, 413, takes batches in part, refuses
// records, and goes away for a day; the process is killed; messages are lost and repeated; R2, the
// queue and the ledger fail, or lose their answers. Logpush is played as it is: it tries an upload
// again until it is told 200. Time is virtual: see Queue.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { numberOf, uploadOf } from "../generate.mjs";
import { STAND_INS } from "../stand_ins.mjs";
import { Account } from "./account.mjs";
import { idOf, startDurable } from "./harness.mjs";

const DAY_SECONDS = 24 * 60 * 60;
/** Messages that are handled at the same time. */
const CONSUMERS = 3;
/** An upload is stored and delivered in about that time. */
const KILL_WITHIN_MS = 200;
/** Without an end in sight after so many rounds, something is stuck. */
const ROUNDS_MAX = 400;
const ATTEMPTS_OF_LOGPUSH = 50;

/** Returns what was injected and what came of it. */
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
  const account = new Account(plan);
  const { records } = account;
  const kind = STAND_INS[to];
  const intake = await kind.start({ keep: false, onBatch: ({ events }) => account.arrived(events) });
  // A day's outage in some twenty attempts of each upload, not in forty.
  const route = await startDurable({ intake, persist, vars: { DESTINATION: to, ...kind.vars(intake), REDELIVERY_MAX_SECONDS: "10800" } });
  route.answered = (told) => account.answered(told);
  let calm = false;
  let outage = false;

  // --- The intake ---
  const isPoisoned = (n) => n % 1000 === 777;
  const poisoned = (text) => /"n":"\d*777"/.test(text) && !text.includes("pipeline_error");
  const fault = (name, kind, chance, options = {}) =>
    intake.fault(kind, {
      ...options,
      times: Infinity,
      when: (_, events) => !calm && !outage && events.length > 1 && oneIn(chance) && inject(`intake: ${name}`),
    });
  intake.fault("status", { status: 503, times: Infinity, when: () => outage && inject("intake: away") });
  fault("reset", "reset", 30);
  fault("reset after storing", "reset after storing", 40);
  fault("stalls", "hang", 150);
  fault("429", "status", 40, { status: 429, headers: { "retry-after": "1" } });
  fault("500", "status", 40, { status: 500 });
  fault("502", "status", 40, { status: 502 });
  fault("413", "status", 60, { status: 413 });
  const [partial, partialOptions] = kind.partial((text) => /"n":"\d*5"/.test(text));
  fault("partial", partial, 60, partialOptions);
  const [poison, poisonOptions] = kind.poison(poisoned);
  intake.fault(poison, {
    ...poisonOptions,
    times: Infinity,
    when: (_, events) => events.some(poisoned) && inject("intake: refuses a record"),
  });

  // --- Storage, queue, ledger ---
  let killing = 0;
  route.fault = ({ op, subject }) => {
    // Positions go there where the ledger has not answered.
    const beside = /^progress\/.*\/([0-9a-f]{32})\/[a-z0-9-]+\.json$/.exec(subject);
    if (op === "r2.put" && beside) account.ledgerFailed(beside[1]);
    if (calm) return undefined;
    // A question to the ledger is lost before it takes effect, or its answer after that.
    const chance = op === "ledger" || op === "overview" ? 60 : op.startsWith("r2.") ? 40 : 30;
    if (!oneIn(chance)) return undefined;
    const verdict = failure();
    inject(verdict === "fail" ? `${op} fails` : `${op}: answer lost`);
    return verdict;
  };
  const failure = () => (oneIn(2) ? "fail" : "fail after");
  route.queue.copies = () => {
    if (calm) return 1;
    if (oneIn(15)) return inject("message lost") && 0;
    return oneIn(15) ? inject("message repeated") && 2 : 1;
  };

  // --- Logpush ---
  let toldOk = 0;
  const ok = new Uint8Array(records);
  const push = async (upload) => {
    const body = uploadOf(upload);
    account.arriving = upload;
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
  const kill = async () => {
    killing += 1;
    inject("process killed");
    await route.kill();
    account.killed();
  };
  const consume = async () => {
    const message = route.queue.take();
    if (!message) return false;
    const [decision] = await route.consume([message]).catch(() => [{ retry: 0 }]);
    account.ended(idOf(message.body.key), message.id, message.attempts);
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
    for (const [n, upload] of plan.entries()) {
      const work = Promise.all([push(upload), consumeAll(2)]);
      if (n % every === every - 1) {
        // In the middle of something.
        const wait = random() * KILL_WITHIN_MS;
        await Promise.race([work, new Promise((resolve) => setTimeout(resolve, wait))]);
        await kill();
      }
      await work;
      if (n === Math.floor(uploads / 2)) outage = true;
      if (n === Math.floor(uploads / 2) + Math.ceil(uploads / 10)) {
        // A day passes, with attempts in between.
        const from = route.queue.seconds;
        while (route.queue.messages.length > 0 && route.queue.seconds < from + DAY_SECONDS) await consumeAll(20);
        injected["seconds of outage"] = route.queue.seconds - from;
        outage = false;
      }
      if (n % 20 === 19) {
        await route.sweep().catch(() => {});
        log(`${n + 1} of ${uploads} uploads, ${killing} kills, ${account.stored} documents`);
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
      // A lease of a consumer that died is over in real time only.
      if (route.queue.messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }

    const dead = new Set();
    for (const key of await route.keys("dead/")) {
      const object = await (await route.bucket()).get(key);
      const { kind, reason, done = [] } = JSON.parse(object.customMetadata.about);
      if (!reason) continue;
      if (kind === "documents") {
        for (const line of (await object.text()).trim().split("\n")) dead.add(numberOf(JSON.parse(line).document));
      } else {
        const { first, records: all } = account.known.get(idOf(key));
        for (let n = 0; n < all; n += 1) if (!done.some(([from, to]) => n >= from && n < to)) dead.add(first + n);
      }
    }
    const { sum } = (await route.status()).datasets.find(({ dataset }) => dataset === "firewall_events");
    const ended = sum.delivered + sum.dropped + sum.refused + sum.unknown + sum.lost;
    let missing = 0;
    let lost = 0;
    for (let n = 0; n < records; n += 1) {
      if (account.times[n] > 0 || dead.has(n)) continue;
      missing += 1;
      lost += ok[n];
    }
    const result = {
      seed,
      uploads,
      records,
      missing,
      told_ok_and_missing: lost,
      duplicates: account.duplicates,
      duplicates_of_noted: account.unexcused,
      duplicates_with_other_ids: account.strangers.size,
      dead_letters: dead.size,
      dead_letters_of_taken: [...dead].filter((n) => !isPoisoned(n)).length,
      kills: killing,
      told_ok: toldOk,
      left: left.length,
      ghosts: ghosts.length,
      // Records that were counted other than once, or whose end is not known.
      miscounted: Math.abs(sum.records - records) + Math.abs(sum.records - ended - sum.waiting),
      errors: intake.errors.length,
    };
    return { injected, result };
  } finally {
    await route.stop().catch(() => {});
    await intake.close();
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

/** Whether what was promised was kept. */
export function isSound(result) {
  const { missing, duplicates_of_noted, duplicates_with_other_ids, dead_letters_of_taken, left, ghosts, miscounted, errors } = result;
  const faults = [missing, duplicates_of_noted, duplicates_with_other_ids, dead_letters_of_taken, left, ghosts, miscounted, errors];
  return faults.every((count) => count === 0);
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
  for (const [name, value] of Object.entries(result)) console.log(`  ${name.padEnd(40)} ${value}`);
  if (values.json) console.log(JSON.stringify(result));
  process.exitCode = isSound(result) ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
