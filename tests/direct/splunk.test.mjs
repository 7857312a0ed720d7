// DESTINATION=splunk: envelopes for the HTTP Event Collector, and what its codes mean for the events.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake as collector, setUp, workers } from "../support/direct.mjs";
import { accountOf, assertEachOnce, assertError, assertTaken, nonEmpty } from "../support/expect.mjs";
import { numberOf, recordsOf, uploadOf } from "../support/generate.mjs";
import { TOKEN, code, startSplunk } from "../support/splunk.mjs";

/** Two batches of ten. */
const UPLOAD = { records: 20, seed: 61 };
const BODY = uploadOf(UPLOAD);

setUp({
  start: startSplunk,
  intake: { indexes: ["main", "waf"], ack: true, ackAfter: 1 },
  vars: ({ url }) => {
    const splunk = {
      DESTINATION: "splunk",
      SEKOIA_INTAKE_URL: undefined,
      SEKOIA_INTAKE_KEY: undefined,
      BATCH_MAX_RECORDS: "10",
      RETRY_BUDGET_MS: "10000",
      SPLUNK_URL: url,
      SPLUNK_TOKEN: TOKEN,
    };
    return {
      splunk: { ...splunk, SPLUNK_INDEX: "main", SPLUNK_INDEX_FIREWALL_EVENTS: "waf" },
      // Time enough for questions on a machine that is busy.
      ack: { ...splunk, SPLUNK_ACK: "true", RETRY_BUDGET_MS: "60000" },
      bearer: { ...splunk, SPLUNK_AUTHORIZATION: "bearer" },
      any: { ...splunk, SPLUNK_ACCEPT: "any", SPLUNK_GZIP: "false" },
      raw: { ...splunk, SHAPE: "raw" },
      badIndex: { ...splunk, SPLUNK_INDEX: "other" },
    };
  },
});

test("every event is indexed once, in an envelope of the seven keys, at its time", async () => {
  assertTaken(await workers.splunk.push(BODY), UPLOAD.records);
  assertEachOnce(collector, UPLOAD);
  const times = new Map([...recordsOf(UPLOAD)].map((record, number) => [number, record.Datetime]));
  for (const [place, envelope] of nonEmpty([...collector.envelopes.entries()])) {
    const { time, event, ...rest } = envelope;
    assert.deepEqual(rest, {
      host: "cloudflare",
      source: "cloudflare:logpush",
      sourcetype: "cloudflare:ecs",
      index: "waf",
      fields: { event_id: event.event.id },
    });
    assert.equal(new Date(time * 1000).toISOString().slice(0, 19), times.get(numberOf(event)).slice(0, 19), place);
  }
  for (const { headers, text } of nonEmpty(collector.requests)) {
    assert.equal(headers["content-encoding"], "gzip");
    assert.match(headers["x-splunk-request-channel"], /^[\da-f-]{36}$/);
    assert.match(text, /^\{"time":\d{10}\.\d{9},"host"/);
  }
});

test("what is before a bad event is not sent again, and what is behind it is", async () => {
  const isBad = (text) => JSON.parse(text).event.kind === "event" && numberOf(JSON.parse(text)) === 7;
  collector.fault("partial", { refuse: isBad, times: Infinity });
  assertTaken(await workers.splunk.push(BODY), UPLOAD.records, { refused: 1 });
  assert.equal(collector.events.length, UPLOAD.records);
  const { missing, repeated } = accountOf(collector, UPLOAD);
  // The placeholder has the number too, or it has no text.
  assert.deepEqual([missing.filter((number) => number !== 7), repeated], [[], []]);
});

test("a busy collector is asked again", async () => {
  collector.fault(code(9));
  collector.fault(code(26));
  assertTaken(await workers.splunk.push(BODY), UPLOAD.records);
  assertEachOnce(collector, UPLOAD);
  assert.equal(collector.requests.length, 4);
});

test("raw records are events as they came, and a broken line is a text", async () => {
  const lines = ['{ "Action": "block", "RayID": "00" }', "oops", '{"Action":'];
  const answer = await workers.raw.push(lines.join("\n"));
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(collector.envelopes.map(({ event }) => event), [JSON.parse(lines[0]), lines[1], lines[2]]);
  assert.ok(collector.requests[0].text.includes(`"event":${lines[0]}`));
});

test("an empty answer of a receiver of another make is a yes where the user says so", async () => {
  collector.fault("empty answer", { times: Infinity });
  assertTaken(await workers.any.push(BODY), UPLOAD.records);
  assertEachOnce(collector, UPLOAD);
  for (const { headers } of nonEmpty(collector.requests)) assert.equal(headers["content-encoding"], undefined);
});

test("acknowledgements are waited for", async () => {
  assertTaken(await workers.ack.push(BODY), UPLOAD.records);
  assertEachOnce(collector, UPLOAD);
  const questions = collector.requests.filter(({ path }) => path.endsWith("/ack"));
  assert.equal(questions.length, 4);
});

for (const [worker, words] of [
  ["bearer", "Invalid authorization"],
  ["badIndex", "Incorrect index"],
]) {
  test(`${words}: the operator is told, and nothing is indexed`, async () => {
    const answer = await workers[worker].push(BODY);
    assertError(answer, 502, words);
    assert.ok(!answer.text.includes(TOKEN));
    assert.equal(collector.events.length, 0);
  });
}
