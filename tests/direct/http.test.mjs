// DESTINATION=http: the same documents as NDJSON or as an array, to any URL.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake, setUp, workers } from "../support/direct.mjs";
import { accountOf, assertEachOnce, assertError, assertSameTexts, assertTaken } from "../support/expect.mjs";
import { numberOf, uploadOf } from "../support/generate.mjs";
import { INTAKE_KEY } from "../support/intake.mjs";

/** Two batches of ten. */
const UPLOAD = { records: 20, seed: 51 };
const BODY = uploadOf(UPLOAD);
const TOKEN = "token-of-the-collector";

const VARS = { BATCH_MAX_RECORDS: "10", RETRY_BUDGET_MS: "10000" };

setUp({
  vars: ({ url }) => {
    const http = { ...VARS, DESTINATION: "http", SEKOIA_INTAKE_KEY: undefined, HTTP_URL: `${url}/sink?index=waf` };
    return {
      sekoia: VARS,
      http: { ...http, HTTP_HEADERS: JSON.stringify({ "X-Token": TOKEN, Authorization: "Splunk abc" }) },
      plain: http,
      hopeless: { ...http, RETRY_BUDGET_MS: "0" },
      native: { ...http, SHAPE: "native" },
      uncompressed: { ...http, HTTP_GZIP: "false", HTTP_CONTENT_TYPE: "application/json" },
      array: { ...http, HTTP_FRAMING: "array" },
      anyAnswer: { ...http, HTTP_ACCEPT: "any" },
    };
  },
});

test("requests are gzipped NDJSON with the configured headers", async () => {
  assertTaken(await workers.http.push(BODY), UPLOAD.records);
  assertEachOnce(intake, UPLOAD);
  assert.equal(intake.requests.length, 2);
  for (const { method, path, headers, text, bytes } of intake.requests) {
    assert.equal(method, "POST");
    assert.equal(path, "/sink");
    assert.equal(headers["content-type"], "application/x-ndjson");
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["content-length"], String(bytes));
    assert.equal(headers["x-token"], TOKEN);
    assert.equal(headers.authorization, "Splunk abc");
    assert.equal(headers["x-sekoiaio-intake-key"], undefined);
    assert.ok(text.endsWith("}\n"));
    assert.equal(text.split("\n").length, 11);
  }
});

test("requests may go without gzip, and with a content type of the collector's", async () => {
  assertTaken(await workers.uncompressed.push(BODY), UPLOAD.records);
  assertEachOnce(intake, UPLOAD);
  assert.equal(intake.requests.length, 2);
  for (const { headers, bytes, plainBytes } of intake.requests) {
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["content-encoding"], undefined);
    assert.equal(bytes, plainBytes);
  }
});

test("requests may be arrays of documents", async () => {
  assertTaken(await workers.array.push(BODY), UPLOAD.records);
  const documents = intake.requests.flatMap(({ headers, text }) => {
    assert.equal(headers["content-type"], "application/json");
    return JSON.parse(text);
  });
  assert.deepEqual(documents.map(numberOf).sort((a, b) => a - b), [...Array(UPLOAD.records).keys()]);
});

test("the documents are those that SEKOIA.IO gets", async () => {
  const texts = {};
  for (const destination of ["sekoia", "plain"]) {
    await intake.reset();
    assertTaken(await workers[destination].push(BODY), UPLOAD.records);
    texts[destination] = intake.events.map(({ text }) => text).sort();
  }
  assertSameTexts(texts.plain, texts.sekoia);
});

test("SHAPE=native goes to any URL too", async () => {
  assertTaken(await workers.native.push(BODY), UPLOAD.records);
  assertEachOnce(intake, UPLOAD);
  assert.equal(intake.events[0].document.Kind, "firewall");
});

const always = { times: Infinity };

for (const { name, faults, status = 200, requests, words = [] } of [
  { name: "any successful status that complains of nothing is enough", faults: [["empty answer", { status: 202, times: 2 }]], requests: 2 },
  { name: "an answer without a body", faults: [["empty answer", { status: 200 }]], requests: 2 },
  { name: "a reset", faults: [["reset"]], requests: 3 },
  { name: "500, then fine", faults: [["status", { status: 500 }]], requests: 3 },
  { name: "429, then fine", faults: [["status", { status: 429 }]], requests: 3 },
  {
    name: "413 for more than 5 events",
    faults: [["status", { status: 413, when: (_, events) => events.length > 5, ...always }]],
    requests: 6,
  },
  {
    name: "401 for good",
    faults: [["status", { status: 401, body: "no such token", ...always }]],
    status: 502,
    words: ["401", "no such token"],
    requests: 2,
  },
  // Before the next: what was no yes twice in a row is held at the first such answer, until there is a yes.
  { name: "200 that tells of errors, once", faults: [["garbage", { body: '{"errors":true}' }]], requests: 3 },
  {
    name: "200 that tells of errors, for good",
    faults: [["garbage", { body: '{"errors":true}', type: "application/json", ...always }]],
    status: 502,
    words: ['{\\"errors\\":true}', "HTTP_ACCEPT"],
  },
  { name: "a page", faults: [["garbage", { body: "<html>", ...always }]], status: 502, words: ["<html>", "HTTP_ACCEPT"] },
  { name: "503 for good", faults: [["status", { status: 503, ...always }]], status: 503, words: ["503"] },
]) {
  test(`${name}: ${status}`, async () => {
    for (const [fault, options] of faults) intake.fault(fault, options);
    const answer = await workers[status === 503 ? "hopeless" : "http"].push(BODY);
    if (requests) assert.equal(intake.requests.length, requests);
    if (status === 200) {
      assertTaken(answer, UPLOAD.records);
      assertEachOnce(intake, UPLOAD);
    } else {
      assertError(answer, status, ...words);
      for (const secret of [TOKEN, INTAKE_KEY, "Splunk abc"]) assert.ok(!answer.text.includes(secret));
    }
  });
}

test("HTTP_ACCEPT=any takes any answer of success for a yes", async () => {
  intake.fault("garbage", { body: '{"errors":true}', ...always });
  assertTaken(await workers.anyAnswer.push(BODY), UPLOAD.records);
  assert.equal(intake.requests.length, 2);
});

test("an event that the collector refuses is replaced, and the others arrive", async () => {
  const refuse = (text) => JSON.parse(text).event.kind === "event" && numberOf(JSON.parse(text)) === 7;
  intake.fault("poison", { refuse, ...always });
  assertTaken(await workers.http.push(BODY), UPLOAD.records, { refused: 1 });
  assert.equal(intake.events.length, UPLOAD.records);
  assert.ok(accountOf(intake, UPLOAD).arrived >= UPLOAD.records - 1);
});
