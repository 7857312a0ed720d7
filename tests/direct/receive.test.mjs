import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, gunzipSync, gzipSync } from "node:zlib";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertEachOnce, assertError, assertTaken } from "../support/expect.mjs";
import { ndjsonOf, uploadOf } from "../support/generate.mjs";
import { SECRET, UPLOAD_PATH } from "../support/worker.mjs";

const UPLOAD = { records: 3, seed: 11 };
const BODY = uploadOf(UPLOAD);
const UPLOAD_MAX_BYTES = 1024;
const OTHER_SECRET = "next-secret-of-the-test-job";

/** What is wrong with a configuration: the vars that make it so, and the names the answer must give. */
const PROBLEMS = [
  [{ LOGPUSH_SECRET: undefined }, ["LOGPUSH_SECRET"]],
  [{ LOGPUSH_SECRET: "" }, ["LOGPUSH_SECRET"]],
  [{ LOGPUSH_SECRET: "fifteen-letters" }, ["LOGPUSH_SECRET"]],
  [{ LOGPUSH_SECRET: `${SECRET},too-short` }, ["LOGPUSH_SECRET"]],
  [{ LOGPUSH_SECRET: `${SECRET},${OTHER_SECRET},a-third-secret-of-the-job` }, ["LOGPUSH_SECRET"]],
  [{ DESTINATION: "kafka" }, ["DESTINATION"]],
  [{ DESTINATION: "discard" }, ["DESTINATION"]],
  [{ SHAPE: "round" }, ["SHAPE"]],
  [{ SHAPE: { name: "ecs" } }, ["SHAPE is a table, a list or a binding"]],
  [{ RETRY_DAYS: [7] }, ["RETRY_DAYS is a table, a list or a binding"]],
  [{ SEKOIA_INTAKE_KEY: undefined }, ["SEKOIA_INTAKE_KEY"]],
  [{ SEKOIA_INTAKE_URL: "intake" }, ["SEKOIA_INTAKE_URL"]],
  [{ SEKOIA_INTAKE_URL: "ftp://intake.example.com" }, ["SEKOIA_INTAKE_URL"]],
  [{ SEKOIA_INTAKE_URL: "http://intake.example.com" }, ["SEKOIA_INTAKE_URL"]],
  [{ DESTINATION: "http" }, ["HTTP_URL"]],
  [{ DESTINATION: "http", HTTP_URL: "http://siem.example.com/" }, ["HTTP_URL"]],
  [{ DESTINATION: "http", HTTP_URL: "http://127.0.0.1/", HTTP_HEADERS: "x-token: a" }, ["HTTP_HEADERS"]],
  [{ DESTINATION: "http", HTTP_URL: "http://127.0.0.1/", HTTP_HEADERS: "[1]" }, ["HTTP_HEADERS"]],
  [{ DESTINATION: "http", HTTP_URL: "http://127.0.0.1/", HTTP_HEADERS: { "x-token": "a" } }, ["HTTP_HEADERS is a table"]],
  [{ DESTINATION: "http", HTTP_URL: "http://127.0.0.1/", HTTP_HEADERS: '{"x-token":1}' }, ["HTTP_HEADERS"]],
  [{ DESTINATION: "http", HTTP_URL: "http://127.0.0.1/", HTTP_HEADERS: '{"x token":"a"}' }, ["HTTP_HEADERS"]],
  [{ BATCH_MAX_BYTES: "0" }, ["BATCH_MAX_BYTES"]],
  [{ BATCH_MAX_BYTES: "10485761" }, ["BATCH_MAX_BYTES"]],
  [{ BATCH_MAX_RECORDS: "many" }, ["BATCH_MAX_RECORDS"]],
  [{ LINE_MAX_BYTES: "-1" }, ["LINE_MAX_BYTES"]],
  [{ DOCUMENT_MAX_BYTES: "1.5" }, ["DOCUMENT_MAX_BYTES"]],
  [{ UPLOAD_MAX_BYTES: "100MB" }, ["UPLOAD_MAX_BYTES"]],
  [{ UPLOAD_MAX_PLAIN_BYTES: "2e9" }, ["UPLOAD_MAX_PLAIN_BYTES"]],
  [{ DELIVERIES_IN_FLIGHT: "0" }, ["DELIVERIES_IN_FLIGHT"]],
  [{ DELIVERIES_IN_FLIGHT: "7" }, ["DELIVERIES_IN_FLIGHT"]],
  [{ INTAKE_TIMEOUT_MS: "15s" }, ["INTAKE_TIMEOUT_MS"]],
  [{ RETRY_BUDGET_MS: "soon" }, ["RETRY_BUDGET_MS"]],
  [{ RETRY_BASE_MS: "x" }, ["RETRY_BASE_MS"]],
  [{ KEEP_ORIGINAL: "maybe" }, ["KEEP_ORIGINAL"]],
  [
    { SHAPE: "round", SEKOIA_INTAKE_KEY: undefined, BATCH_MAX_RECORDS: "many", KEEP_ORIGINAL: "maybe" },
    ["SHAPE", "SEKOIA_INTAKE_KEY", "BATCH_MAX_RECORDS", "KEEP_ORIGINAL"],
  ],
];

setUp({
  vars: ({ url }) => ({
    worker: {},
    rotating: { LOGPUSH_SECRET: `${SECRET}, ${OTHER_SECRET}` },
    small: { UPLOAD_MAX_BYTES: String(UPLOAD_MAX_BYTES), UPLOAD_MAX_PLAIN_BYTES: "20000" },
    spelled: { DESTINATION: "sekoia", SHAPE: "ecs", KEEP_ORIGINAL: "false", SEKOIA_INTAKE_URL: `${url}/` },
    ...Object.fromEntries(PROBLEMS.map(([vars], index) => [`problem${index}`, vars])),
  }),
});

const AUTHORISED = { "x-logpush-secret": SECRET };

for (const [method, path, status, allow] of [
  ["GET", UPLOAD_PATH, 405, "POST"],
  ["PUT", UPLOAD_PATH, 405, "POST"],
  ["DELETE", "/logpush", 405, "POST"],
  ["GET", "/logpush", 405, "POST"],
  // The method comes first: not even the dataset is looked at.
  ["GET", "/logpush/no_such_dataset", 405, "POST"],
  ["POST", "/health", 405, "GET"],
  ["POST", "/", 405, "GET"],
  ["POST", "/logpushes", 404],
  ["POST", `${UPLOAD_PATH}/more`, 404],
  ["GET", "/favicon.ico", 404],
]) {
  test(`${method} ${path} is answered ${status}`, async () => {
    const answer = await worker.request(method, path, undefined, AUTHORISED);
    assertError(answer, status);
    if (allow) assert.ok(answer.headers.allow.split(/,\s*/).includes(allow), answer.headers.allow);
    assert.equal(intake.requests.length, 0);
  });
}

for (const path of [UPLOAD_PATH, "/logpush", `${UPLOAD_PATH}?job=147`]) {
  test(`POST ${path} takes an upload`, async () => {
    assertTaken(await worker.push(BODY, { path }), UPLOAD.records);
    assertEachOnce(intake, UPLOAD);
  });
}

for (const [name, body, headers] of [
  ["gzip twice", gzipSync(BODY)],
  ["zlib", deflateSync(gunzipSync(BODY))],
  ["brotli, by its header", gunzipSync(BODY), { "content-encoding": "br" }],
]) {
  test(`${name} is answered 415, and nothing is sent`, async () => {
    assertError(await worker.push(body, { headers: { "content-encoding": undefined, ...headers } }), 415, "only gzip is read");
    assert.equal(intake.requests.length, 0);
  });
}

test("an unknown dataset is answered 404 with the list", async () => {
  assertError(await worker.push(BODY, { path: "/logpush/no_such_dataset" }), 404, "no_such_dataset", "firewall_events");
  assert.equal(intake.requests.length, 0);
});

test("records of no known dataset are answered 400 with the list", async () => {
  const answer = await worker.push('{"SomeField":1,"OtherField":2}\n', { path: "/logpush" });
  assertError(answer, 400, "firewall_events");
  assert.equal(intake.requests.length, 0);
});

const basic = (text) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

for (const [name, headers, status, path] of [
  ["the header", { "x-logpush-secret": SECRET }, 200],
  ["a bearer token", { authorization: `Bearer ${SECRET}` }, 200],
  ["a bearer token, scheme in other case", { authorization: `bEARER ${SECRET}` }, 200],
  ["basic, any user", basic(`anyone:${SECRET}`), 200],
  ["basic, no user", basic(`:${SECRET}`), 200],
  ["nothing", {}, 401],
  ["an empty header", { "x-logpush-secret": "" }, 401],
  ["a wrong header", { "x-logpush-secret": "secret-of-another-job" }, 401],
  ["the beginning of the secret", { "x-logpush-secret": SECRET.slice(0, -1) }, 401],
  ["more than the secret", { "x-logpush-secret": `${SECRET}x` }, 401],
  ["the secret in other case", { "x-logpush-secret": SECRET.toUpperCase() }, 401],
  ["a wrong bearer token", { authorization: "Bearer nonsense" }, 401],
  ["the secret without a scheme", { authorization: SECRET }, 401],
  ["an unknown scheme", { authorization: `Digest ${SECRET}` }, 401],
  ["basic, wrong password", basic("anyone:nonsense"), 401],
  ["basic, secret as the user", basic(`${SECRET}:`), 401],
  ["basic, no colon", basic(SECRET), 401],
  ["basic, not base64", { authorization: "Basic %%%" }, 401],
  ["the secret in the query", {}, 401, `${UPLOAD_PATH}?secret=${SECRET}`],
]) {
  test(`authorised by ${name}: ${status}`, async () => {
    const answer = await worker.push(BODY, { path, headers: { "x-logpush-secret": undefined, ...headers } });
    if (status === 200) {
      assertTaken(answer, UPLOAD.records);
      assertEachOnce(intake, UPLOAD);
    } else {
      assertError(answer, status);
      assert.equal(intake.requests.length, 0);
    }
  });
}

for (const [name, secret, status] of [
  ["the first of two secrets", SECRET, 200],
  ["the second of two secrets", OTHER_SECRET, 200],
  ["both at once", `${SECRET},${OTHER_SECRET}`, 401],
  ["neither", "a-third-secret-of-the-job", 401],
]) {
  test(`rotation: ${name}: ${status}`, async () => {
    const answer = await workers.rotating.push(BODY, { headers: { "x-logpush-secret": secret } });
    assert.equal(answer.status, status, answer.text);
  });
}

test("health says ok, and nothing else", async () => {
  const answer = await worker.request("GET", "/health");
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.json, { status: "ok" });
});

test("vars that spell the defaults out are accepted", async () => {
  assert.equal((await workers.spelled.request("GET", "/health")).status, 200);
  assertTaken(await workers.spelled.push(BODY), UPLOAD.records);
  assert.deepEqual(
    intake.requests.map(({ path }) => path),
    ["/plain/batch"],
  );
});

for (const [index, [vars, names]] of PROBLEMS.entries()) {
  test(`configuration ${JSON.stringify(vars, (_, value) => value ?? null)} is answered 503 and named`, async () => {
    const broken = workers[`problem${index}`];
    const answer = await broken.push(BODY);
    assertError(answer, 503, ...names);
    for (const value of Object.values(vars)) {
      if (String(value).includes("secret")) assert.ok(!answer.text.includes(value), "a secret is in the answer");
    }
    const health = await broken.request("GET", "/health");
    assert.equal(health.status, 503);
    assert.deepEqual(health.json, { status: "misconfigured" });
    assert.equal(intake.requests.length, 0);
  });
}

const problemWith = (vars) => workers[`problem${PROBLEMS.findIndex(([own]) => JSON.stringify(own) === JSON.stringify(vars))}`];
const noSecret = () => problemWith({ LOGPUSH_SECRET: "" });
const badLimit = () => problemWith({ LINE_MAX_BYTES: "-1" });
const WRONG = { "x-logpush-secret": "secret-of-another-job" };
const TOO_LARGE = gzipSync(ndjsonOf({ records: 40 }));

for (const [name, which, method, path, headers, body, status] of [
  ["method before configured secret", noSecret, "GET", UPLOAD_PATH, {}, undefined, 405],
  ["configured secret before authorisation", noSecret, "POST", UPLOAD_PATH, WRONG, BODY, 503],
  ["authorisation before the rest of the configuration", badLimit, "POST", UPLOAD_PATH, WRONG, BODY, 401],
  ["authorisation before the dataset", () => worker, "POST", "/logpush/no_such_dataset", WRONG, BODY, 401],
  ["configuration before the dataset", badLimit, "POST", "/logpush/no_such_dataset", AUTHORISED, BODY, 503],
  ["dataset before size", () => workers.small, "POST", "/logpush/no_such_dataset", AUTHORISED, TOO_LARGE, 404],
  ["size before the body", () => workers.small, "POST", UPLOAD_PATH, AUTHORISED, Buffer.alloc(2000, 1), 413],
]) {
  test(`order of checks: ${name}`, async () => {
    assertError(await which().request(method, path, body, headers), status);
    assert.equal(intake.requests.length, 0);
  });
}

async function* inPieces(buffer) {
  for (let at = 0; at < buffer.length; at += 500) yield buffer.subarray(at, at + 500);
}

test("a compressed upload above UPLOAD_MAX_BYTES is answered 413, with or without Content-Length", async () => {
  assert.ok(TOO_LARGE.length > UPLOAD_MAX_BYTES);
  assertError(await workers.small.push(TOO_LARGE), 413, "UPLOAD_MAX_BYTES");
  assertError(await workers.small.push(inPieces(TOO_LARGE)), 413, "UPLOAD_MAX_BYTES");
});

test("an upload that inflates above UPLOAD_MAX_PLAIN_BYTES is answered 413", async () => {
  const plain = Buffer.from(`${JSON.stringify({ RayID: "0".repeat(3000) })}\n`.repeat(10));
  const upload = gzipSync(plain);
  assert.ok(upload.length < UPLOAD_MAX_BYTES && plain.length > 20_000);
  assertError(await workers.small.push(upload), 413, "UPLOAD_MAX_PLAIN_BYTES");
});

test("an upload of exactly UPLOAD_MAX_BYTES is taken", async () => {
  const line = JSON.stringify({ RayID: "0".repeat(UPLOAD_MAX_BYTES - JSON.stringify({ RayID: "" }).length) });
  assert.equal(line.length, UPLOAD_MAX_BYTES);
  assertTaken(await workers.small.push(line), 1);
});
