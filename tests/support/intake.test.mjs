// The stand-in intake itself: a test against it proves nothing if it is kinder than the real one.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync } from "node:zlib";

import { INTAKE_KEY, startIntake } from "./intake.mjs";

let intake;

before(async () => {
  intake = await startIntake();
});

after(() => intake?.close());

beforeEach(() => intake.reset());

async function post(body, { path = "/plain/batch", key = INTAKE_KEY, headers = { "content-encoding": "gzip" }, signal } = {}) {
  const gzip = headers["content-encoding"] === "gzip";
  try {
    const answer = await fetch(intake.url + path, {
      method: "POST",
      headers: { ...(key ? { "x-sekoiaio-intake-key": key } : {}), ...headers },
      body: gzip ? gzipSync(body) : body,
      signal,
    });
    const text = await answer.text();
    return { status: answer.status, text, ids: text.startsWith('{"event_ids"') ? JSON.parse(text).event_ids.length : undefined };
  } catch (error) {
    return { status: error.name === "TimeoutError" ? "timeout" : "reset" };
  }
}

const tooLarge = "x".repeat(250_001);

for (const [name, body, options, status, ids, accepted] of [
  ["a batch", '{"a":1}\n{"b":2}', {}, 200, 2, 2],
  ["text that is no JSON", "any text", {}, 200, 1, 1],
  ["not compressed", '{"a":1}', { headers: {} }, 200, 1, 1],
  ["one event", '{"a":\n1}', { path: "/plain" }, 200, undefined, 1],
  ["the path of another region", "a", { path: "/api/v1/intake-http/plain/batch" }, 200, 1, 1],
  ["a wrong key", "a", { key: "wrong" }, 401, undefined, 0],
  ["no key", "a", { key: null }, 401, undefined, 0],
  ["a path that is none", "a", { path: "/json" }, 404, undefined, 0],
  ["one event too large", `a\n${tooLarge}\nb`, {}, 200, 2, 2],
  ["all events too large", `${tooLarge}\n${tooLarge}`, {}, 413, undefined, 0],
  ["a payload too large", `${"x".repeat(1023)}\n`.repeat(10_241), {}, 413, undefined, 0],
  ["bytes that are no gzip", "a", { headers: { "content-encoding": "gzip " } }, 400, undefined, 0],
  ["a sink without a key", "a\nb\n", { path: "/sink", key: null }, 204, undefined, 2],
]) {
  test(`${name}: ${status}, ${accepted} accepted`, async () => {
    const answer = await post(body, options);
    assert.equal(answer.status, status);
    assert.equal(answer.ids, ids);
    assert.equal(intake.events.length, accepted);
    assert.deepEqual(intake.errors, []);
  });
}

for (const [fault, options, status, accepted] of [
  ["reset", {}, "reset", 0],
  ["reset after storing", {}, "reset", 2],
  ["hang", {}, "timeout", 0],
  ["stops reading", {}, "timeout", 0],
  ["half an answer", {}, "reset", 0],
  ["status", { status: 429, headers: { "retry-after": "1" } }, 429, 0],
  ["wrong key", {}, 401, 0],
  ["partial", { refuse: (text) => text === "no" }, 200, 1],
  ["partial", { refuse: () => true }, 413, 0],
  ["poison", { refuse: (text) => text === "no" }, 400, 0],
  ["poison", { refuse: () => false }, 200, 2],
  ["garbage", { body: "<html>" }, 200, 0],
  ["empty answer", {}, 200, 2],
  ["slow", { until: Promise.resolve() }, 200, 2],
]) {
  test(`fault ${fault}: ${status}, ${accepted} accepted, then as usual`, async () => {
    intake.fault(fault, options);
    const signal = status === "timeout" ? AbortSignal.timeout(100) : undefined;
    assert.equal((await post("yes\nno", { signal })).status, status);
    assert.equal(intake.events.length, accepted);
    assert.equal((await post("more")).status, 200);
    assert.equal(intake.events.length, accepted + 1);
    assert.deepEqual(intake.errors, []);
  });
}

test("faults strike as often as asked, and whom they are meant for", async () => {
  intake.fault("status", { status: 500, times: 2, when: (_, events) => events.includes("b") });
  const statuses = [];
  for (const body of ["a", "b", "a", "b", "b"]) statuses.push((await post(body)).status);
  assert.deepEqual(statuses, [200, 500, 200, 500, 200]);
});

test("a gate holds requests until it opens", async () => {
  const gate = intake.hold();
  const answers = Promise.all([post("a"), post("b")]);
  await intake.until(() => gate.waiting === 2);
  assert.equal(intake.events.length, 0);
  gate.open();
  for (const { status } of await answers) assert.equal(status, 200);
  assert.equal(intake.peakInFlight, 2);
  assert.equal((await post("c")).status, 200);
});
