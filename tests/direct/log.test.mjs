// One structured log line per upload, and no secret and no payload in it or in any answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertTaken } from "../support/expect.mjs";
import { lineOf, recordsOf, uploadOf } from "../support/generate.mjs";
import { INTAKE_KEY } from "../support/intake.mjs";
import { LOG_FIELDS, assertFields } from "../support/log_fields.mjs";
import { SECRET } from "../support/worker.mjs";

const UPLOAD = { records: 25, seed: 71 };
const BODY = uploadOf(UPLOAD);
const VARS = { BATCH_MAX_RECORDS: "10" };
const answers = [];

setUp({ vars: { worker: VARS, hopeless: { ...VARS, RETRY_BUDGET_MS: "0" } } });

/** Pushes, and returns the answer with its log line. */
async function push(body, options, to = worker) {
  const answer = await to.push(body, options);
  answers.push(answer.text);
  const line = await to.log();
  assertFields(line);
  return { answer, line };
}

test("an upload without trouble: every count", async () => {
  const { answer, line } = await push(BODY);
  assertTaken(answer, UPLOAD.records);
  assert.deepEqual(Object.keys(line).sort(), LOG_FIELDS.upload.always.toSorted());
  const { duration_ms, wasm_memory_bytes, bytes_documents, invalid_values, ...counts } = line;
  assert.deepEqual(counts, {
    level: "info",
    message: "upload",
    dataset: "firewall_events",
    status: 200,
    records: 25,
    events: 25,
    errors: 0,
    refused: 0,
    repaired: 0,
    times_from_arrival: 0,
    truncated: 0,
    unknown_fields: {},
    more_unknown_fields: 0,
    unknown_values: {},
    bytes_received: BODY.length,
    bytes_plain: gunzipSync(BODY).length,
    bytes_sent: intake.requests.reduce((sum, { bytes }) => sum + bytes, 0),
    batches: 3,
    requests: 3,
    retries: 0,
  });
  // With or without the newlines between documents, of which there are 22.
  const plain = intake.requests.reduce((sum, { plainBytes }) => sum + plainBytes, 0);
  assert.ok(bytes_documents >= plain - 22 && bytes_documents <= plain + 25, `${bytes_documents} of ${plain}`);
  assert.ok(Number.isInteger(invalid_values));
  assert.ok(duration_ms >= 0);
  assert.ok(wasm_memory_bytes > 0 && wasm_memory_bytes % 65_536 === 0);
});

test("what was odd in an upload is counted", async () => {
  const [record] = recordsOf({ records: 1 });
  const lines = [
    lineOf(record),
    "not a record",
    lineOf({ ...record, Datetime: "yesterday" }),
    lineOf({ ...record, ClientIP: "999.1.1.1" }),
    lineOf({ ...record, NewField: 1, OtherField: "x" }),
    lineOf({ ...record, NewField: 2 }),
    lineOf({ ...record, Description: "long ".repeat(60_000) }),
  ];
  const { answer, line } = await push(lines.join("\n"));
  assertTaken(answer, 7, { errors: 1 });
  assert.equal(line.records, 7);
  assert.equal(line.errors, 1);
  assert.equal(line.times_from_arrival, 1);
  assert.equal(line.truncated, 1);
  assert.deepEqual(line.unknown_fields, { NewField: 2, OtherField: 1 });
  assert.ok(line.invalid_values >= 1);
});

test("words that no table has, and records of the Worker itself, are counted", async () => {
  const lines = [
    { EventTimestampMs: 1767323045000, EventType: "fetch", Outcome: "ok", ScriptName: "checkout" },
    { EventTimestampMs: 1767323045000, EventType: "fetch", Outcome: "wordOfNextYear", ScriptName: "logpush-ecs" },
    { EventTimestampMs: 1767323045000, EventType: "typeOfNextYear", Outcome: "ok", ScriptName: "logpush-ecs" },
  ];
  const { answer, line } = await push(lines.map((record) => JSON.stringify(record)).join("\n"), { path: "/logpush/workers_trace_events" });
  assertTaken(answer, 3, { dataset: "workers_trace_events" });
  assert.equal(line.dataset, "workers_trace_events");
  assert.deepEqual(line.unknown_values, { EventType: 1, Outcome: 1 });
  assert.equal(line.own_records, 2);
  assert.deepEqual(line.unknown_fields, {});
});

test("retries are counted", async () => {
  intake.fault("status", { status: 500, times: 2 });
  const { answer, line } = await push(BODY);
  assertTaken(answer, UPLOAD.records);
  assert.deepEqual([line.batches, line.requests, line.retries], [3, 5, 2]);
});

test("refused events are counted", async () => {
  intake.fault("poison", { refuse: (text) => text.includes('"n":"3"') && !text.includes("pipeline_error"), times: Infinity });
  const { answer, line } = await push(BODY);
  assertTaken(answer, UPLOAD.records, { refused: 1 });
  assert.equal(line.refused, 1);
  assert.equal(line.status, 200);
  assert.equal(line.requests, intake.requests.length);
});

test("a destination test says so", async () => {
  const { line } = await push(gzipSync('{"content":"tests"}'));
  assert.equal(line.status, 200);
  assert.equal(line.level, "info");
  assert.equal(line.destination_test, true);
  assert.equal(line.records, 0);
});

const always = { times: Infinity };

for (const [name, to, body, faults, status] of [
  ["a corrupt upload", "worker", BODY.subarray(0, -3), [], 400],
  ["an intake that says no", "worker", BODY, [["wrong key", always]], 502],
  ["an intake that is down", "hopeless", BODY, [["status", { status: 503, ...always }]], 503],
]) {
  test(`${name}: the line has the status and the error`, async () => {
    for (const [fault, options] of faults) intake.fault(fault, options);
    const { answer, line } = await push(body, {}, workers[to]);
    assert.equal(answer.status, status);
    assert.equal(line.status, status);
    assert.ok(["warn", "error"].includes(line.level), line.level);
    assert.equal(line.error, answer.json.error);
    assert.equal(line.dataset, "firewall_events");
  });
}

test("one line for each upload, however many its events", async () => {
  const before = worker.logs.texts.length;
  for (let n = 0; n < 5; n += 1) await push(BODY);
  assert.equal(worker.logs.texts.length, before + 5);
});

test("no secret and no payload, in logs and in answers", async () => {
  const marker = "marker-of-the-payload";
  const record = { ClientRequestPath: `/${marker}`, ClientIP: marker, Datetime: marker, RayID: "1" };
  await push(`${JSON.stringify(record)}\n${marker} is no record\n`);
  await push(gzipSync(`${JSON.stringify(record)}\n`).subarray(0, -2));
  intake.fault("poison", { refuse: (text) => text.includes(marker) && !text.includes("pipeline_error"), times: Infinity });
  await push(`${JSON.stringify(record)}\n{"RayID":"2"}\n`);
  await intake.reset();
  intake.fault("status", { status: 403, body: `bad key ${INTAKE_KEY}`, ...always });
  await push(BODY);
  answers.push((await worker.push(BODY, { headers: { "x-logpush-secret": "wrong-secret-of-the-job" } })).text);

  for (const text of [...worker.logs.texts, ...answers]) {
    for (const secret of [SECRET, INTAKE_KEY, marker, "wrong-secret-of-the-job"]) {
      assert.ok(!text.includes(secret), `${secret} in ${text}`);
    }
  }
});
