// One record that is not as it should be, among others that are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { intake, setUp, worker } from "../support/direct.mjs";
import { accountOf, assertTaken } from "../support/expect.mjs";
import { lineOf, ndjsonOf, recordsOf } from "../support/generate.mjs";

const DOCUMENT_MAX_BYTES = 250_000;
const LINE_MAX_BYTES = 1_048_576;

// Numbers 0 to 9 go before the bad record, 10 to 19 after it: it would have been number 99.
const BEFORE = ndjsonOf({ records: 10, seed: 31 });
const AFTER = ndjsonOf({ records: 10, seed: 32, first: 10 });
const GOOD = { records: 20 };
const [RECORD] = recordsOf({ records: 1, seed: 33, first: 99 });
const LINE = lineOf(RECORD);

setUp();

const around = (line) => Buffer.concat([BEFORE, Buffer.from(line), Buffer.from("\n"), AFTER]);

/** The one document that is not of a good record. */
function odd() {
  assert.deepEqual(accountOf(intake, GOOD), { arrived: 20, missing: [], repeated: [], most: 1 });
  assert.equal(intake.events.length, 21);
  return intake.events[10];
}

for (const [name, line] of [
  ["a text that is no JSON", "not a record"],
  ["a record cut short", LINE.slice(0, 700)],
  ["a record with something behind it", `${LINE}garbage`],
  ["a text that begins like a list", "[2026-05-12 08:30:00] not a record"],
  ["a list that is not closed", '[{"Action":"block"},'],
  ["a text", '"text"'],
  ["a number", "42"],
  ["null", "null"],
  ["a comma at the end", '{"Action":"block",}'],
  ["a key without quotes", "{Action:1}"],
  ["a raw control character", '{"Action":"bl\u0001ock"}'],
  ["a lone backslash", '{"Action":"\\q"}'],
  ["a number with a leading zero", '{"ClientASN":064500}'],
  ["zero bytes", Buffer.alloc(50)],
  ["invalid UTF-8 outside of a text", Buffer.from([0xff, 0xfe, 0x7b, 0x7d])],
  ["unclosed nesting, 100,000 deep", `{"Metadata":${"[".repeat(100_000)}`],
]) {
  test(`no record: ${name}`, async () => {
    assertTaken(await worker.push(gzipSync(around(line))), 21, { errors: 1 });
    const { document, text } = odd();
    assert.equal(document.event.kind, "pipeline_error");
    assert.equal(document.event.dataset, "firewall-events");
    assert.match(document.event.id, /^[0-9a-f]{32}$/);
    assert.match(document["@timestamp"], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.ok(document.error.message);
    assert.ok(text.length <= DOCUMENT_MAX_BYTES);
    if (typeof line === "string" && line.length < 1000) assert.equal(document.event.original, line);
    else assert.ok(document.event.original);
  });
}

test("a record with invalid UTF-8 in a text is repaired, and says so", async () => {
  const [head, tail] = LINE.split('"ClientRequestPath":"');
  const line = Buffer.concat([Buffer.from(`${head}"ClientRequestPath":"`), Buffer.from([0x2f, 0xc3, 0x28, 0xff]), Buffer.from(tail)]);
  assertTaken(await worker.push(around(line)), 21);
  const { document } = odd();
  assert.equal(document.event.kind, "event");
  assert.equal(document.url.path, `/\ufffd(\ufffd${RECORD.ClientRequestPath}`);
  assert.ok(document.error.message);
  assert.ok(document.tags.length > 0);
});

test("a record nested 50,000 deep is an event, but for that field", async () => {
  const deep = LINE.replace('"Metadata":{', `"Metadata":{"deep":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)},`);
  assertTaken(await worker.push(gzipSync(around(deep))), 21);
  const { document } = odd();
  assert.equal(document.event.action, RECORD.Action);
  assert.deepEqual(document.tags, ["truncated"]);
  assert.match(document.labels.truncated, /metadata/i);
});

test("a line of 10 MB that is no record", async () => {
  const line = "x".repeat(10_000_000);
  assertTaken(await worker.push(gzipSync(around(line))), 21, { errors: 1 });
  const { document, text } = odd();
  assert.equal(document.event.kind, "pipeline_error");
  assert.ok(line.startsWith(document.event.original) && document.event.original.length >= 100);
  assert.ok(text.length <= DOCUMENT_MAX_BYTES);
});

test("a record of 10 MB is an event, but for the field that is too long", async () => {
  const line = LINE.replace('"Description":"', `"Description":"${"y".repeat(10_000_000)}`);
  assert.ok(line.length > LINE_MAX_BYTES);
  assertTaken(await worker.push(gzipSync(around(line))), 21);
  const { document, text } = odd();
  assert.equal(document.event.action, RECORD.Action);
  assert.deepEqual(document.tags, ["truncated"]);
  assert.equal(document.labels.truncated, "Description");
  assert.ok(text.length <= DOCUMENT_MAX_BYTES);
});

test("a record whose document would be above the intake's limit is cut, and says so", async () => {
  const long = { ...RECORD, ClientRequestQuery: `?q=${"é".repeat(150_000)}`, Description: "d".repeat(40_000) };
  assertTaken(await worker.push(gzipSync(around(lineOf(long)))), 21);
  const { document, text } = odd();
  assert.ok(Buffer.byteLength(text) <= DOCUMENT_MAX_BYTES);
  assert.equal(document.event.kind, "event");
  assert.equal(document.event.action, RECORD.Action);
  assert.equal(document.cloudflare.RayID, RECORD.RayID);
  assert.ok(document.url.query.startsWith("q=éé") && document.url.query.length < 150_000);
  assert.ok(document.tags.length > 0);
  assert.ok(Object.keys(document.labels).length > 0);
});

test("records that are unusual but right are no errors", async () => {
  for (const line of [
    "{}",
    ' { "Action" : "block" , "RayID" : "1" } ',
    '{"Action":"block","Action":"log"}',
    '{"\\u0041ction":"block"}',
    '{"ClientASN":"64500","EdgeResponseStatus":"403","RayID":7}',
    '{"ClientIP":"999.1.1.1","ClientCountry":"nowhere","Datetime":"yesterday"}',
    '{"ClientRequestPath":"/\\ud83d\\ude80","ClientRequestHost":null,"Metadata":[]}',
    '{"NewField":{"a":[1,2,{"b":null}]}}',
  ]) {
    await intake.reset();
    assertTaken(await worker.push(around(line)), 21);
    assert.equal(odd().document.event.kind, "event", line);
  }
});

test("a gzip bomb: a gigabyte of zeros is one bad line", async () => {
  const member = gzipSync(Buffer.alloc(16 * 1024 * 1024));
  const bomb = Buffer.concat([gzipSync(BEFORE), ...Array(64).fill(member), gzipSync("\n"), gzipSync(AFTER)]);
  assertTaken(await worker.push(bomb), 21, { errors: 1 });
  assert.equal(odd().document.event.kind, "pipeline_error");
});
