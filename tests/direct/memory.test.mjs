// Large uploads in little memory: batches and deliveries are bounded, and so is what is read.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, beforeEach, test } from "node:test";

import { assertTaken } from "../support/expect.mjs";
import { gzipChunks, ndjsonChunksOf, uploadOf } from "../support/generate.mjs";
import { startIntake } from "../support/intake.mjs";
import { SECRET, UPLOAD_PATH, answerOf, drained, startWorkers } from "../support/worker.mjs";

const MIB = 1024 * 1024;
const WASM_MAX_BYTES = 32 * MIB;
const DELIVERIES_IN_FLIGHT = 4;
const BATCH_MAX_BYTES = MIB;

let intake;
let workers;
let seen;

before(async () => {
  intake = await startIntake({
    keep: false,
    onBatch: ({ events }) => {
      for (const text of events) seen.add(Number(/"n":"(\d+)"/.exec(text)[1]));
    },
  });
  workers = await startWorkers({
    intake,
    vars: {
      worker: {},
      one: { DELIVERIES_IN_FLIGHT: "1" },
      gated: { BATCH_MAX_BYTES: String(BATCH_MAX_BYTES), INTAKE_TIMEOUT_MS: "60000" },
    },
  });
});

after(async () => {
  await workers?.dispose();
  await intake?.close();
});

beforeEach(async () => {
  await intake.reset();
  seen = new Set();
});

test("200,000 records in at most 32 MiB of wasm memory, none missing", async () => {
  const records = 200_000;
  const answer = await workers.worker.push(gzipChunks({ records, seed: 81, level: 1 }), { headers: { "content-encoding": "gzip" } });
  assertTaken(answer, records);
  assert.equal(seen.size, records);
  assert.ok(intake.peakInFlight <= DELIVERIES_IN_FLIGHT, `${intake.peakInFlight} deliveries at once`);
  const line = await workers.worker.log();
  assert.ok(line.wasm_memory_bytes <= WASM_MAX_BYTES, `${line.wasm_memory_bytes / MIB} MiB`);
});

test("memory does not grow from upload to upload", async () => {
  const records = 5000;
  const body = uploadOf({ records, seed: 82 });
  const sizes = [];
  for (let n = 0; n < 6; n += 1) {
    assertTaken(await workers.one.push(body), records);
    sizes.push((await workers.one.log()).wasm_memory_bytes);
  }
  assert.equal(sizes.at(-1), sizes[1], `${sizes}`);
});

test("DELIVERIES_IN_FLIGHT=1 delivers one batch after the other", async () => {
  const records = 5000;
  assertTaken(await workers.one.push(uploadOf({ records, seed: 83 })), records);
  assert.equal(intake.peakInFlight, 1);
  assert.equal(seen.size, records);
  await workers.one.log();
});

test("while the intake makes it wait, the Worker stops reading", async () => {
  const records = 60_000;
  const gate = intake.hold();
  const request = workers.gated.open("POST", UPLOAD_PATH, { "x-logpush-secret": SECRET });
  const answer = answerOf(request);
  let written = 0;
  const sending = (async () => {
    // Not compressed, so that what is read is as much as what is in memory.
    for (const chunk of ndjsonChunksOf({ records, seed: 84 })) {
      if (!request.write(chunk)) await drained(request);
      written += chunk.length;
    }
    request.end();
  })();

  await intake.until(() => gate.waiting === DELIVERIES_IN_FLIGHT);
  // Without back-pressure this ends only when all is written; with it, as soon as nothing moves.
  for (let last = -1; written !== last; ) {
    last = written;
    await sleep(200);
  }
  assert.equal(intake.peakInFlight, DELIVERIES_IN_FLIGHT);
  // Batches in delivery and as many in wait, and what sockets hold between client and Worker.
  const bound = 2 * DELIVERIES_IN_FLIGHT * BATCH_MAX_BYTES + 16 * MIB;
  assert.ok(written <= bound, `${Math.round(written / MIB)} MiB were read`);

  gate.open();
  await sending;
  assertTaken(await answer, records);
  assert.ok(written > 3 * bound, "the upload is large enough to tell");
  assert.equal(seen.size, records);
  const line = await workers.gated.log();
  assert.ok(line.wasm_memory_bytes <= WASM_MAX_BYTES, `${line.wasm_memory_bytes / MIB} MiB`);
});
