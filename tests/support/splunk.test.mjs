// The stand-in collector itself: a test against it proves nothing if it is kinder than the real one.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { TOKEN, code, startSplunk } from "./splunk.mjs";

const CHANNEL = "0aeeac95-ac74-4aa9-b30d-6c4c0ac581ba";
let collectors;

before(async () => {
  collectors = {
    plain: await startSplunk({ indexes: ["main"] }),
    ack: await startSplunk({ ack: true, ackAfter: 1 }),
  };
});

after(() => Promise.all(Object.values(collectors ?? {}).map((collector) => collector.close())));

beforeEach(() => Promise.all(Object.values(collectors).map((collector) => collector.reset())));

async function post(body, { at = "plain", path = "/services/collector/event", authorization = `Splunk ${TOKEN}`, channel, encoding = "gzip" } = {}) {
  const headers = { authorization, "x-splunk-request-channel": channel, "content-encoding": encoding };
  const answer = await fetch(collectors[at].url + path, {
    method: "POST",
    headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value)),
    body: encoding === "gzip" ? gzipSync(body) : body,
  });
  const text = await answer.text();
  return { status: answer.status, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

const good = '{"event":{"a":1},"index":"main","time":1.5}';

for (const [name, body, options, status, answered, place, indexed] of [
  ["concatenated", good + good, {}, 200, 0, undefined, 2],
  ["separated by white space", `${good}\n ${good}\n`, { path: "/services/collector" }, 200, 0, undefined, 2],
  ["not compressed", good, { encoding: null }, 200, 0, undefined, 1],
  ["no token", good, { authorization: null }, 401, 2, undefined, 0],
  ["another scheme", good, { authorization: `Bearer ${TOKEN}` }, 401, 3, undefined, 0],
  ["a wrong token", good, { authorization: "Splunk x" }, 403, 4, undefined, 0],
  ["nothing", " ", {}, 400, 5, undefined, 0],
  ["bytes that are no gzip", good, { encoding: "deflate" }, 415, undefined, undefined, 0],
  ["another path", good, { path: "/services" }, 404, 404, undefined, 0],
  ["text in between", `${good}x${good}`, {}, 400, 6, 1, 1],
  ["text at the end", `${good}${good}x`, {}, 400, 6, 2, 2],
  ["an unknown key", `${good}{"event":1,"id":2}${good}`, {}, 200, 0, undefined, 1],
  ["fields alone", `${good}{"fields":{"a":1}}${good}`, {}, 200, 0, undefined, 1],
  ["no event", `${good}{"host":"a"}`, {}, 400, 12, 1, 1],
  ["a blank event", `{"event":""}${good}`, {}, 400, 13, 0, 0],
  ["nested fields", `${good}{"event":1,"fields":{"a":{}}}`, {}, 400, 15, 1, 1],
  ["a forbidden index", `${good}{"event":1,"index":"other"}${good}`, {}, 400, 7, 2, 1],
  ["too many bytes", good.padEnd(5_242_881), {}, 400, 6, 0, 0],
  ["a question without acknowledgements", '{"acks":[1]}', { path: "/services/collector/ack" }, 400, 14, undefined, 0],
  ["no channel", good, { at: "ack" }, 400, 10, undefined, 0],
  ["a channel that is no GUID", good, { at: "ack", channel: "1" }, 400, 11, undefined, 0],
]) {
  test(`${name}: ${status} ${answered ?? ""}, ${indexed} indexed`, async () => {
    const answer = await post(body, options);
    assert.equal(answer.status, status);
    assert.equal(answer.json?.code, answered);
    assert.equal(answer.json?.["invalid-event-number"], place);
    const collector = collectors[options.at ?? "plain"];
    assert.equal(collector.events.length, indexed);
    assert.equal(collector.envelopes.length, indexed);
    assert.deepEqual(collector.errors, []);
  });
}

describe("acknowledgements", () => {
  const ask = (id, channel = CHANNEL) => post(`{"acks":[${id}]}`, { at: "ack", path: "/services/collector/ack", channel });

  test("are told once, and to their channel alone", async () => {
    const { json } = await post(good, { at: "ack", channel: CHANNEL });
    const { ackId } = json;
    const told = [];
    for (const channel of [CHANNEL.replace("0", "1"), CHANNEL, CHANNEL, CHANNEL]) told.push((await ask(ackId, channel)).json.acks[ackId]);
    assert.deepEqual(told, [false, false, true, false]);
  });
});

test("any code, on command", async () => {
  const expected = { 8: [500, 0], 9: [503, 0], 17: [200, 0], 24: [200, 2], 26: [429, 0], 28: [400, 0] };
  for (const [number, [status, indexed]] of Object.entries(expected)) {
    await collectors.plain.reset();
    collectors.plain.fault(code(Number(number)));
    const answer = await post(good + good);
    assert.deepEqual([answer.status, answer.json.code, collectors.plain.events.length], [status, Number(number), indexed]);
  }
});
