// The forms of a body, and the bodies that are no upload.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { intake, setUp, worker } from "../support/direct.mjs";
import { accountOf, assertEachOnce, assertError, assertSameTexts, assertTaken } from "../support/expect.mjs";
import { linesOf, ndjsonOf, numberOf, uploadOf } from "../support/generate.mjs";

const UPLOAD = { records: 50, seed: 21 };
const LINES = [...linesOf(UPLOAD)];
const PLAIN = ndjsonOf(UPLOAD);
const GZIP = uploadOf(UPLOAD);

setUp();

/** Several gzip members, the records cut anywhere between them. */
function membersOf(plain, count) {
  const size = Math.ceil(plain.length / count);
  return Buffer.concat(Array.from({ length: count }, (_, n) => gzipSync(plain.subarray(n * size, (n + 1) * size))));
}

async function* inPieces(buffer, size) {
  for (let at = 0; at < buffer.length; at += size) yield buffer.subarray(at, at + size);
}

const FORMS = {
  gzip: [GZIP],
  "gzip, not declared": [GZIP, { "content-encoding": undefined }],
  "gzip, level 0": [gzipSync(PLAIN, { level: 0 })],
  "gzip, with a file name in its header": [withFileName(GZIP)],
  "several gzip members": [membersOf(PLAIN, 7)],
  "gzip with an empty member at the end": [Buffer.concat([GZIP, gzipSync("")])],
  "chunked gzip": [() => inPieces(GZIP, 1000), { "content-encoding": "gzip" }],
  "chunked gzip, byte by byte at its start": [
    async function* () {
      for (let at = 0; at < 40; at += 1) yield GZIP.subarray(at, at + 1);
      yield GZIP.subarray(40);
    },
    { "content-encoding": "gzip" },
  ],
  plain: [PLAIN],
  "plain, declared as gzip": [PLAIN, { "content-encoding": "gzip" }],
  "chunked plain": [() => inPieces(PLAIN, 777)],
  "application/json": [PLAIN, { "content-type": "application/json" }],
  CRLF: [`${LINES.join("\r\n")}\r\n`],
  "no final newline": [LINES.join("\n")],
  "a byte order mark": [Buffer.concat([Buffer.from("\ufeff"), PLAIN])],
  "a byte order mark, gzip": [gzipSync(Buffer.concat([Buffer.from("\ufeff"), PLAIN]))],
  "blank lines": [`\n\n${LINES.join("\n\n \t\n")}\n\n\r\n\n`],
  "a JSON array": [`[${LINES.join(",")}]`],
  "a JSON array, gzip": [gzipSync(`[${LINES.join(",")}]`)],
  "a JSON array over lines": [`[\n  ${LINES.join(",\n  ")}\n]\n`],
};

/** The same gzip member as another encoder would begin it: with FNAME. */
function withFileName(gzip) {
  const header = Buffer.from(gzip.subarray(0, 10));
  header[3] |= 0x08;
  return Buffer.concat([header, Buffer.from("20260512T083000Z.log\0"), gzip.subarray(10)]);
}

let expected;

for (const [name, [body, headers]] of Object.entries(FORMS)) {
  test(`taken: ${name}`, async () => {
    assertTaken(await worker.push(typeof body === "function" ? body() : body, { headers }), UPLOAD.records);
    assertEachOnce(intake, UPLOAD);
    // The form leaves no trace: the same documents, in the same order, with the same ids.
    const texts = intake.events.map(({ text }) => text);
    expected ??= texts;
    assertSameTexts(texts, expected);
    const order = intake.events.map(({ document }) => numberOf(document));
    assert.deepEqual(order, [...LINES.keys()]);
  });
}

function changed(buffer, index) {
  const copy = Buffer.from(buffer);
  copy[index < 0 ? copy.length + index : index] ^= 0x55;
  return copy;
}

for (const [name, body] of [
  ["an empty body", Buffer.alloc(0)],
  ["gzip cut in its header", GZIP.subarray(0, 5)],
  ["gzip cut in the middle", GZIP.subarray(0, GZIP.length >> 1)],
  ["gzip cut at the start of the trailer", GZIP.subarray(0, -8)],
  ["gzip cut before its last byte", GZIP.subarray(0, -1)],
  ["gzip whose second member is cut", Buffer.concat([GZIP, GZIP.subarray(0, -1)])],
  ["gzip with a wrong checksum", changed(GZIP, -8)],
  ["gzip with a wrong length", changed(GZIP, -1)],
  ["gzip with a corrupt middle", changed(GZIP, GZIP.length >> 1)],
  ["gzip with an unknown method", changed(GZIP, 2)],
  ["gzip followed by something else", Buffer.concat([GZIP, PLAIN.subarray(0, 100)])],
]) {
  test(`answered 400: ${name}`, async () => {
    assertError(await worker.push(body), 400);
  });
}

test("an upload without a record is taken, and nothing is sent", async () => {
  for (const body of [gzipSync(""), "\n\n", gzipSync("\r\n \n"), "[]"]) {
    const answer = await worker.push(body);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json, { dataset: "firewall_events", records: 0, events: 0, dropped: 0, errors: 0, refused: 0, batches: 0 });
  }
  assert.equal(intake.requests.length, 0);
});

test("an upload that was cut is complete when it is sent again", async () => {
  assertError(await worker.push(GZIP.subarray(0, -4)), 400);
  assertTaken(await worker.push(GZIP), UPLOAD.records);
  assert.deepEqual(accountOf(intake, UPLOAD).missing, []);
});
