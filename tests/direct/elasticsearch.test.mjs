// DESTINATION=elasticsearch: `_bulk` into data streams, and what the answer to each document means.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { intake as cluster, setUp, workers } from "../support/direct.mjs";
import { API_KEY, inFull, items, startElasticsearch, whole } from "../support/elasticsearch.mjs";
import { accountOf, assertEachOnce, assertError, assertTaken, nonEmpty } from "../support/expect.mjs";
import { numberOf, uploadOf } from "../support/generate.mjs";
import { templates } from "../support/mappings.mjs";

/** Two batches of ten. */
const UPLOAD = { records: 20, seed: 71 };
const BODY = uploadOf(UPLOAD);
const STREAM = "logs-cloudflare.firewall_events-default";
const SAMPLES = fileURLToPath(new URL("../../crates/normalizer/tests/samples", import.meta.url));
const PASSWORD = "a-password-of-some-length";

setUp({
  start: startElasticsearch,
  intake: { user: `elastic:${PASSWORD}`, bearer: "a-token-of-some-length" },
  vars: ({ url }) => {
    const unkeyed = {
      DESTINATION: "elasticsearch",
      SEKOIA_INTAKE_URL: undefined,
      SEKOIA_INTAKE_KEY: undefined,
      BATCH_MAX_RECORDS: "10",
      DELIVERIES_IN_FLIGHT: "1",
      RETRY_BUDGET_MS: "10000",
      ELASTICSEARCH_URL: url,
    };
    const elasticsearch = { ...unkeyed, ELASTICSEARCH_API_KEY: API_KEY };
    return {
      elasticsearch,
      encoded: { ...unkeyed, ELASTICSEARCH_API_KEY: Buffer.from(API_KEY).toString("base64") },
      user: { ...unkeyed, ELASTICSEARCH_USERNAME: "elastic", ELASTICSEARCH_PASSWORD: PASSWORD },
      bearer: { ...unkeyed, ELASTICSEARCH_BEARER: "a-token-of-some-length" },
      wrongKey: { ...unkeyed, ELASTICSEARCH_API_KEY: "an-id:a-wrong-key" },
      index: { ...elasticsearch, ELASTICSEARCH_INDEX: "waf-{dataset}-{namespace}", ELASTICSEARCH_NAMESPACE: "prod" },
      uncompressed: { ...elasticsearch, ELASTICSEARCH_GZIP: "false" },
      hopeless: { ...elasticsearch, RETRY_BUDGET_MS: "0" },
    };
  },
});

test("every event is stored once, in the data stream of its dataset, under its id", async () => {
  assertTaken(await workers.elasticsearch.push(BODY), UPLOAD.records);
  assertEachOnce(cluster, UPLOAD);
  for (const { index, id, text } of nonEmpty(cluster.documents())) {
    assert.equal(index, STREAM);
    assert.equal(id, JSON.parse(text).event.id);
  }
  assert.equal(cluster.requests.length, 2);
  for (const { method, path, headers, text } of cluster.requests) {
    assert.equal(`${method} ${path}`, "POST /_bulk");
    assert.equal(headers["content-type"], "application/x-ndjson");
    assert.equal(headers["content-encoding"], "gzip");
    assert.ok(text.startsWith(`{"create":{"_index":"${STREAM}","_id":"`));
    assert.equal(text.split("\n").length, 21);
  }
});

test("an upload that comes again stores nothing twice, and the log counts it", async () => {
  // Nobody took those of the tests before.
  workers.elasticsearch.logs.lines.length = 0;
  assertTaken(await workers.elasticsearch.push(BODY), UPLOAD.records);
  assert.equal((await workers.elasticsearch.log()).already_there, undefined);
  assertTaken(await workers.elasticsearch.push(BODY), UPLOAD.records);
  assert.equal((await workers.elasticsearch.log()).already_there, UPLOAD.records);
  assert.equal(cluster.documents().length, UPLOAD.records);
});

test("equal records of an upload are documents of their own", async () => {
  const record = JSON.stringify({ Action: "block", ClientIP: "192.0.2.1", Datetime: "2026-01-02T03:04:05Z", RayID: "00" });
  const answer = await workers.elasticsearch.push(`${record}\n${record}\n${record}\n`);
  assert.equal(answer.json.events, 3, answer.text);
  assert.equal(cluster.documents(STREAM).length, 3);
});

for (const name of ["encoded", "user", "bearer", "uncompressed"]) {
  test(`${name}: taken`, async () => {
    assertTaken(await workers[name].push(BODY), UPLOAD.records);
    assertEachOnce(cluster, UPLOAD);
  });
}

test("the index is named by the template", async () => {
  assertTaken(await workers.index.push(BODY), UPLOAD.records);
  assert.equal(cluster.documents("waf-firewall_events-prod").length, UPLOAD.records);
});

test("a wrong key holds the destination, and is not shown", async () => {
  const answer = await workers.wrongKey.push(BODY);
  assertError(answer, 502, "401", "security_exception", "create_doc");
  assert.ok(!answer.text.includes("a-wrong-key"));
  assert.equal(cluster.requests.length, 1);
});

const always = { times: Infinity };
const odd = (status) => items((document) => (numberOf(document) % 2 === 1 ? status : undefined));
/** The document of a record alone, and not its placeholder. */
const seventh = (answer) => items((document) => (document.event.kind === "event" && numberOf(document) === 7 ? answer : undefined));
const answerOf = (body) => ["garbage", { body: JSON.stringify(body), type: "application/json" }];

for (const { name, faults, status = 200, requests, refused = 0, words = [], worker = "elasticsearch" } of [
  { name: "a reset", faults: [["reset"]], requests: 3 },
  { name: "a reset after storing", faults: [["reset after storing"]], requests: 3 },
  { name: "half an answer", faults: [["half an answer"]], requests: 3 },
  { name: "429 of the whole", faults: [[whole(429, "es_rejected_execution_exception", "full")]], requests: 3 },
  { name: "429 of every other document", faults: [[odd(429)]], requests: 3 },
  { name: "503 of every other document, twice", faults: [[odd(503), { times: 2 }]], requests: 4 },
  { name: "413 for more than 5 documents", faults: [[whole(413), { when: (_, events) => events.length > 5, ...always }]], requests: 6 },
  { name: "a document that does not parse", faults: [[seventh(400), always]], requests: 3, refused: 1 },
  { name: "a yes without items", faults: [answerOf({ errors: false, items: [] })], requests: 3 },
  { name: "a yes for fewer", faults: [answerOf({ errors: false, items: [{ create: { status: 201 } }] })], requests: 3 },
  { name: "a page", faults: [["garbage", { body: "<html>" }]], requests: 3 },
  { name: "an answer in full, of a server of another make", faults: [[inFull, always]], requests: 2 },
  { name: "a page for good", faults: [["garbage", { body: "<html>", ...always }]], status: 503, words: ["<html>"], worker: "hopeless" },
  { name: "a block of writes", faults: [[odd(403), always]], status: 502, words: ["403", "cluster_block_exception"] },
  { name: "an index that is missing", faults: [[odd(404), always]], status: 502, words: ["404", "index_not_found_exception"] },
  {
    name: "a name that is none",
    faults: [[whole(400, "invalid_index_name_exception", "no"), always]],
    status: 502,
    words: ["invalid_index_name_exception"],
    requests: 1,
  },
  ...[400, 406, 415].map((code) => ({
    name: `a wrong form of the whole, ${code}`,
    faults: [["status", { status: code, body: '{"error":"Content-Type header [] is not supported"}', ...always }]],
    status: 502,
    words: ["Content-Type", ...(code === 406 ? [] : ["ELASTICSEARCH_GZIP=false"])],
    requests: 1,
  })),
]) {
  test(`${name}: ${status}`, async () => {
    for (const [fault, options] of faults) cluster.fault(fault, options);
    const answer = await workers[worker].push(BODY);
    if (requests) assert.equal(cluster.requests.length, requests);
    if (status === 200) {
      assertTaken(answer, UPLOAD.records, { refused });
      const { arrived, most } = accountOf(cluster, UPLOAD);
      assert.deepEqual([arrived, most], [UPLOAD.records, 1]);
      assert.equal(cluster.documents(STREAM).length, UPLOAD.records);
    } else {
      assertError(answer, status, ...words);
    }
  });
}

test("behind a rollover the same upload is stored again", async () => {
  assertTaken(await workers.elasticsearch.push(BODY), UPLOAD.records);
  cluster.rollover(STREAM);
  assertTaken(await workers.elasticsearch.push(BODY), UPLOAD.records);
  assert.equal(cluster.documents(STREAM).length, 2 * UPLOAD.records);
});

test("the templates take every sample of every dataset, and odd values too", async () => {
  cluster.mapping = templates();
  try {
    for (const file of nonEmpty(readdirSync(SAMPLES))) {
      const dataset = file.replace(/\.json$/, "");
      const samples = Object.values(JSON.parse(readFileSync(`${SAMPLES}/${file}`, "utf8")));
      // Every field but the objects of another type than it has: a text, a number, a list.
      const hasObject = (value) => [value].flat(Infinity).some((element) => element !== null && typeof element === "object");
      const names = Object.keys(samples[0]).filter((name) => !hasObject(samples[0][name]));
      const odd = ["odd", 7, ["odd", 7]].map((value) => Object.fromEntries(names.map((name) => [name, value])));
      const records = [...samples, ...odd];
      const answer = await workers.elasticsearch.push(records.map((record) => JSON.stringify(record)).join("\n"), {
        path: `/logpush/${dataset}`,
      });
      assert.equal(answer.status, 200, `${dataset}: ${answer.text}`);
      assert.equal(answer.json.refused, 0, `${dataset}: ${answer.text} ${JSON.stringify((await workers.elasticsearch.log()).last_reason)}`);
      assert.equal(cluster.documents(`logs-cloudflare.${dataset}-default`).length, records.length, dataset);
    }
  } finally {
    cluster.mapping = () => undefined;
  }
});
