// Stored uploads are delivered under faults, step by step: what the consumer decided of each message,
// and which records arrived how often.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ACK, VARS, always, assertDone, assertDoneAfterSweep, fresh, has, intake, nth, once, pushed, route, setUp, withWorker } from "../support/durable/suite.mjs";
import { accountOf, assertEachOnce } from "../support/expect.mjs";
import { uploadOf } from "../support/generate.mjs";

setUp();

describe("delivery fails for a while", () => {
  /** What goes wrong once, what is decided then, and what arrives twice in the end. */
  for (const [name, arrange, decision, repeated = 0] of [
    ["the intake is down", () => intake.fault("status", { status: 503, ...always }), "retry"],
    ["the intake wants to be left alone", () => intake.fault("status", { status: 429, headers: { "retry-after": "120" }, ...always }), 120],
    ["the key is wrong", () => intake.fault("wrong key", always), "retry"],
    ["the third batch fails", () => intake.fault("status", { status: 500, when: (_, events) => events.length === 5, ...always }), "retry"],
    ["the second batch's answer is lost", () => intake.fault("reset after storing", { when: has(10), times: 1 }), "none", 10],
    ["R2 does not give the upload", () => (route.fault = once("r2.get", "fail", { prefix: "uploads/" })), "retry"],
    ["R2 does not give the positions", () => (route.fault = once("r2.get", "fail", { prefix: "progress/" })), "retry"],
    ["the upload cannot be deleted", () => (route.fault = once("r2.delete", "fail", { prefix: "uploads/" })), "retry"],
    ["the ledger does not know that it is done", () => (route.fault = nth("ledger", 4)), "none"],
  ]) {
    test(`${name}: every record arrives, ${repeated || "none"} twice`, async () => {
      const { upload, body } = fresh();
      await pushed(body);
      arrange();
      const [first] = await route.drain({ limit: 1 });
      if (decision === "none") assert.deepEqual(first, ACK);
      else assert.ok(first.retry >= (decision === "retry" ? 1 : decision), JSON.stringify(first));
      const [line] = route.lines("delivery").slice(-1);
      if (decision === 120) assert.ok(line.retry_after_s >= 120);
      intake.faults = [];
      assert.deepEqual(await route.drain(), decision === "none" ? [] : [ACK]);
      const account = accountOf(intake, upload);
      assert.deepEqual(account.missing, []);
      assert.equal(account.repeated.length, repeated);
      assert.deepEqual(await route.keys(), []);
    });
  }

  test("R2 fails for long: that is no crash, and makes no dead letter", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    for (const prefix of ["uploads/", "progress/"]) {
      route.fault = once("r2.get", "fail", { prefix, times: 12 });
      const decisions = await route.drain({ limit: 12 });
      assert.equal(decisions.length, 12);
      for (const { retry } of decisions) assert.ok(retry >= 1);
    }
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
  });

  test("the ledger does not take the end, and the note of it cannot be deleted: it is, with the next sweep", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    assert.deepEqual(await route.drain(), [ACK]);
    assertEachOnce(intake, upload);
    route.fault = once("r2.delete", "fail", { prefix: "progress/" });
    await route.sweep();
    await assertDoneAfterSweep(upload);
  });

  test("a wrong key holds the uploads, and after the repair the operator has them tried at once", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("wrong key", always);
    const [first] = await route.drain({ limit: 1 });
    assert.ok(first.retry >= 1, JSON.stringify(first));
    intake.faults = [];
    const answer = await route.operator("POST", "/api/destinations/default/retry");
    assert.deepEqual([answer.status, answer.json], [202, { destination: "default", retrying: 1 }]);
    assert.equal((await route.operator("POST", "/api/destinations/other/retry")).status, 404);
    assert.equal((await route.operator("GET", "/api/destinations/default/retry")).status, 405);
    await route.drain();
    await assertDone(upload);
  });

  test("the waits double up to REDELIVERY_MAX_SECONDS", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 503, ...always });
    const waits = (await route.drain({ limit: 12 })).map(({ retry }) => retry);
    assert.equal(waits.length, 12);
    for (const [n, wait] of waits.entries()) {
      const full = Math.min(3600, 10 * 2 ** n);
      assert.ok(wait >= Math.floor(full / 2) && wait <= full, `${waits}`);
    }
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });

  test("delivery goes on after the last record that the intake has", async () => {
    const { upload, body } = fresh(95);
    await pushed(body);
    for (const n of [30, 31, 70]) {
      intake.faults = [];
      intake.fault("status", { status: 500, when: has(n), ...always });
      await route.drain({ limit: 1 });
    }
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });

  test("without the ledger the positions are in R2, and removed in the end", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    intake.fault("status", { status: 500, when: has(20), ...always });
    const [first] = await route.drain({ limit: 1 });
    assert.ok(first.retry > 0);
    const [place] = await route.keys("progress/");
    const position = await (await (await route.bucket()).get(place)).json();
    assert.deepEqual(position.done, [[0, 20]]);
    intake.faults = [];
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDoneAfterSweep(upload);
  });

  test("the ledger fails in the middle, and is back for the next attempt: both remember", async () => {
    const { upload, body } = fresh(45);
    await pushed(body);
    let asked = 0;
    route.fault = ({ op }) => (op === "ledger" && (asked += 1) > 2 ? "fail" : undefined);
    intake.fault("status", { status: 500, when: has(30), ...always });
    await route.drain({ limit: 1 });
    route.fault = () => undefined;
    intake.faults = [];
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
  });

  test("one invocation's time is up: another one continues", async () => {
    const { upload, body } = fresh();
    await withWorker({ vars: { ...VARS, INVOCATION_MAX_MS: "0" } }, async (hasty) => {
      assert.equal((await hasty.push(body)).status, 200);
      const decisions = await hasty.drain();
      assert.deepEqual(decisions, [ACK, ACK, ACK]);
      assert.equal(hasty.queue.sent, 3);
      assertEachOnce(intake, upload);
      assert.deepEqual(await hasty.keys(), []);
    });
  });

  test("one invocation's time on the processor is almost up: another one continues", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    route.fault = once("r2.get", "out of time", { prefix: "uploads/" });
    assert.deepEqual(await route.drain(), [ACK, ACK]);
    assert.equal(route.queue.sent, 2);
    assert.equal(route.lines("delivery").at(-2).done, 10);
    await assertDone(upload);
  });

  test("one invocation's requests are used up: another one continues", async () => {
    const { upload, body } = fresh(2100);
    await withWorker({ vars: { BATCH_MAX_RECORDS: "1", DELIVERIES_IN_FLIGHT: "6" } }, async (small) => {
      // Without it, the positions do not take as long as the deliveries.
      small.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
      assert.equal((await small.push(body)).status, 200);
      assert.deepEqual(await small.drain(), [ACK, ACK]);
      assertEachOnce(intake, upload);
      const [first] = small.lines("delivery");
      assert.ok(first.requests >= 2000 && first.requests < 2010, `${first.requests}`);
    });
  });

  test("a message with few attempts left is sent anew", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 503, ...always });
    const message = route.queue.take();
    const [decision] = await route.consume([{ ...message, attempts: 90 }]);
    assert.deepEqual(decision, ACK);
    const [anew] = route.queue.messages;
    assert.deepEqual(anew.body, message.body);
    assert.ok(anew.due > route.queue.seconds);
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });
});

describe("the queue repeats and loses", () => {
  test("a lost message: the sweep sends another", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    route.queue.messages = [];
    await route.sweep();
    assert.equal(route.queue.messages.length, 1);
    await route.drain();
    await assertDone(upload);
    await route.sweep();
    assert.equal(route.queue.messages.length, 0);
  });

  test("an upload that waits in a long queue is not sent again by every sweep", async () => {
    const { upload, body } = fresh();
    await withWorker({ vars: { ...VARS, SWEEP_AFTER_SECONDS: "1" } }, async (patient) => {
      assert.equal((await patient.push(body)).status, 200);
      while (patient.queue.messages.length === 1) await patient.sweep();
      for (let n = 0; n < 3; n += 1) await patient.sweep();
      assert.equal(patient.queue.messages.length, 2);
      assert.deepEqual(await patient.drain(), [ACK, ACK]);
      assertEachOnce(intake, upload);
    });
  });

  test("what is planned for later is not swept", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 503, ...always });
    await route.drain({ limit: 1 });
    await route.sweep();
    assert.equal(route.queue.messages.length, 1);
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });

  test("two messages at the same time: one delivers, the other waits", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    const message = route.queue.take();
    const gate = intake.hold();
    const first = route.consume([message]);
    await intake.until(() => gate.waiting === 1);
    const [second] = await route.consume([{ ...message, id: "another" }]);
    const [third] = await route.consume([message]);
    // What is not the holder's own next attempt, but that of the copy.
    const [fourth] = await route.consume([{ ...message, attempts: 2 }]);
    for (const { retry } of [second, third, fourth]) assert.ok(retry >= 1, JSON.stringify([second, third, fourth]));
    gate.open();
    assert.deepEqual(await first, [ACK]);
    assert.deepEqual(await route.consume([{ ...message, id: "another", attempts: 2 }]), [ACK]);
    await assertDone(upload);
  });

  test("the same two without the ledger: the lease is beside the upload", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    const message = route.queue.take();
    const gate = intake.hold();
    const first = route.consume([message]);
    await intake.until(() => gate.waiting === 1);
    const [second] = await route.consume([{ ...message, id: "another" }]);
    assert.ok(second.retry >= 1, JSON.stringify(second));
    gate.open();
    assert.deepEqual(await first, [ACK]);
    assert.deepEqual(await route.consume([{ ...message, id: "another", attempts: 2 }]), [ACK]);
    await assertDoneAfterSweep(upload);
  });

  test("a copy of what is delivered, left over by a crash, is deleted and not delivered", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    const [key] = await route.keys();
    await route.drain();
    await route.put(key.replace(/T\d{9}Z/, "T000000000Z"), body);
    await route.sweep();
    await route.drain();
    await assertDone(upload);
  });

  test("one that takes long holds up no other of its batch", async () => {
    const slow = fresh();
    const quick = { records: 5, seed: 77_001, first: 5000 };
    await pushed(slow.body);
    await pushed(uploadOf(quick));
    const gate = intake.hold({ when: has(0) });
    const both = route.consume([route.queue.take(), route.queue.take()]);
    await intake.until(() => gate.waiting === 1 && accountOf(intake, quick).arrived === 5);
    gate.open();
    assert.deepEqual(await both, [ACK, ACK]);
    assertEachOnce(intake, slow.upload);
    assertEachOnce(intake, quick);
  });
});
