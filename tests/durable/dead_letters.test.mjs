// What is finally refused: a dead letter, which the operator lists, inspects, replays and deletes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ACK, BODY, KEY, always, assertDone, fresh, has, intake, once, pushed, route, setUp, withWorker } from "../support/durable/suite.mjs";
import { accountOf, assertError } from "../support/expect.mjs";
import { numberOf } from "../support/generate.mjs";
import { SECRET } from "../support/worker.mjs";

setUp();

describe("dead letters", () => {
  /** Refuses the records of these numbers, but not the error documents that take their places. */
  const refuses = (...numbers) => (text) => {
    const document = JSON.parse(text);
    return document.event.kind === "event" && numbers.includes(numberOf(document));
  };
  const list = async () => (await route.operator("GET", "/api/dead-letters")).json.dead_letters;

  test("records that the intake refuses: they alone, listed, inspected, replayed and gone", async () => {
    const { upload, body } = fresh();
    intake.fault("poison", { refuse: refuses(3, 7, 12), ...always });
    await pushed(body);
    assert.deepEqual(await route.drain(), [ACK]);
    const kinds = intake.events.map(({ document }) => document.event.kind);
    assert.equal(kinds.filter((kind) => kind === "pipeline_error").length, 3);
    assert.deepEqual(accountOf(intake, upload).repeated, []);

    // One letter for each batch.
    const letters = await list();
    assert.deepEqual(letters.map(({ records }) => records), [2, 1]);
    for (const letter of letters) {
      assert.equal(letter.kind, "documents");
      assert.equal(letter.dataset, "firewall_events");
      assert.match(letter.reason, /status 400: .*cannot parse event/);
      assert.match(letter.upload, KEY);
    }
    const seen = [];
    for (const { id } of letters) {
      const { json } = await route.operator("GET", `/api/dead-letters/${id}`);
      for (const { record, reason, document } of json.documents) {
        assert.match(reason, /cannot parse event/);
        assert.equal(numberOf(document), record);
        seen.push(record);
      }
    }
    assert.deepEqual(seen.sort((a, b) => a - b), [3, 7, 12]);

    // Still refused: it stays. Then the intake has learnt: it goes.
    intake.faults = [];
    intake.fault("poison", { refuse: refuses(7), ...always });
    for (const { id } of letters) assert.equal((await route.operator("POST", `/api/dead-letters/${id}/replay`)).status, 202);
    await route.drain();
    const [left, ...others] = await list();
    assert.deepEqual([left.records, others], [1, []]);
    intake.faults = [];
    await route.operator("POST", `/api/dead-letters/${left.id}/replay`);
    await route.drain();
    assert.deepEqual(await list(), []);
    const arrived = intake.events.map(({ document }) => document).filter(({ event }) => event.kind === "event");
    assert.deepEqual(arrived.map(numberOf).sort((a, b) => a - b), [...Array(25).keys()]);
  });

  test("a letter that cannot be written: the record is tried again, and not lost", async () => {
    const { body } = fresh();
    intake.fault("poison", { refuse: refuses(3), ...always });
    route.fault = once("r2.put", "fail", { prefix: "dead/" });
    await pushed(body);
    const decisions = await route.drain();
    assert.ok(decisions[0].retry >= 1);
    assert.deepEqual(decisions.at(-1), ACK);
    const [letter] = await list();
    assert.equal(letter.records, 1);
  });

  test("more refused records than one attempt replaces: the next attempts go on", async () => {
    const { upload, body } = fresh(600);
    await withWorker({ vars: {} }, async (broad) => {
      const refused = [...Array(300).keys()];
      intake.fault("poison", { refuse: refuses(...refused), ...always });
      assert.equal((await broad.push(body)).status, 200);
      const decisions = await broad.drain();
      assert.ok(decisions.length > 1);
      assert.deepEqual(decisions.at(-1), ACK);
      const { dead_letters: letters } = (await broad.operator("GET", "/api/dead-letters")).json;
      assert.equal(letters.reduce((sum, { records }) => sum + records, 0), 300);
      const arrived = intake.events.map(({ document }) => document).filter(({ event }) => event.kind === "event");
      assert.deepEqual(arrived.map(numberOf).sort((a, b) => a - b), [...Array(upload.records).keys()].slice(300));
    });
  });

  const old = "uploads/firewall_events/2026/01/01/00/20260101T000000000Z-00000000000000000000000000000001.gz";
  test("an upload that is not delivered within RETRY_DAYS: the whole of it, with its positions", async () => {
    const { upload, body } = fresh();
    await route.put(old, body);
    await route.sweep();
    intake.fault("status", { status: 503, when: has(20), ...always });
    const decisions = await route.drain();
    assert.deepEqual(decisions, [ACK]);
    const [letter] = await list();
    assert.equal(letter.kind, "upload");
    assert.match(letter.reason, /is not taking events: status 503/);
    assert.deepEqual(letter.done, [[0, 20]]);
    assert.equal(letter.upload, old);
    assert.equal((await route.keys("uploads/")).length, 0);

    intake.faults = [];
    await route.operator("POST", `/api/dead-letters/${letter.id}/replay`);
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
  });

  test("an object that is no upload", async () => {
    await route.put(old.replace(/1\.gz$/, "2.gz"), BODY.subarray(0, -3));
    await route.sweep();
    assert.deepEqual(await route.drain(), [ACK]);
    const [letter] = await list();
    assert.match(letter.reason, /ends before its end/);
    // What could be read of it was delivered.
    const { status, json } = await route.operator("DELETE", `/api/dead-letters/${letter.id}`);
    assert.deepEqual([status, json.deleted], [200, true]);
    assert.deepEqual(await list(), []);
  });

  for (const [name, body, decision] of [
    ["a message that is none of ours", { hello: "world" }, ACK],
    ["a message that is no object", "text", ACK],
    ["a work item of a later version", { v: 2, keys: ["x"] }, { retry: 300 }],
  ]) {
    test(name, async () => {
      const decided = await route.consume([{ id: "foreign", body, attempts: 1 }]);
      assert.deepEqual(decided, [decision]);
      const letters = await list();
      assert.equal(letters.length, decision === ACK ? 1 : 0);
      if (decision !== ACK) return;
      const { json } = await route.operator("GET", `/api/dead-letters/${letters[0].id}`);
      assert.deepEqual(JSON.parse(json.message.startsWith("{") ? json.message : `"${json.message}"`), body);
      assert.equal((await route.operator("POST", `/api/dead-letters/${letters[0].id}/replay`)).status, 409);
    });
  }

  test("only the operator sees them", async () => {
    for (const headers of [{}, { authorization: "Bearer wrong-secret-of-the-operator" }, { authorization: `Bearer ${SECRET}` }, { "x-logpush-secret": SECRET }]) {
      for (const [method, path] of [
        ["GET", "/api/dead-letters"],
        ["GET", "/api/status"],
        ["DELETE", "/api/dead-letters/firewall_events/x"],
        ["POST", "/api/dead-letters/firewall_events/x/replay"],
      ]) {
        assertError(await route.worker.request(method, path, undefined, headers), 401);
      }
    }
    for (const id of ["firewall_events/none.ndjson", "../uploads/x", "x", "%2e%2e/x"]) {
      assertError(await route.operator("GET", `/api/dead-letters/${id}`), 404);
      assertError(await route.operator("DELETE", `/api/dead-letters/${id}`), 404);
    }
    assertError(await route.operator("PUT", "/api/dead-letters"), 405);
    assertError(await route.operator("GET", "/api/nothing"), 404);
  });
});
