import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import {
  TIMESTAMP_FORMATS,
  gzipChunks,
  lineOf,
  linesOf,
  ndjsonChunksOf,
  ndjsonOf,
  numberOf,
  recordsOf,
  uploadOf,
} from "./generate.mjs";

test("the same seed gives the same bytes, another seed others", () => {
  const [a, b, c] = [7, 7, 8].map((seed) => ndjsonOf({ records: 100, seed }));
  assert.ok(a.equals(b));
  assert.ok(!a.equals(c));
});

for (const [sparse, fields, from, to] of [
  [false, 47, 1450, 1600],
  [true, 28, 850, 1000],
]) {
  test(`${fields} fields in alphabetical order, ${from} to ${to} bytes on average`, () => {
    const records = 5000;
    for (const record of recordsOf({ records: 10, sparse })) {
      assert.equal(Object.keys(record).length, fields);
      assert.deepEqual(Object.keys(record), Object.keys(record).sort());
    }
    const average = ndjsonOf({ records, sparse }).length / records;
    assert.ok(average > from && average < to, `${average} bytes`);
  });
}

test("lines are written as Go's encoder writes them", () => {
  const text = ndjsonOf({ records: 2000 }).toString();
  assert.doesNotMatch(text, /[&<>]/);
  for (const escape of ["\\u0026", "\\u003c", "\\u003e", '\\"', "\\\\", "\\t"]) assert.ok(text.includes(escape), escape);
  const records = [...recordsOf({ records: 2000 })];
  const lines = text.trimEnd().split("\n");
  assert.equal(lines.length, records.length);
  for (const [n, line] of lines.entries()) assert.deepEqual(JSON.parse(line), records[n]);
});

test("timestamps in every format", () => {
  const datetimes = TIMESTAMP_FORMATS.map((timestamps) => {
    const [line] = linesOf({ records: 1, timestamps });
    return `${timestamps} ${/"Datetime":([^,]+),/.exec(line)[1]}`;
  });
  assert.deepEqual(datetimes, [
    "unixnano 1778574600220000000",
    "unixus 1778574600220000",
    "unixms 1778574600220",
    "unix 1778574600",
    'rfc3339 "2026-05-12T08:30:00Z"',
    'rfc3339ms "2026-05-12T08:30:00.220Z"',
    'rfc3339ns "2026-05-12T08:30:00.220000000Z"',
  ]);
});

test("records are varied as traffic is", () => {
  const seen = { Action: new Set(), ClientRequestHost: new Set(), ClientCountry: new Set(), Source: new Set(), RayID: new Set() };
  let v6 = 0;
  const records = 10_000;
  for (const record of recordsOf({ records })) {
    for (const [field, values] of Object.entries(seen)) values.add(record[field]);
    v6 += record.ClientIP.includes(":") ? 1 : 0;
  }
  assert.ok(seen.Action.size >= 22, `${seen.Action.size} actions`);
  assert.equal(seen.ClientRequestHost.size, 40);
  assert.ok(seen.ClientCountry.size >= 15, `${seen.ClientCountry.size} countries`);
  assert.ok(seen.Source.size >= 20, `${seen.Source.size} sources`);
  assert.equal(seen.RayID.size, records);
  assert.ok(v6 > records / 5 && v6 < records / 2, `${v6} IPv6 addresses`);
});

test("a record's number is found in either shape, and in an error document", () => {
  const [record] = recordsOf({ records: 1, first: 4711 });
  assert.equal(numberOf(record), 4711);
  assert.equal(numberOf({ cloudflare: { metadata: record.Metadata } }), 4711);
  assert.equal(numberOf({ event: { original: lineOf(record).slice(0, 1400) } }), 4711);
  assert.equal(numberOf({ cloudflare: {} }), undefined);
});

test("all ways to an upload give the same lines", async () => {
  const options = { records: 3000, seed: 5 };
  const plain = ndjsonOf(options);
  assert.ok(plain.equals(Buffer.from([...linesOf(options)].map((line) => `${line}\n`).join(""))));
  assert.ok(plain.equals(Buffer.concat([...ndjsonChunksOf(options)])));
  assert.ok(plain.equals(gunzipSync(uploadOf(options))));
  const streamed = [];
  for await (const chunk of gzipChunks(options)) streamed.push(chunk);
  assert.ok(plain.equals(gunzipSync(Buffer.concat(streamed))));
});
