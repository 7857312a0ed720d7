// Large uploads to three destinations, of three kinds, in little memory.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDurable } from "../support/durable/harness.mjs";
import { ACK } from "../support/durable/suite.mjs";
import { gzipChunks } from "../support/generate.mjs";
import { STAND_INS, destination } from "../support/stand_ins.mjs";

const MIB = 1024 * 1024;
/** Of one upload to one destination after the other, as one invocation has it. */
const WASM_MAX_BYTES = 32 * MIB;
/** Of three invocations that meet in one isolate, which has 128 MB in all. */
const MEETING_MAX_BYTES = 64 * MIB;
const RECORDS = 100_000;

test(`${RECORDS} records to three destinations: 32 MiB of wasm memory, 64 where all three meet in one isolate, none missing`, async () => {
  const kinds = { default: "sekoia", archive: "elasticsearch", lake: "splunk" };
  const arrived = {};
  const standIns = {};
  for (const [name, kind] of Object.entries(kinds)) {
    arrived[name] = new Uint8Array(RECORDS);
    const onBatch = ({ events }) => {
      for (const text of events) arrived[name][Number(/"n":"(\d+)"/.exec(text)[1])] += 1;
    };
    standIns[name] = await STAND_INS[kind].start({ keep: false, onBatch });
  }
  const tables = ["archive", "lake"].map((name) => [name, destination(name, kinds[name], standIns[name])]);
  const route = await startDurable({
    intake: standIns.default,
    vars: {
      INTAKE_TIMEOUT_MS: "60000",
      DESTINATIONS: Object.fromEntries(tables.map(([name, { table }]) => [name, table])),
      ...Object.assign({}, ...tables.map(([, { secrets }]) => secrets)),
    },
  });
  try {
    const push = async (seed) => {
      for (const times of Object.values(arrived)) times.fill(0);
      const headers = { "content-encoding": "gzip" };
      const answer = await route.push(gzipChunks({ records: RECORDS, seed, level: 1 }), { headers });
      assert.equal(answer.status, 200, answer.text);
    };
    const assertWithin = (bound) => {
      for (const [name, times] of Object.entries(arrived)) assert.ok(times.every((count) => count === 1), name);
      for (const { message, wasm_memory_bytes: bytes } of [...route.lines("stored"), ...route.lines("delivery")]) {
        assert.ok(bytes <= bound, `${message}: ${bytes / MIB} MiB`);
      }
    };
    await push(86);
    assert.deepEqual(await route.drain({ limit: 3 }), [ACK, ACK, ACK]);
    assertWithin(WASM_MAX_BYTES);
    await push(87);
    const messages = route.queue.messages.splice(0);
    assert.deepEqual(await Promise.all(messages.map((message) => route.consume([message]))), [[ACK], [ACK], [ACK]]);
    assertWithin(MEETING_MAX_BYTES);
  } finally {
    await route.stop();
    for (const standIn of Object.values(standIns)) await standIn.close();
  }
});
