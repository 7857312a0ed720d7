// What survives the process, a day, and another version of the Worker.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { idOf, startDurable } from "../support/durable/harness.mjs";
import { ACK, VARS, always, assertDone, fresh, has, intake, pushed, route, setUp } from "../support/durable/suite.mjs";
import { accountOf } from "../support/expect.mjs";
import { uploadOf } from "../support/generate.mjs";

setUp();

describe("the process is killed", () => {
  test("in the middle of a delivery: it goes on where the ledger says", async () => {
    const persist = mkdtempSync(join(tmpdir(), "logpush-ecs-durable-"));
    const mortal = await startDurable({ intake, vars: VARS, persist });
    try {
      const { upload, body } = fresh(45);
      assert.equal((await mortal.push(body)).status, 200);
      const message = mortal.queue.take();
      const gate = intake.hold({ when: has(20) });
      const cut = mortal.consume([message]).catch(() => "cut");
      await intake.until(() => gate.waiting === 1);
      await mortal.kill();
      await cut;
      gate.open();
      intake.faults = [];
      assert.deepEqual(await mortal.consume([{ ...message, attempts: 2 }]), [ACK]);
      const account = accountOf(intake, upload);
      assert.deepEqual(account.missing, []);
      // The batch that was under way, and no other.
      assert.ok(account.repeated.every((n) => n >= 20 && n < 30), `${account.repeated}`);
      assert.deepEqual(await mortal.keys(), []);
    } finally {
      await mortal.stop();
      rmSync(persist, { recursive: true, force: true });
    }
  });

  test("again and again before the first record: a dead letter, and no more deaths", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    const [key] = await route.keys();
    const id = idOf(key);
    const lease = { message: "one that died", attempt: 1, until: 1 };
    await route.put(`progress/firewall_events/${id}/default.json`, JSON.stringify({ v: 1, key, cut_short: 9, lease }));
    assert.deepEqual(await route.drain(), [ACK]);
    assert.equal(accountOf(intake, upload).arrived, 0);
    const [letter] = (await route.operator("GET", "/api/dead-letters")).json.dead_letters;
    assert.match(letter.reason, /cut short 10 times/);
    assert.equal((await route.keys("dead/")).length, 1);
    assert.deepEqual(await route.keys("uploads/"), []);
  });
});

describe("another version of the Worker has begun", () => {
  for (const [name, state] of [
    ["an earlier version, with other batches", { v: 1, done: [[0, 7], [12, 20]], attempts: 3, lease: null }],
    ["a later version, with more members", { v: 2, done: [[0, 20]], speed: "fast", finished: null }],
  ]) {
    test(`positions of ${name} are understood`, async () => {
      const { upload, body } = fresh();
      await pushed(body);
      const [key] = await route.keys();
      const id = idOf(key);
      await route.put(`progress/firewall_events/${id}/default.json`, JSON.stringify(state));
      assert.deepEqual(await route.drain(), [ACK]);
      const isDone = (n) => state.done.some(([from, to]) => n >= from && n < to);
      const { missing, repeated } = accountOf(intake, upload);
      assert.deepEqual(repeated, []);
      assert.deepEqual(missing, [...Array(25).keys()].filter(isDone));
      assert.deepEqual(await route.keys(), []);
    });
  }

  test("positions that an earlier version has told the ledger are understood", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    const [key] = await route.keys();
    const id = idOf(key);
    const shard = `firewall_events/${id[0]}`;
    // Word for word as the first version asks.
    const about = { id, key, to: "default", holder: { message: "of the old version", attempt: 1 } };
    const begun = await route.ledger(shard, { op: "begin", ...about, lease: 1 });
    assert.deepEqual(begun, { go: { known: { done: [] }, attempts: 1, cut_short: 0 } });
    assert.equal(await route.ledger(shard, { op: "record", ...about, known: { done: [[0, 7], [12, 20]] }, lease: 1 }), true);
    assert.equal(await route.ledger(shard, { op: "fail", ...about, known: { done: [[0, 7]] }, error: "down", next: 0 }), null);
    assert.deepEqual(await route.drain(), [ACK]);
    const { missing, repeated } = accountOf(intake, upload);
    assert.deepEqual(repeated, []);
    assert.deepEqual(missing, [...Array(7).keys(), ...Array(8).fill().map((_, n) => n + 12)]);
    assert.deepEqual(await route.keys(), []);
  });
});

describe("the intake is away for a day", () => {
  test("nothing is lost or given up, the waits grow to an hour, and then all of it arrives once", async () => {
    const DAY_SECONDS = 24 * 60 * 60;
    const uploads = Array.from({ length: 3 }, (_, n) => ({ records: 25, seed: 88_000 + n, first: n * 1000 }));
    for (const upload of uploads) await pushed(uploadOf(upload));
    intake.fault("status", { status: 503, ...always });
    let attempts = 0;
    while (route.queue.seconds < DAY_SECONDS) {
      const [{ retry }] = await route.drain({ limit: 1 });
      assert.ok(retry >= 1 && retry <= 3600, `${retry}`);
      attempts += 1;
    }
    assert.equal((await route.keys("uploads/")).length, uploads.length);
    // From 24, an hour apart, to twice as many, with their first ones.
    assert.ok(attempts >= 24 * uploads.length && attempts <= 60 * uploads.length, `${attempts} attempts`);

    await intake.reset();
    const from = route.queue.seconds;
    assert.deepEqual(await route.drain(), uploads.map(() => ACK));
    assert.ok(route.queue.seconds - from <= 3600);
    for (const upload of uploads) await assertDone(upload);
  });
});
