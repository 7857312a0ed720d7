// Large uploads in little memory: batches and deliveries are bounded, and so is what is read.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { beforeEach, test } from "node:test";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertTaken } from "../support/expect.mjs";
import { gzipChunks, ndjsonChunksOf, uploadOf } from "../support/generate.mjs";
import { SECRET, UPLOAD_PATH, answerOf, drained } from "../support/worker.mjs";

const MIB = 1024 * 1024;
const WASM_MAX_BYTES = 32 * MIB;
const DELIVERIES_IN_FLIGHT = 4;
const BATCH_MAX_BYTES = MIB;

let seen;

/** The number of a record, without reading its whole event. */
const numberIn = (text) => Number(/"n":"(\d+)"/.exec(text)[1]);

setUp({
  intake: {
    keep: false,
    onBatch: ({ events }) => {
      for (const text of events) seen.add(numberIn(text));
    },
  },
  vars: {
    worker: {},
    one: { DELIVERIES_IN_FLIGHT: "1" },
    // The longest timeout there is: what is held is not given up.
    gated: { BATCH_MAX_BYTES: String(BATCH_MAX_BYTES), INTAKE_TIMEOUT_MS: "600000" },
  },
});

beforeEach(() => {
  seen = new Set();
});

test("200,000 records in at most 32 MiB of wasm memory, none missing", async () => {
  const records = 200_000;
  const answer = await worker.push(gzipChunks({ records, seed: 81, level: 1 }), { headers: { "content-encoding": "gzip" } });
  assertTaken(answer, records);
  assert.equal(seen.size, records);
  assert.ok(intake.peakInFlight <= DELIVERIES_IN_FLIGHT, `${intake.peakInFlight} deliveries at once`);
  const line = await worker.log();
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
  const gate = intake.hold({ when: (_, events) => numberIn(events[0]) < records });
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
  // An upload of the same size, begun later and delivered whole, is the measure of time: in as long, a
  // Worker without back-pressure has read all of the first.
  assertTaken(await worker.push(Readable.from(ndjsonChunksOf({ records, seed: 85, first: records }))), records);
  assert.equal(gate.waiting, DELIVERIES_IN_FLIGHT);
  // Batches in delivery and as many in wait, and what sockets hold between client and Worker.
  const bound = 2 * DELIVERIES_IN_FLIGHT * BATCH_MAX_BYTES + 16 * MIB;
  assert.ok(written <= bound, `${Math.round(written / MIB)} MiB were read`);

  gate.open();
  await sending;
  assertTaken(await answer, records);
  assert.ok(written > 3 * bound, "the upload is large enough to tell");
  assert.equal(seen.size, 2 * records);
  await worker.log();
  const line = await workers.gated.log();
  assert.ok(line.wasm_memory_bytes <= WASM_MAX_BYTES, `${line.wasm_memory_bytes / MIB} MiB`);
});
