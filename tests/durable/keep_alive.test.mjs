// What is not over keeps a Durable Object alive, and its duration is paid for: since 2026-10-01
// (durable_object_io_tasks_prevent_eviction) for 15 minutes at most. The ledger leaves nothing open.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ACK, assertDone, fresh, once, pushed, route, setUp } from "../support/durable/suite.mjs";

setUp();

const NOTHING = { calls: 0, waits: 0, timers: 0 };

for (const [name, fault] of [
  ["all is well", () => undefined],
  ["the overview fails", ({ op }) => (op === "overview" ? "fail" : undefined)],
  ["a shard fails", once("ledger")],
]) {
  test(`${name}: after an upload, and after the alarm, no call, wait or timer is left`, async () => {
    const { upload, body } = fresh();
    route.fault = fault;
    await pushed(body);
    assert.deepEqual(await route.drain(), [ACK]);
    await assertNothingLeft();
    await route.report();
    await assertNothingLeft();
    route.fault = () => undefined;
    await assertDone(upload);
  });
}

/** A report is sent beside an answer: it is over soon after, and its timer, of three seconds, with it. */
async function assertNothingLeft() {
  let left;
  for (const end = Date.now() + 2_000; Date.now() < end; ) {
    left = await route.pending();
    if (left.calls + left.waits === 0) break;
  }
  assert.deepEqual(left, NOTHING);
}
