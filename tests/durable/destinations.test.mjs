// Several destinations side by side: one upload, stored once, with a message, progress and dead letters for
// each; and none waits for another.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { Queue, startDurable } from "../support/durable/harness.mjs";
import { ACK, VARS, always, fresh, has, once } from "../support/durable/suite.mjs";
import { accountOf, assertEachOnce, assertError } from "../support/expect.mjs";
import { numberOf, uploadOf } from "../support/generate.mjs";
import { startIntake } from "../support/intake.mjs";

/** The destination of the flat settings, and one of a table. */
let intake;
let lake;
let route;
let persist;

const tables = (...names) => ({
  DESTINATIONS: Object.fromEntries(names.map((name) => [name, { kind: "http", url: `${lake.url}/sink`, retry_base_ms: 1, retry_budget_ms: 50 }])),
});

/** Another configuration, on the same storage. */
async function configure(vars) {
  route.options.vars = { ...VARS, ...vars };
  await route.kill();
}

before(async () => {
  persist = mkdtempSync(join(tmpdir(), "logpush-ecs-destinations-"));
  intake = await startIntake();
  lake = await startIntake();
  route = await startDurable({ intake, persist, vars: { ...VARS, ...tables("lake") }, clock: "queue" });
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
  route.fault = () => undefined;
  Object.assign(route.queue, new Queue());
  const keys = await route.keys();
  if (keys.length > 0) await (await route.bucket()).delete(keys);
  // What an isolate has seen of a destination goes with it.
  await configure(tables("lake"));
});

afterEach(() => {
  for (const { errors } of [intake, lake]) assert.deepEqual(errors, [], "a stand-in failed");
});

const pushed = async (body) => {
  const answer = await route.push(body);
  assert.equal(answer.status, 200, answer.text);
};
const bodies = () => route.queue.messages.map(({ body }) => body);
const left = async () => (await route.keys()).filter((key) => key !== "sweep.json");
const of = async (name) => {
  const [{ destinations }] = (await route.status()).datasets;
  return destinations.find(({ destination }) => destination === name);
};

describe("one upload, two destinations", () => {
  test("it is stored once, with whom it is owed to; each gets all of it, and the object goes with the last", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    const [key] = await route.keys();
    assert.deepEqual(bodies(), [{ v: 1, key }, { v: 1, key, to: "lake" }]);
    const { customMetadata } = await (await route.bucket()).head(key);
    assert.deepEqual(customMetadata, { owed: "default,lake" });
    assert.deepEqual(await route.drain({ limit: 1 }), [ACK]);
    assertEachOnce(intake, upload);
    assert.equal(lake.requests.length, 0);
    assert.deepEqual(await left(), [key]);
    assert.deepEqual(await route.drain(), [ACK]);
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("one is down: the other has it, and the object stays until it is back", async () => {
    const { upload, body } = fresh();
    lake.fault("status", { status: 503, ...always });
    await pushed(body);
    const decisions = await route.drain({ limit: 4 });
    assert.deepEqual(decisions[0], ACK);
    assert.ok(decisions.slice(1).every(({ retry }) => retry >= 1), JSON.stringify(decisions));
    assertEachOnce(intake, upload);
    assert.equal((await left()).length, 1);
    const { waiting, sum } = await of("lake");
    assert.deepEqual([waiting.uploads, waiting.records, (await of("default")).waiting.uploads], [1, 25, 0]);
    assert.equal(sum.records, sum.delivered + sum.dropped + sum.refused + sum.unknown + sum.waiting + sum.lost);
    lake.faults = [];
    await configure(tables("lake"));
    assert.deepEqual(await route.drain(), [ACK]);
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("it comes again: recognised, and delivered once to each", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    await route.drain({ limit: 1 });
    assert.equal((await route.push(body)).json.duplicate, true);
    await route.drain();
    assert.equal((await route.push(body)).json.duplicate, true);
    await route.drain();
    assertEachOnce(intake, upload);
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("messages are lost: the sweep sends those that are missing", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    route.queue.messages = route.queue.messages.filter(({ body }) => body.to !== "lake");
    assert.deepEqual(await route.drain(), [ACK]);
    await route.sweep();
    assert.deepEqual(bodies().map(({ to }) => to), ["lake"]);
    assert.deepEqual(await route.drain(), [ACK]);
    assertEachOnce(intake, upload);
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("without the ledger the notes beside the upload say when the last has finished", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    await route.drain({ limit: 1 });
    assert.equal((await route.keys("uploads/")).length, 1);
    await route.drain();
    assert.deepEqual(await route.keys("uploads/"), []);
    assert.equal((await route.keys("progress/")).length, 2);
    assertEachOnce(intake, upload);
    assertEachOnce(lake, upload);
    route.fault = () => undefined;
    await route.sweep();
    assert.deepEqual(await left(), []);
  });

  test("the ledger fails for one end only: the sweep reports it, and has the object removed", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await route.drain({ limit: 1 });
    route.fault = () => undefined;
    await route.drain();
    for (let n = 0; n < 2; n += 1) {
      await route.sweep();
      await route.drain();
    }
    assertEachOnce(intake, upload);
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("what one refuses is its own dead letter, and replayed to it alone", async () => {
    const { body } = fresh();
    const refuse = (text) => JSON.parse(text).event.kind === "event" && numberOf(JSON.parse(text)) === 3;
    lake.fault("poison", { refuse, ...always });
    await pushed(body);
    await route.drain();
    assert.deepEqual(await route.keys("uploads/"), []);
    const list = async (query = "") => (await route.operator("GET", `/api/dead-letters${query}`)).json.dead_letters;
    const [letter, ...others] = await list();
    assert.deepEqual([letter.destination, letter.records, others], ["lake", 1, []]);
    assert.equal((await list("?destination=lake")).length, 1);
    assert.equal((await list("?destination=default")).length, 0);
    await intake.reset();
    await lake.reset();
    await route.operator("POST", `/api/dead-letters/${letter.id}/replay`);
    assert.deepEqual(await route.drain(), [ACK]);
    assert.deepEqual(lake.events.map(({ document }) => numberOf(document)), [3]);
    assert.equal(intake.requests.length, 0);
    assert.deepEqual(await list(), []);
  });
});

describe("destinations come and go", () => {
  test("one that is added gets what arrives later", async () => {
    const early = fresh();
    await configure({});
    await pushed(early.body);
    await configure(tables("lake"));
    const late = { records: 5, seed: 66_001, first: 500 };
    await pushed(uploadOf(late));
    await route.drain();
    assertEachOnce(intake, early.upload);
    assertEachOnce(intake, late);
    assertEachOnce(lake, late);
    assert.equal(accountOf(lake, early.upload).arrived, 0);
    assert.deepEqual(await left(), []);
  });

  test("what is owed to one that is removed waits, and is delivered when it is back", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    await configure({});
    const decisions = await route.drain({ limit: 2 });
    assert.deepEqual(decisions[0], ACK);
    assert.ok(decisions[1].retry >= 30, JSON.stringify(decisions));
    assert.equal((await left()).length, 1);
    const { waiting } = await of("lake");
    assert.equal(waiting.held, true);
    assert.match(waiting.error, /lake is not configured any more; .*DELETE \/api\/destinations\/lake/);
    assert.ok((await route.status()).problems.some(({ kind }) => kind === "held"));
    await configure(tables("lake"));
    await route.drain();
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("what is owed to one that is removed is dropped when the operator says so", async () => {
    const { body } = fresh();
    await pushed(body);
    await route.drain({ limit: 1 });
    assertError(await route.operator("DELETE", "/api/destinations/lake"), 409, "configured");
    const { sum: before } = await of("lake");
    await configure({});
    const { status, json } = await route.operator("DELETE", "/api/destinations/lake");
    assert.deepEqual([status, json], [200, { destination: "lake", dropped: 1, more: false }]);
    assert.deepEqual(await left(), []);
    const { sum, waiting } = await of("lake");
    assert.deepEqual([sum.dropped - before.dropped, waiting.uploads], [25, 0]);
    assert.deepEqual(await route.drain(), [ACK]);
    assert.equal(lake.requests.length, 0);
    assert.ok(route.lines("operator").some(({ action, destination, uploads }) => action === "drop" && destination === "lake" && uploads === 1));
  });

  test("destinations that cannot be read: uploads are stored, and the first that can decide", async () => {
    const { upload, body } = fresh();
    await configure({ DESTINATIONS: "{" });
    await pushed(body);
    assert.deepEqual(bodies().map(({ to }) => to), ["*"]);
    const [{ retry }] = await route.drain({ limit: 1 });
    assert.ok(retry >= 60);
    assert.equal((await route.keys("uploads/")).length, 1);
    await configure(tables("lake"));
    await route.drain();
    assertEachOnce(intake, upload);
    assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });

  test("a wrong destination stops nothing but itself", async () => {
    const { upload, body } = fresh();
    await configure({ DESTINATIONS: { lake: { kind: "http" } } });
    await pushed(body);
    const decisions = await route.drain({ limit: 2 });
    assert.deepEqual(decisions[0], ACK);
    assertEachOnce(intake, upload);
    const { waiting } = await of("lake");
    assert.match(waiting.error, /DESTINATIONS\.lake\.url is not set/);
    await configure(tables("lake"));
    await route.drain();
    assertEachOnce(lake, upload);
  });
});

describe("R2 first, to several", () => {
  const notificationOf = ({ key, size, etag }) => ({
    account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
    action: "PutObject",
    bucket: "logpush-ecs",
    object: { key, size, eTag: etag },
    eventTime: "2026-05-12T08:30:31.379Z",
  });
  const key = (name) => `logpush/firewall_events/20260512/${name}.log.gz`;

  for (const [name, fault, leftOver] of [
    ["by the ledger", () => undefined, []],
    ["by an object, without the ledger", ({ op }) => (op === "ledger" ? "fail" : undefined), ["progress/", "progress/"]],
  ]) {
    test(`a notification becomes one message for each, however often it comes: ${name}`, async () => {
      const { upload, body } = fresh();
      const notification = notificationOf(await route.put(key(name), body));
      route.fault = fault;
      assert.deepEqual(await route.consume([{ id: "first", body: notification, attempts: 1 }]), [ACK]);
      assert.deepEqual(bodies().map(({ to }) => to ?? "default"), ["default", "lake"]);
      assert.equal(intake.requests.length + lake.requests.length, 0);
      await route.drain();
      assert.deepEqual(await route.keys("logpush/"), []);
      assert.deepEqual((await left()).map((found) => found.replace(/\/.*/, "/")), leftOver);
      assert.deepEqual(await route.consume([{ id: "again", body: notification, attempts: 1 }]), [ACK]);
      await route.drain();
      assertEachOnce(intake, upload);
      assertEachOnce(lake, upload);
      route.fault = () => undefined;
      await route.sweep();
      assert.deepEqual((await left()).filter((found) => !found.endsWith("/*.json")), []);
    });
  }

  for (const [name, others] of [["renamed", ["other"]], ["removed", []]]) {
    test(`decided without the ledger, and one is ${name} meanwhile: what is owed to it stays until it is back`, async () => {
      const { upload, body } = fresh();
      const notification = notificationOf(await route.put(key(name), body));
      route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
      await route.consume([{ id: "first", body: notification, attempts: 1 }]);
      const owed = route.queue.messages.find(({ body }) => body.to === "lake");
      route.queue.messages = route.queue.messages.filter((message) => message !== owed);
      assert.deepEqual(await route.drain(), [ACK]);
      await configure(tables(...others));
      route.fault = () => undefined;
      // The ledger is back, and knows nothing of it.
      assert.deepEqual(await route.consume([{ id: "again", body: notification, attempts: 1 }]), [ACK]);
      await route.drain();
      assert.equal((await route.keys("logpush/")).length, 1);
      await configure(tables("lake"));
      await lake.reset();
      assert.deepEqual(await route.consume([owed]), [ACK]);
      assertEachOnce(intake, upload);
      assertEachOnce(lake, upload);
      await route.drain();
      assert.deepEqual((await left()).filter((found) => !found.endsWith("/*.json")), []);
    });
  }

  test("whom it is owed to is decided once, whatever is configured when its notification comes again", async () => {
    const { upload, body } = fresh();
    const notification = notificationOf(await route.put(key("decided"), body));
    await route.consume([{ id: "first", body: notification, attempts: 1 }]);
    route.queue.messages = [];
    await configure(tables("other"));
    await route.consume([{ id: "again", body: notification, attempts: 1 }]);
    assert.deepEqual(bodies().map(({ to }) => to ?? "default"), ["default", "lake"]);
    await configure(tables("lake"));
    await route.drain();
    assertEachOnce(intake, upload);
    assertEachOnce(lake, upload);
  });
});

// How late the others are: `npm run chaos -- --silent-destination`, and crates/delivery/tests/suite/side_by_side.rs.
describe("none waits for another", () => {
  test("a destination that fails is not asked before its time, and its message not counted as an attempt", async () => {
    lake.fault("status", { status: 503, ...always });
    for (let n = 0; n < 4; n += 1) await pushed(uploadOf({ records: 5, seed: 68_000 + n, first: n * 100 }));
    route.queue.messages = route.queue.messages.filter(({ body }) => body.to === "lake");
    const decisions = await Promise.all(Array.from({ length: 4 }, () => route.drain({ limit: 1 })));
    assert.ok(decisions.every(([{ retry }]) => retry >= 1), JSON.stringify(decisions));
    const asked = lake.requests.length;
    for (let n = 0; n < 4; n += 1) await route.consume([route.queue.take()]);
    assert.equal(lake.requests.length, asked, "it is open");
  });

  test("one that answers nothing keeps a fifth of ten consumers; back again, it gets fresh uploads before those that waited", async () => {
    const patient = tables("lake");
    patient.DESTINATIONS.lake.intake_timeout_ms = 60_000;
    await configure(patient);
    const uploads = Array.from({ length: 7 }, (_, n) => ({ records: 5, seed: 69_000 + n, first: n * 100 }));
    for (const upload of uploads.slice(0, 6)) await pushed(uploadOf(upload));
    const forLake = route.queue.messages.filter(({ body }) => body.to === "lake");
    route.queue.messages = route.queue.messages.filter(({ body }) => body.to !== "lake");
    let answer;
    const answered = new Promise((resolve) => {
      answer = () => resolve(true);
    });
    lake.fault(async (exchange) => {
      if (await Promise.race([answered, exchange.gone])) exchange.accept();
    }, always);
    const late = [];
    const held = [];
    const consumed = forLake.map(async (message) => {
      const [decision] = await route.consume([message]);
      if (decision.ack) held.push(message);
      else late.push(decision.retry);
    });
    // Nobody knows yet that it does not answer.
    await lake.until(() => lake.inFlight >= 2);
    route.queue.seconds += 60;
    for (const upload of uploads.slice(0, 6)) {
      assert.deepEqual(await route.drain({ limit: 1 }), [ACK]);
      assertEachOnce(intake, upload);
    }
    await lake.until(() => lake.inFlight === 2);
    while (late.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(late.every((wait) => wait >= 1), JSON.stringify(late));
    const before = { ...route.counts };
    const [decision] = await route.consume([{ ...forLake.at(-1), attempts: 2 }]);
    assert.ok(decision.retry >= 1, JSON.stringify(decision));
    const { invocation: _, "queue.read": __, ...more } = Object.fromEntries(Object.entries(route.counts).filter(([op, times]) => times !== before[op]));
    assert.deepEqual(more, {}, "put back before anything is read");

    answer();
    await Promise.all(consumed);
    assert.deepEqual([held.length, late.length], [2, 4]);
    lake.faults = [];
    const gate = lake.hold();
    await pushed(uploadOf(uploads[6]));
    const fresh = route.queue.messages.find(({ body }) => body.to === "lake");
    route.queue.messages = route.queue.messages.filter((message) => message !== fresh);
    const waited = forLake.filter((message) => !held.includes(message)).map((message) => ({ ...message, attempts: 2 }));
    const begun = waited.slice(0, 2).map((message) => route.consume([message]));
    await lake.until(() => gate.waiting === 2);
    for (const message of waited.slice(2)) {
      const [{ retry }] = await route.consume([message]);
      assert.ok(retry >= 1);
    }
    begun.push(route.consume([fresh]));
    await lake.until(() => gate.waiting === 3);
    gate.open();
    assert.deepEqual(await Promise.all(begun), [[ACK], [ACK], [ACK]]);
    for (const message of waited.slice(2)) assert.deepEqual(await route.consume([message]), [ACK]);
    await route.drain();
    for (const upload of uploads) assertEachOnce(lake, upload);
    assert.deepEqual(await left(), []);
  });
});

test("the object stays while a record is under way to one of them", async () => {
  const { upload, body } = fresh();
  await pushed(body);
  const [first, second] = [route.queue.take(), route.queue.take()];
  const gate = lake.hold({ when: has(20) });
  const slow = route.consume([second]);
  await lake.until(() => gate.waiting === 1);
  assert.deepEqual(await route.consume([first]), [ACK]);
  assert.equal((await route.keys("uploads/")).length, 1);
  route.fault = once("r2.delete", "fail", { prefix: "uploads/" });
  gate.open();
  const [decision] = await slow;
  // The object could not be deleted: the message comes again, and finds nothing else to do.
  assert.ok(decision.retry >= 1);
  assert.deepEqual(await route.consume([{ ...second, attempts: 2 }]), [ACK]);
  assertEachOnce(lake, upload);
  assert.deepEqual(await left(), []);
});
