// The stand-in cluster itself: a test against it proves nothing if it is kinder than the real one.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";

import { API_KEY, items, startElasticsearch, whole } from "./elasticsearch.mjs";
import { templates } from "./mappings.mjs";

const STREAM = "logs-cloudflare.dns_logs-default";
const AUTHORIZATION = `ApiKey ${Buffer.from(API_KEY).toString("base64")}`;

let cluster;

before(async () => {
  cluster = await startElasticsearch({ bodyMax: 10_000, user: "elastic:changeme", bearer: "a-token" });
});

after(() => cluster?.close());

beforeEach(() => cluster.reset());

async function post(body, { path = "/_bulk", headers = {}, method = "POST" } = {}) {
  const answer = await fetch(cluster.url + path, {
    method,
    headers: { authorization: AUTHORIZATION, "content-type": "application/x-ndjson", ...headers },
    ...(method === "GET" ? {} : { body }),
  });
  const text = await answer.text();
  const json = text.startsWith("{") ? JSON.parse(text) : {};
  return { status: answer.status, json, type: json.error?.type, items: (json.items ?? []).map((item) => Object.values(item)[0]) };
}

const document = (n) => JSON.stringify({ "@timestamp": "2026-01-02T03:04:05Z", n });
const action = (id, name = "create", index = STREAM) => JSON.stringify({ [name]: { _index: index, _id: id } });
const pair = (id, name, index) => `${action(id, name, index)}\n${document(id)}\n`;

for (const [name, body, options, status, type] of [
  ["no final newline", pair("a").trimEnd(), {}, 400, "illegal_argument_exception"],
  ["no action line", `${document("a")}\n`, {}, 400, "illegal_argument_exception"],
  ["an action without its document", `${action("a")}\n`, {}, 400, "illegal_argument_exception"],
  ["an action that is none", `{"upsert":{}}\n{}\n`, {}, 400, "illegal_argument_exception"],
  ["an unknown parameter", `{"create":{"_indx":"a"}}\n{}\n`, {}, 400, "illegal_argument_exception"],
  ["no index", `{"create":{"_id":"a"}}\n{}\n`, {}, 400, "action_request_validation_exception"],
  ["an id too long", pair("x".repeat(513)), {}, 400, "action_request_validation_exception"],
  ["an empty body", "", {}, 400, "parse_exception"],
  ["a body too large", pair("a").repeat(200), {}, 413],
  ["a small body that is large inside", gzipSync(pair("a").repeat(200)), { headers: { "content-encoding": "gzip" } }, 413],
  ["no gzip", "x", { headers: { "content-encoding": "gzip" } }, 400, "parse_exception"],
  ["a wrong content type", pair("a"), { headers: { "content-type": "text/plain" } }, 400],
  ["a wrong key", pair("a"), { headers: { authorization: "ApiKey d3Jvbmc=" } }, 401, "security_exception"],
  ["a wrong scheme", pair("a"), { headers: { authorization: AUTHORIZATION.replace("ApiKey", "Bearer") } }, 401, "security_exception"],
  ["a path that is none", pair("a"), { path: "/logs/_bulky" }, 400, "illegal_argument_exception"],
  ["a method that is none", pair("a"), { path: "/_bulk", method: "GET" }, 405],
]) {
  test(`${name}: ${status}`, async () => {
    const answer = await post(body, options);
    assert.equal(answer.status, status);
    assert.equal(answer.type, type);
    assert.deepEqual(cluster.documents(), []);
    assert.deepEqual(cluster.errors, []);
  });
}

test("a wrong content type: 406 of today", async () => {
  cluster.wrongType = 406;
  const answer = await post(pair("a"), { headers: { "content-type": "text/plain" } });
  cluster.wrongType = 400;
  assert.deepEqual([answer.status, cluster.documents()], [406, []]);
});

for (const [name, body, statuses] of [
  ["two documents", pair("a") + pair("b"), [201, 201]],
  ["the same id twice", pair("a") + pair("a"), [201, 409]],
  ["index into a data stream", pair("a", "index"), [400]],
  ["index into an index", pair("a", "index", "waf") + pair("a", "index", "waf"), [201, 201]],
  ["create into an index", pair("a", "create", "waf") + pair("a", "create", "waf"), [201, 409]],
  ["a name in upper case", pair("a", "create", "Logs"), [400]],
  ["a document without a time", `${action("a")}\n{"n":1}\n${pair("b")}`, [400, 201]],
  ["a document that is none", `${action("a")}\n[1]\n${pair("b")}`, [400, 201]],
  ["a document that is no JSON", `${action("a")}\n{"n":\n${pair("b")}`, [400, 201]],
]) {
  test(`${name}: ${statuses.join(", ")}`, async () => {
    const answer = await post(body);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.items.map(({ status }) => status), statuses);
    assert.equal(answer.json.errors, statuses.some((status) => status !== 201));
    for (const { status, error } of answer.items) assert.equal(error === undefined, status === 201);
    assert.deepEqual(cluster.errors, []);
  });
}

test("ids are known within a backing index", async () => {
  await post(pair("a"));
  assert.equal((await post(pair("a"))).items[0].status, 409);
  cluster.rollover(STREAM);
  assert.equal((await post(pair("a"))).items[0].status, 201);
  assert.equal(cluster.documents("logs-cloudflare.*").length, 2);
});

test("filter_path leaves what it names", async () => {
  const path = "/_bulk?filter_path=errors,items.*.status,items.*.error.type";
  const { json } = await post(pair("a") + pair("a"), { path });
  assert.deepEqual(json, {
    errors: true,
    items: [{ create: { status: 201 } }, { create: { status: 409, error: { type: "version_conflict_engine_exception" } } }],
  });
});

test("users and tokens are let in as keys are", async () => {
  for (const authorization of [`Basic ${Buffer.from("elastic:changeme").toString("base64")}`, "Bearer a-token"]) {
    assert.equal((await post(pair(authorization), { headers: { authorization } })).status, 200);
  }
});

test("faults strike documents or the whole, once", async () => {
  cluster.fault(items(({ n }) => ({ b: 429, c: [400, "mapper_parsing_exception", "no"] })[n]));
  const body = pair("a") + pair("b") + pair("c");
  const struck = await post(body);
  assert.deepEqual(struck.items.map(({ status }) => status), [201, 429, 400]);
  assert.deepEqual(struck.items.map(({ error }) => error?.type), [undefined, "es_rejected_execution_exception", "mapper_parsing_exception"]);
  assert.deepEqual((await post(body)).items.map(({ status }) => status), [409, 201, 201]);
  cluster.fault(whole(429, "es_rejected_execution_exception", "full"));
  assert.deepEqual([(await post(pair("d"))).status, (await post(pair("d"))).status], [429, 200]);
});

test("documents are found again", async () => {
  await post(pair("a") + pair("b"));
  const search = async (path) => (await post(undefined, { path, method: "GET" })).json;
  assert.deepEqual(await search(`/${STREAM}/_count`), { count: 2 });
  assert.deepEqual(await search("/logs-*/_count?q=n:b"), { count: 1 });
  const { hits } = await search(`/${STREAM}/_search?q=n:"a"`);
  assert.deepEqual(hits.hits, [{ _index: STREAM, _id: "a", _source: JSON.parse(document("a")) }]);
});

test("the templates take what fits, and say what does not", () => {
  const problem = templates();
  const at = { "@timestamp": "2026-01-02T03:04:05Z" };
  for (const [document, expected] of [
    [{}, undefined],
    [{ source: { ip: "192.0.2.1", port: 443 }, related: { ip: ["192.0.2.1", "2001:db8::1"] } }, undefined],
    // Ignored, and kept.
    [{ source: { port: "many" } }, undefined],
    [{ cloudflare: { Unheard: { of: [1] }, RayID: 7 } }, undefined],
    [{ source: "192.0.2.1" }, /object mapping for \[source\]/],
    [{ source: { port: { no: 1 } } }, /\[source.port\] of type \[long\]/],
    [{ labels: "x" }, /\[labels\] of type \[flattened\]/],
    [{ event: { action: { no: 1 } } }, /\[event.action\] of type \[keyword\]/],
    [{ "@timestamp": "yesterday" }, /\[@timestamp\] of type \[date\]/],
  ]) {
    const found = problem("logs-cloudflare.firewall_events-default", { ...at, ...document });
    if (expected) assert.match(found ?? "", expected);
    else assert.equal(found, undefined);
  }
  assert.match(problem("logs-nginx.access-default", at), /no template/);
});
