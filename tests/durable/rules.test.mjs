// Rules on the durable route: what one destination's rules drop is counted there and does not arrive, and no attempt,
// redelivery or replay goes past them. The other destination gets everything.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { Queue, startDurable } from "../support/durable/harness.mjs";
import { Fates, NAMES, RULES, SECRETS } from "../support/durable/ruled.mjs";
import { ACK, VARS, always, has } from "../support/durable/suite.mjs";
import { assertEachOnce } from "../support/expect.mjs";
import { numberOf, recordsOf, uploadOf } from "../support/generate.mjs";
import { startIntake } from "../support/intake.mjs";

/** Four batches. */
const RECORDS = 200;

let intake;
let lake;
let route;
let persist;
let seeds = 90_000;

const vars = (rules) => ({
  ...VARS,
  ...SECRETS,
  DESTINATIONS: {
    lake: {
      kind: "http",
      url: `${lake.url}/sink`,
      batch_max_records: 50,
      deliveries_in_flight: 1,
      retry_base_ms: 1,
      retry_budget_ms: 50,
      rules,
    },
  },
});

/** Other rules, on the same storage. */
async function configure(rules) {
  route.options.vars = vars(rules);
  await route.kill();
}

before(async () => {
  persist = mkdtempSync(join(tmpdir(), "logpush-ecs-rules-"));
  intake = await startIntake();
  lake = await startIntake();
  route = await startDurable({ intake, persist, vars: vars(RULES) });
});

after(async () => {
  await route?.stop();
  await intake?.close();
  await lake?.close();
  rmSync(persist, { recursive: true, force: true });
});

beforeEach(async () => {
  await intake.reset();
  await lake.reset();
  Object.assign(route.queue, new Queue());
  const keys = await route.keys();
  if (keys.length > 0) await (await route.bucket()).delete(keys);
  await configure(RULES);
});

afterEach(() => {
  for (const { errors } of [intake, lake]) assert.deepEqual(errors, [], "a stand-in failed");
});

/** Pushes an upload that no other test has. */
async function pushed() {
  seeds += 1;
  const upload = { records: RECORDS, seed: seeds };
  const answer = await route.push(uploadOf(upload));
  assert.equal(answer.status, 200, answer.text);
  return upload;
}

/** Everything that is in the queue is handled; what comes back again and again is not waited for. */
const drained = () => route.drain({ limit: 20 });
const numbers = (standIn) => standIn.events.map(({ document }) => numberOf(document)).sort((a, b) => a - b);
const distinct = (list) => [...new Set(list)];
const idsOf = (standIn) => Object.fromEntries(standIn.events.map(({ document }) => [numberOf(document), document.event.id]));
const of = async (name) => {
  const [{ destinations }] = (await route.status()).datasets;
  return destinations.find(({ destination }) => destination === name);
};

/** What arrived at the destination with rules is what they keep, with no address in full; the number of it. */
function assertKept(upload) {
  const fates = new Fates(RECORDS);
  fates.know(0, [...recordsOf(upload)]);
  fates.arrived(lake.events.map(({ text }) => text));
  assert.equal(fates.shown, 0, "addresses in full");
  const arrived = new Set(numbers(lake));
  const isKept = fates.decided((n) => arrived.has(n));
  const kept = [...Array(RECORDS).keys()].filter(isKept);
  assert.deepEqual(distinct(numbers(lake)), kept);
  assert.ok(kept.length > 0 && kept.length < RECORDS, `${kept.length} are kept`);
  return kept.length;
}

async function metrics() {
  await route.report();
  const { text } = await route.operator("GET", "/metrics");
  return (series) => Number(text.split("\n").find((line) => line.startsWith(`${series} `))?.split(" ").at(-1) ?? 0);
}

test("what rules drop is counted: in the log line, the status, /metrics and on the page; what they keep arrives", async () => {
  const before = await metrics();
  const upload = await pushed();
  assert.deepEqual(await drained(), [ACK, ACK]);
  assertEachOnce(intake, upload);
  const kept = assertKept(upload);
  assert.equal(lake.events.length, kept);
  const dropped = RECORDS - kept;

  const line = route.lines("delivery").findLast(({ destination }) => destination === "lake");
  const rules = Object.entries(line.rules);
  assert.deepEqual(rules.map(([name]) => name).sort(), [...NAMES].sort());
  assert.deepEqual([line.records, line.dropped], [RECORDS, dropped]);
  assert.equal(rules.reduce((sum, [, rule]) => sum + rule.dropped, 0), dropped);
  const { sum } = await of("lake");
  assert.equal(sum.records, sum.delivered + sum.dropped + sum.refused + sum.unknown + sum.lost + sum.waiting);
  const after = await metrics();
  const more = (series) => after(series) - before(series);
  assert.equal(more('logpush_ecs_destination_dropped_records_total{destination="lake"}'), dropped);
  assert.equal(more('logpush_ecs_destination_dropped_records_total{destination="default"}'), 0);
  for (const [name, { fits, dropped: own }] of rules) {
    const labels = `{dataset="firewall_events",destination="lake",rule="${name}"}`;
    assert.equal(more(`logpush_ecs_rule_records_total${labels}`), fits, name);
    assert.equal(more(`logpush_ecs_rule_dropped_records_total${labels}`), own, name);
  }
  const { text } = await route.operator("GET", "/");
  for (const name of NAMES) assert.ok(text.includes(`<code>${name}</code>`), name);
});

test("an attempt that fails goes on after what was dropped and delivered, and nothing is counted twice", async () => {
  const { sum: before } = await of("lake");
  const upload = await pushed();
  const last = [...recordsOf(upload)].findLastIndex(({ Action, EdgeResponseStatus }) => Action !== "log" && EdgeResponseStatus >= 400);
  const fault = lake.fault("status", { status: 503, when: has(last), ...always });
  route.queue.messages = route.queue.messages.filter(({ body }) => body.to === "lake");
  const [failed] = await route.drain({ limit: 1 });
  assert.ok(failed.retry >= 1, JSON.stringify(failed));
  const early = lake.events.length;
  assert.ok(early > 0);
  fault.times = 0;
  const offered = lake.requests.length;
  // Taken, and the answer lost: it comes once more.
  lake.fault("reset after storing");
  await configure(RULES);
  assert.deepEqual((await drained()).at(-1), ACK);
  const kept = assertKept(upload);
  const late = lake.requests.slice(offered);
  assert.equal(late.length, 2, "the batch that was left, twice");
  assert.equal(early + late[0].offered, kept);
  assert.equal(lake.events.length, kept + late[0].offered);
  const ids = idsOf(lake);
  for (const { document } of lake.events) assert.equal(document.event.id, ids[numberOf(document)], "a record has two ids");
  const { sum } = await of("lake");
  assert.deepEqual([sum.dropped - before.dropped, sum.delivered - before.delivered], [RECORDS - kept, kept]);
});

test("the ids of records are keyed: others than where no rule hides anything, and the same in every delivery", async () => {
  const upload = await pushed();
  await drained();
  const [plain, keyed] = [intake, lake].map(idsOf);
  const kept = Object.keys(keyed);
  assert.equal(kept.length, assertKept(upload));
  for (const n of kept) assert.notEqual(plain[n], keyed[n]);
  await lake.reset();
  // As an operator has it delivered once more.
  await route.put("logpush/firewall_events/replay/1.gz", uploadOf(upload));
  await route.sweep();
  await drained();
  assert.deepEqual(idsOf(lake), keyed);
});

test("a dead letter of a whole upload holds records as received: its replay applies the rules", async () => {
  lake.fault("status", { status: 503, ...always });
  seeds += 1;
  const upload = { records: RECORDS, seed: seeds };
  // It has waited for longer than RETRY_DAYS.
  const key = `uploads/firewall_events/2026/01/01/00/20260101T000000000Z-${String(seeds).padStart(32, "0")}.gz`;
  await (await route.bucket()).put(key, Uint8Array.from(uploadOf(upload)).buffer, { customMetadata: { owed: "default,lake" } });
  await route.sweep();
  assert.deepEqual(await drained(), [ACK, ACK]);
  assertEachOnce(intake, upload);
  const letters = (await route.operator("GET", "/api/dead-letters")).json.dead_letters;
  assert.deepEqual(letters.map(({ kind, destination }) => [kind, destination]), [["upload", "lake"]]);
  assert.equal(lake.events.length, 0);
  lake.faults = [];
  await configure(RULES);
  assert.equal((await route.operator("POST", `/api/dead-letters/${letters[0].id}/replay`)).status, 202);
  assert.deepEqual(await drained(), [ACK]);
  assert.equal(lake.events.length, assertKept(upload));
  assert.deepEqual((await route.operator("GET", "/api/dead-letters")).json.dead_letters, []);
});

test("a wrong rule holds its destination and nothing else", async () => {
  await configure([{ name: "typo", acton: "drop" }]);
  const upload = await pushed();
  const decisions = await route.drain({ limit: 2 });
  assert.deepEqual(decisions[0], ACK);
  assert.ok(decisions[1].retry >= 30, JSON.stringify(decisions));
  assertEachOnce(intake, upload);
  assert.equal(lake.requests.length, 0);
  const { waiting } = await of("lake");
  assert.equal(waiting.held, true);
  assert.match(waiting.error, /`acton` is no part of a rule, perhaps `action`/);
  await configure(RULES);
  assert.deepEqual(await drained(), [ACK]);
  assertKept(upload);
});
