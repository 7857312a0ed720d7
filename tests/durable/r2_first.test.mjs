// Logpush writes to the bucket itself, and R2's notifications are what the queue delivers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { ACK, BODY, assertDone, fresh, intake, route, setUp } from "../support/durable/suite.mjs";
import { assertEachOnce } from "../support/expect.mjs";
import { uploadOf } from "../support/generate.mjs";

setUp();

describe("R2 first: Logpush writes to the bucket", () => {
  const key = (name) => `logpush/firewall_events/20260512/20260512T083000Z_20260512T083030Z_${name}.log.gz`;
  /** As R2 sends it: https://developers.cloudflare.com/r2/buckets/event-notifications/ */
  const notification = (object, action = "PutObject") => ({
    account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
    action,
    bucket: "logpush-ecs",
    object: { key: object.key, size: object.size, eTag: object.etag },
    eventTime: "2026-05-12T08:30:31.379Z",
  });

  test("a notification has its object delivered, once however often it comes", async () => {
    const { upload, body } = fresh();
    const object = await route.put(key("a"), body);
    const message = { id: "notified", body: notification(object), attempts: 1 };
    assert.deepEqual(await route.consume([message]), [ACK]);
    assert.deepEqual(await route.consume([{ ...message, id: "again" }]), [ACK]);
    await assertDone(upload);
  });

  test("a lost notification: the sweep finds the object, and the late notification nothing to do", async () => {
    const { upload, body } = fresh();
    const object = await route.put(key("b"), body);
    await route.sweep();
    assert.deepEqual(route.queue.messages.map((message) => message.body), [{ v: 1, key: object.key, etag: object.etag }]);
    await route.drain();
    assert.deepEqual(await route.consume([{ id: "late", body: notification(object), attempts: 1 }]), [ACK]);
    await assertDone(upload);
  });

  test("an object that was overwritten: each content by its own notification", async () => {
    const old = fresh();
    const next = { records: 5, seed: 77_002, first: 6000 };
    const first = await route.put(key("c"), old.body);
    const second = await route.put(key("c"), uploadOf(next));
    assert.deepEqual(await route.consume([{ id: "first", body: notification(first), attempts: 1 }]), [ACK]);
    assert.equal(intake.events.length, 0);
    assert.deepEqual(await route.consume([{ id: "second", body: notification(second), attempts: 1 }]), [ACK]);
    assertEachOnce(intake, next);
  });

  test("an object that is overwritten while it is delivered: the new content stays for its own notification", async () => {
    const old = fresh();
    const next = { records: 5, seed: 77_004, first: 7000 };
    const first = await route.put(key("e"), old.body);
    const gate = intake.hold();
    const delivered = route.consume([{ id: "first", body: notification(first), attempts: 1 }]);
    await intake.until(() => gate.waiting === 1);
    const second = await route.put(key("e"), uploadOf(next));
    gate.open();
    assert.deepEqual(await delivered, [ACK]);
    assertEachOnce(intake, old.upload);
    assert.deepEqual(await route.keys(), [second.key]);
    assert.deepEqual(await route.consume([{ id: "second", body: notification(second), attempts: 1 }]), [ACK]);
    assertEachOnce(intake, next);
    assert.deepEqual(await route.keys(), []);
  });

  for (const [name, reason] of [
    ["logpush/no_such_dataset/x.log.gz", /there is no dataset no_such_dataset/],
    ["logpush/20260512/x.log.gz", /there is no dataset 20260512/],
    ["logpush/x.log.gz", /the key names no dataset/],
  ]) {
    test(`${name} is of no dataset: a dead letter`, async () => {
      const object = await route.put(name, BODY);
      assert.deepEqual(await route.consume([{ id: name, body: notification(object), attempts: 1 }]), [ACK]);
      const [letter] = (await route.operator("GET", "/api/dead-letters")).json.dead_letters;
      assert.match(letter.reason, reason);
      assert.equal(letter.upload, name);
      assert.equal((await route.keys()).length, 1);
    });
  }

  test("gzip twice is kept as it is, in a dead letter with its reason", async () => {
    const body = gzipSync(BODY);
    const object = await route.put(key("twice"), body);
    assert.deepEqual(await route.consume([{ id: "twice", body: notification(object), attempts: 1 }]), [ACK]);
    const [letter] = (await route.operator("GET", "/api/dead-letters")).json.dead_letters;
    assert.match(letter.reason, /compressed as gzip twice/);
    assert.equal(letter.destination, "default");
    const [kept, ...others] = await route.keys();
    assert.deepEqual(others, []);
    assert.deepEqual(Buffer.from(await (await (await route.bucket()).get(kept)).arrayBuffer()), body);
    assert.equal(intake.requests.length, 0);
  });

  test("a delivery that dies with its message, and its object deleted: the sweep ends it as lost", async () => {
    const object = await route.put(key("dies"), fresh().body);
    route.fault = ({ op, subject }) => (op === "r2.get" && String(subject).startsWith("logpush/") ? "fail" : undefined);
    await route.consume([{ id: "dies", body: notification(object), attempts: 1 }]);
    route.fault = () => undefined;
    await (await route.bucket()).delete(object.key);
    const lost = async () => (await route.status()).datasets.find(({ dataset }) => dataset === "firewall_events").totals.lost;
    const before = await lost();
    // What is planned for later is left alone until then.
    for (let shard = 0; shard < 16; shard += 1) {
      const name = `firewall_events/${shard.toString(16)}`;
      await route.sql(name, `UPDATE uploads SET state = json_set(state, '$.next_attempt', 0) WHERE instr(state, '${object.key}') > 0`);
    }
    await route.report();
    await route.sweep();
    assert.equal(await lost(), before + 1);
  });

  test("a notification of a deletion, or of our own objects, is acknowledged", async () => {
    const object = { key: key("d"), size: 1, etag: "x" };
    assert.deepEqual(await route.consume([{ id: "deleted", body: notification(object, "DeleteObject"), attempts: 1 }]), [ACK]);
    const ours = { ...object, key: "dead/firewall_events/x.upload" };
    assert.deepEqual(await route.consume([{ id: "ours", body: notification(ours), attempts: 1 }]), [ACK]);
    assert.equal(intake.requests.length, 0);
  });
});
