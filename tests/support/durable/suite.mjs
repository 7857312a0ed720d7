// What the tests of the durable route share: a Worker, an intake, faults, and uploads that nobody has
// sent before.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";

import { assertEachOnce } from "../expect.mjs";
import { numberOf, uploadOf } from "../generate.mjs";
import { startIntake } from "../intake.mjs";
import { assertFields } from "../log_fields.mjs";
import { Queue, startDurable } from "./harness.mjs";

/** Three batches of ten, the last of five. */
export const UPLOAD = { records: 25, seed: 12 };
export const BODY = uploadOf(UPLOAD);
export const VARS = { BATCH_MAX_RECORDS: "10", DELIVERIES_IN_FLIGHT: "1" };
export const KEY = /^uploads\/firewall_events\/\d{4}\/\d{2}\/\d{2}\/\d{2}\/\d{8}T\d{9}Z-[0-9a-f]{32}\.gz$/;
export const always = { times: Infinity };
export const ACK = { ack: true };

export let intake;
export let route;

/** Starts the intake and a Worker for the tests of a file. */
export function setUp(vars = VARS) {
  before(async () => {
    intake = await startIntake();
    route = await startDurable({ intake, vars });
  });

  after(async () => {
    await route?.stop();
    await intake?.close();
  });

  beforeEach(async () => {
    await intake.reset();
    route.fault = () => undefined;
    Object.assign(route.queue, new Queue());
    const bucket = await route.bucket();
    const keys = await route.keys();
    if (keys.length > 0) await bucket.delete(keys);
  });

  afterEach(() => {
    assert.deepEqual(intake.errors, [], "the stand-in intake failed");
    for (const message of ["stored", "delivery"]) route.lines(message).forEach(assertFields);
  });
}

/** Another Worker, with other settings, for the time of `run`. */
export async function withWorker(options, run) {
  const other = await startDurable({ intake, ...options });
  try {
    return await run(other);
  } finally {
    await other.stop();
  }
}

/** A fault of the first `times` operations whose name is `op`, and whose subject begins with `prefix`. */
export function once(op, verdict = "fail", { times = 1, prefix = "" } = {}) {
  let left = times;
  return (asked) => {
    if (asked.op !== op || left === 0 || !String(asked.subject).startsWith(prefix)) return undefined;
    left -= 1;
    return verdict;
  };
}

let seeds = 1000;
/** An upload that no other test has sent: the ledger remembers them all. */
export function fresh(records = UPLOAD.records) {
  seeds += 1;
  const upload = { records, seed: seeds };
  return { upload, body: uploadOf(upload) };
}

export async function pushed(body) {
  const answer = await route.push(body);
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

/** Everything was delivered once, and nothing is left over. */
export async function assertDone(upload) {
  assertEachOnce(intake, upload);
  assert.deepEqual((await route.keys()).filter((key) => key !== "sweep.json"), []);
}

/** The same where the ledger did not take the end: it is back, and the sweep reports what was noted. */
export async function assertDoneAfterSweep(upload) {
  assert.equal((await route.keys("progress/")).length, 1);
  route.fault = () => undefined;
  await route.sweep();
  await assertDone(upload);
}

/** Whether one of the events is that of record `n`. */
export function has(n) {
  return (_, events) => events.some((text) => numberOf(JSON.parse(text)) === n);
}

/** The `n`th operation of a name fails. */
export function nth(op, n) {
  let seen = 0;
  return (asked) => (asked.op === op && (seen += 1) === n ? "fail" : undefined);
}
