// The durable route's settings, and which bindings make it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { BODY, UPLOAD, VARS, fresh, intake, setUp, withWorker } from "../support/durable/suite.mjs";
import { assertEachOnce, assertError } from "../support/expect.mjs";
import { uploadOf } from "../support/generate.mjs";

setUp();

describe("settings", () => {
  test("KEEP_DELIVERED_DAYS keeps what is delivered, and the sweep deletes it when it is old", async () => {
    await withWorker({ vars: { ...VARS, KEEP_DELIVERED_DAYS: "2" } }, async (keeping) => {
      const { upload, body } = fresh();
      assert.equal((await keeping.push(body)).status, 200);
      const [key] = await keeping.keys();
      await keeping.drain();
      assertEachOnce(intake, upload);
      const [kept, ...others] = await keeping.keys();
      assert.deepEqual(others, []);
      assert.match(kept, /^delivered\/\d{4}\/\d{2}\/\d{2}\/\d{2}\//);
      assert.ok(kept.endsWith(`/${key}`), kept);
      const bucket = await keeping.bucket();
      assert.deepEqual(Buffer.from(await (await bucket.get(kept)).arrayBuffer()), body);
      // More than one list holds.
      const old = Array.from({ length: 1001 }, (_, n) => `delivered/2026/01/01/00/uploads/${n}`);
      while (old.length > 0) await Promise.all(old.splice(0, 50).map((name) => bucket.put(name, "x")));
      await keeping.sweep();
      assert.deepEqual((await keeping.keys("delivered/")), [kept]);

      // To be replayed it is put where Logpush would write.
      await intake.reset();
      await keeping.put("logpush/firewall_events/again-1.gz", body);
      await keeping.sweep();
      assert.deepEqual(await keeping.drain(), [{ ack: true }]);
      assertEachOnce(intake, upload);
    });
  });

  test("INTAKE_MAX_REQUESTS_PER_SECOND holds for all deliveries together", async () => {
    const perSecond = 20;
    const vars = { ...VARS, DELIVERIES_IN_FLIGHT: "6", INTAKE_MAX_REQUESTS_PER_SECOND: String(perSecond) };
    await withWorker({ vars }, async (paced) => {
      const one = fresh(60);
      const two = { records: 60, seed: 77_003, first: 7000 };
      assert.equal((await paced.push(one.body)).status, 200);
      assert.equal((await paced.push(uploadOf(two))).status, 200);
      await paced.consume([paced.queue.take(), paced.queue.take()]);
      assertEachOnce(intake, one.upload);
      assertEachOnce(intake, two);
      const times = intake.requests.map(({ at }) => at).sort((a, b) => a - b);
      assert.equal(times.length, 12);
      // Eleven waits of 50 ms, less what one request was on its way longer than another.
      assert.ok(times.at(-1) - times[0] >= (9 * 1000) / perSecond, `${times.at(-1) - times[0]} ms`);
    });
  });

  test("a rate that is too high for one object of the ledger is kept by several", async () => {
    const vars = { ...VARS, BATCH_MAX_RECORDS: "1", INTAKE_MAX_REQUESTS_PER_SECOND: "300" };
    await withWorker({ vars }, async (fast) => {
      const { upload, body } = fresh(50);
      const asked = new Set();
      fast.fault = ({ subject }) => void asked.add(subject);
      const parts = new Set();
      fast.answered = ({ question: { op, per_second: perSecond } }) => op === "turn" && parts.add(perSecond);
      assert.equal((await fast.push(body)).status, 200);
      await fast.drain();
      assertEachOnce(intake, upload);
      assert.deepEqual([...asked].filter((name) => name.startsWith("rate-limit/")).sort(), ["rate-limit/0", "rate-limit/1"]);
      assert.deepEqual([...parts], [150]);
    });
  });

  for (const without of [["UPLOADS"], ["WORK"], ["LEDGER"], ["UPLOADS", "WORK"], ["UPLOADS", "LEDGER"], ["WORK", "LEDGER"]]) {
    test(`without ${without.join(" and ")} nothing is taken, and the answer names it`, async () => {
      await withWorker({ vars: VARS, without }, async (half) => {
        assertError(await half.push(BODY), 503, ...without);
        assert.equal((await half.worker.request("GET", "/health")).status, 503);
        const message = { id: "one", body: { v: 1, key: "x" }, attempts: 1 };
        assert.deepEqual(await half.consume([message]), [{ retry: 0, outcome: "ok" }]);
        await half.sweep();
        for (const kind of ["consumer", "sweep"]) for (const name of without) assert.ok(half.lines(kind)[0].error.includes(name));
        assert.equal(intake.requests.length, 0);
      });
    });
  }

  test("without all three the direct route delivers while Logpush waits", async () => {
    await withWorker({ vars: VARS, without: ["UPLOADS", "WORK", "LEDGER"] }, async (direct) => {
      const answer = await direct.push(BODY);
      assert.equal(answer.json.events, UPLOAD.records, answer.text);
      assertEachOnce(intake, UPLOAD);
      assertError(await direct.operator("GET", "/api/dead-letters"), 404);
      assertError(await direct.worker.request("GET", "/api/dead-letters"), 401);
    });
  });

  test("a configuration that is wrong keeps messages waiting", async () => {
    await withWorker({ vars: { ...VARS, LINE_MAX_BYTES: "many" } }, async (wrong) => {
      assert.deepEqual(await wrong.consume([{ id: "one", body: { v: 1, key: "x" }, attempts: 1 }]), [{ retry: 300 }]);
    });
  });
});

test("the ledger forgets what is old, once an hour, and never what is on its way", async () => {
  const DAY = 86_400_000;
  const shard = "firewall_events/f";
  const now = Date.now();
  const old = [
    ["finished-1", 3 * DAY, now - DAY],
    ["finished-3", 3 * DAY, now - 3 * DAY],
    ["pending-101", 101 * DAY, "NULL"],
    ["replayed-99", 99 * DAY, "NULL", "dead/x"],
    ["replayed-101", 101 * DAY, "NULL", "dead/x"],
  ].map(([id, age, finished, key = "uploads/x"]) => `('${id}', 'default', ${now - age}, ${finished}, '{"key":"${key}"}')`);
  const persist = mkdtempSync(join(tmpdir(), "logpush-ecs-durable-"));
  try {
    await withWorker({ vars: VARS, persist }, async (mortal) => {
      const ask = (question) => mortal.ledger(shard, { holder: { message: "m", attempt: 1 }, key: "uploads/x", to: "default", ...question });
      const insert = () => mortal.sql(shard, `INSERT OR REPLACE INTO uploads VALUES ${old.join(", ")}`);
      const ids = async () => (await mortal.sql(shard, "SELECT id FROM uploads ORDER BY id")).map(({ id }) => id);
      await insert();
      await ask({ op: "begin", id: "new", lease: 1 });
      assert.deepEqual(await ids(), ["finished-1", "new", "pending-101", "replayed-99"]);
      await ask({ op: "finish", id: "new", owed: ["default"], known: { done: [[0, 1]] }, end: { delivered: { records: 1 } } });

      // Neither the object itself nor one that is made anew reads all rows again in the same hour.
      await insert();
      await ask({ op: "begin", id: "newer", lease: 1 });
      await mortal.kill();
      await ask({ op: "begin", id: "newest", lease: 1 });
      assert.equal((await ids()).length, old.length + 3);
    });
  } finally {
    rmSync(persist, { recursive: true, force: true });
  }
});
