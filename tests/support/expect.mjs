// What the tests of several themes expect alike.

import assert from "node:assert/strict";

import { numberOf } from "./generate.mjs";

/** An error as Cloudflare shows it to the customer: one line of JSON, with what to do. */
export function assertError(answer, status, ...words) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers["content-type"], /^application\/json/);
  assert.equal(answer.text.trimEnd().includes("\n"), false, "the body is one line");
  assert.deepEqual(Object.keys(answer.json ?? {}), ["error", "hint"], answer.text);
  for (const part of Object.values(answer.json)) {
    assert.equal(typeof part, "string");
    assert.notEqual(part, "");
  }
  for (const word of words) assert.ok(answer.text.includes(word), `${word} is not in ${answer.text}`);
}

/** The summary of an upload that was taken: `counts` on top of an upload without any trouble. */
export function assertTaken(answer, records, counts = {}) {
  assert.equal(answer.status, 200, answer.text);
  const { batches, ...summary } = answer.json;
  assert.deepEqual(summary, { dataset: "firewall_events", records, events: records, dropped: 0, errors: 0, refused: 0, ...counts });
  assert.ok(Number.isInteger(batches) && batches >= 1, answer.text);
}

/** How often each record of an upload arrived, by its number; `missing` are those that did not. */
export function accountOf(intake, { records, first = 0 }) {
  assert.deepEqual(intake.errors, [], "the stand-in intake failed");
  const times = new Map();
  for (const { document } of intake.events) {
    const n = numberOf(document);
    if (n >= first && n < first + records) times.set(n, (times.get(n) ?? 0) + 1);
  }
  const missing = [];
  for (let n = first; n < first + records; n += 1) if (!times.has(n)) missing.push(n);
  const repeated = [...times].filter(([, count]) => count > 1).map(([n]) => n);
  return { arrived: times.size, missing, repeated, most: Math.max(0, ...times.values()) };
}

/** Every record of the upload arrived, and none twice. */
export function assertEachOnce(intake, upload) {
  assert.deepEqual(accountOf(intake, upload), { arrived: upload.records, missing: [], repeated: [], most: upload.records ? 1 : 0 });
}

/** A list to assert over, element by element: an empty one would prove nothing. */
export function nonEmpty(list, what = "what is asserted over") {
  assert.ok(list.length > 0, `${what}: there is none`);
  return list;
}

/** The same texts in the same order; names the first that differs, not all. */
export function assertSameTexts(actual, expected) {
  assert.equal(actual.length, expected.length);
  const different = actual.findIndex((text, n) => text !== expected[n]);
  assert.equal(actual[different], expected[different], `text ${different}`);
}
