// An upload arrives on the durable route: what Logpush is told, what is in R2, and what comes of it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { deflateSync, gunzipSync, gzipSync } from "node:zlib";

import { ACK, BODY, KEY, always, assertDone, assertDoneAfterSweep, fresh, has, intake, once, pushed, route, setUp } from "../support/durable/suite.mjs";
import { assertEachOnce, assertError, nonEmpty } from "../support/expect.mjs";
import { SECRET, UPLOAD_PATH } from "../support/worker.mjs";

setUp();

describe("an upload arrives", () => {
  test("it is stored, its work item sent, and 200 told; then it is delivered, and nothing is left", async () => {
    const { upload, body } = fresh();
    const answer = await pushed(body);
    assert.deepEqual(answer.json, { dataset: "firewall_events", stored: true, duplicate: false, lines: 25, bytes: body.length });
    const [key, ...others] = await route.keys();
    assert.match(key, KEY);
    assert.deepEqual(others, []);
    const stored = await (await (await route.bucket()).get(key)).arrayBuffer();
    assert.deepEqual(Buffer.from(stored), body);
    assert.deepEqual(route.queue.messages.map((message) => message.body), [{ v: 1, key }]);
    assert.equal(intake.requests.length, 0);

    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
    assert.equal(intake.requests.length, 3);
  });

  /** Faults on the way in: Logpush is told 503 and comes again; every record is delivered once. */
  for (const [name, fault, stored] of [
    ["R2 fails", once("r2.put"), 0],
    ["R2's answer is lost", once("r2.put", "fail after"), 1],
    ["the queue fails", once("queue.send"), 1],
    ["the queue's answer is lost", once("queue.send", "fail after"), 1],
  ]) {
    test(`${name}: 503, and the next try is taken`, async () => {
      const { upload, body } = fresh();
      route.fault = fault;
      const answer = await route.push(body);
      assertError(answer, 503);
      assert.ok(Number(answer.headers["retry-after"]) >= 1);
      assert.equal((await route.keys()).length, stored);
      const again = await pushed(body);
      assert.equal(again.json.duplicate, stored === 1);
      assert.equal((await route.keys()).length, 1);
      const decisions = nonEmpty(await route.drain(), "decisions");
      assert.deepEqual(decisions, decisions.map(() => ACK));
      await assertDone(upload);
    });
  }

  test("the ledger fails: the upload is taken and delivered all the same", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDoneAfterSweep(upload);
  });

  for (const [name, other] of [
    ["the same bytes", (body) => body],
    ["the same records, compressed otherwise", (body) => gzipSync(gunzipSync(body), { level: 1 })],
    ["the same records, not compressed", (body) => gunzipSync(body)],
  ]) {
    test(`${name} again, before and after delivery: recognised, and delivered once`, async () => {
      const { upload, body } = fresh();
      await pushed(body);
      assert.equal((await pushed(other(body))).json.duplicate, true);
      assert.equal((await route.keys()).length, 1);
      await route.drain();
      assert.equal((await pushed(other(body))).json.duplicate, true);
      await route.drain();
      await assertDone(upload);
    });
  }

  test("what the ledger remembers and R2 has not is stored again", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    await (await route.bucket()).delete(await route.keys());
    route.queue.messages = [];
    assert.equal((await pushed(body)).json.duplicate, false);
    await route.drain();
    await assertDone(upload);
  });

  test("what is sent again when its object is gone goes on after what was delivered", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 500, when: has(20), ...always });
    await route.drain({ limit: 1 });
    await (await route.bucket()).delete(await route.keys());
    intake.faults = [];
    assert.equal((await pushed(body)).json.duplicate, false);
    await route.drain();
    await assertDone(upload);
  });

  for (const [name, body, status, words] of [
    ["an empty upload", Buffer.alloc(0), 400, "empty"],
    ["gzip that is cut off", BODY.subarray(0, -3), 400, "end"],
    ["gzip that is corrupt", Buffer.concat([BODY.subarray(0, 100), randomBytes(50), BODY.subarray(150)]), 400, "corrupt"],
    ["something after the gzip data", Buffer.concat([BODY, Buffer.from("junk")]), 400, "corrupt"],
    ["gzip twice", gzipSync(BODY), 415, "compressed as gzip twice"],
    ["zlib", deflateSync(gunzipSync(BODY)), 415, "compressed as zlib"],
  ]) {
    test(`${name}: ${status}, and nothing is stored`, async () => {
      assertError(await route.push(body), status, words);
      assert.deepEqual(await route.keys(), []);
      assert.equal(route.queue.messages.length, 0);
    });
  }

  for (const body of ["test", '{"content":"tests"}', gzipSync('{"content":"test"}')]) {
    test(`Cloudflare's test ${body}: 200, and nothing is stored`, async () => {
      const answer = await pushed(body);
      assert.equal(answer.json.destination_test, true);
      assert.deepEqual(await route.keys(), []);
    });
  }

  test("without a dataset in the path it is told from the records, or refused", async () => {
    const { upload, body } = fresh();
    const answer = await route.push(body, { path: "/logpush" });
    assert.equal(answer.json.dataset, "firewall_events", answer.text);
    assert.match((await route.keys())[0], KEY);
    await route.drain();
    await assertDone(upload);
    assertError(await route.push(gzipSync('{"Colour":"red"}\n'), { path: "/logpush" }), 400, "dataset");
    assert.deepEqual(await route.keys(), []);
  });

  test("of unknown length, in many chunks", async () => {
    const { upload, body } = fresh();
    const chunks = async function* () {
      for (let at = 0; at < body.length; at += 700) yield body.subarray(at, at + 700);
    };
    const answer = await route.push(chunks(), { headers: { "content-encoding": "gzip" } });
    assert.equal(answer.status, 200, answer.text);
    await route.drain();
    await assertDone(upload);
  });

  test("an upload that is shorter than announced is not stored", async () => {
    const { body } = fresh();
    const request = route.worker.open("POST", UPLOAD_PATH, { "x-logpush-secret": SECRET, "content-length": body.length + 10 });
    request.on("error", () => {});
    const gone = new Promise((resolve) => request.on("close", resolve));
    request.write(body, () => request.destroy());
    await gone;
    // The Worker says so in its log when it is done with it.
    await until(() => route.lines("stored").some(({ bytes_received, status }) => bytes_received <= body.length && status === 400));
    assert.deepEqual(await route.keys(), []);
  });
});

/** Looks again and again: there is nothing to wait for that would tell. */
async function until(condition) {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`in vain: ${condition}`);
}

describe("an upload of several parts", () => {
  /** 6.3 MB, compressed: records of 70 kB that are noise. */
  const large = (seed, records = 90) => {
    const lines = [];
    for (let n = 0; n < records; n += 1) {
      const noise = randomBytes(70_000).toString("base64");
      lines.push(JSON.stringify({ Action: "block", Description: noise, Metadata: { n: String(n), seed }, RayID: `${seed}-${n}` }));
    }
    return gzipSync(`${lines.join("\n")}\n`, { level: 1 });
  };

  test("36 MB are stored in at most 32 MiB of wasm memory", async () => {
    await pushed(large("e", 520));
    const [line] = route.lines("stored").slice(-1);
    assert.ok(line.bytes_received > 35e6, `${line.bytes_received}`);
    assert.ok(line.wasm_memory_bytes <= 32 * 1024 * 1024, `${line.wasm_memory_bytes}`);
  });

  test("is stored part by part, and recognised when it comes again", async () => {
    const body = large("a");
    assert.ok(body.length > 5 * 1024 * 1024);
    route.counts = {};
    await pushed(body);
    assert.equal(route.counts["r2.createMultipartUpload"], 1);
    assert.ok(route.counts["r2.uploadPart"] >= 1, JSON.stringify(route.counts));
    assert.equal(route.counts["r2.complete"], 1);
    const keys = await route.keys();
    assert.equal(keys.length, 1, `${keys}`);
    assert.match(keys[0], KEY);
    assert.equal((await pushed(body)).json.duplicate, true);
    await route.drain();
    assertEachOnce(intake, { records: 90 });
    assert.equal((await pushed(body)).json.duplicate, true);
    await route.drain();
    assertEachOnce(intake, { records: 90 });
    assert.deepEqual(await route.keys(), []);
    // Neither the row of its content nor that of its key counts as on its way.
    for (let shard = 0; shard < 16; shard += 1) {
      const rows = await route.sql(`firewall_events/${shard.toString(16)}`, "SELECT state FROM uploads WHERE finished IS NULL");
      assert.deepEqual(rows.filter(({ state }) => JSON.parse(state).lines === 90), []);
    }
  });

  test("a part that fails: 503, and nothing is left", async () => {
    const body = large("b");
    route.fault = once("r2.uploadPart");
    assertError(await route.push(body), 503);
    assert.deepEqual(await route.keys(), []);
    assert.equal((await pushed(body)).json.duplicate, false);
    await route.drain();
    assertEachOnce(intake, { records: 90 });
  });

  test("what is complete, but not known to be, is recognised", async () => {
    const body = large("c");
    route.fault = once("r2.complete", "fail after");
    assertError(await route.push(body), 503);
    assert.equal((await pushed(body)).json.duplicate, true);
    await route.drain();
    assertEachOnce(intake, { records: 90 });
  });

  test("one that nobody ended is aborted by the sweep", async () => {
    const bucket = await route.bucket();
    const key = "uploads/firewall_events/2026/01/01/00/20260101T000000000Z-0123456789abcdef0123456789abcdef.gz";
    const upload = await bucket.createMultipartUpload(key);
    await bucket.put("multipart/20260101T000000000Z-0123456789abcdef0123456789abcdef.json", JSON.stringify({ v: 1, key, upload: upload.uploadId }));
    await route.sweep();
    assert.deepEqual((await route.keys()).filter((name) => name !== "sweep.json"), []);
    assert.equal(route.lines("sweep").at(-1).aborted, 1);
    await assert.rejects(upload.uploadPart(1, "x"));
  });
});

test("uploads at once: what does not fit the isolate's memory is told to come back", async () => {
  const PART = 5 * 1024 * 1024;
  const open = [];
  try {
    for (let n = 0; n < 4; n += 1) {
      const request = route.worker.open("POST", UPLOAD_PATH, { "x-logpush-secret": SECRET, "content-length": PART });
      request.on("error", () => {});
      request.write(BODY.subarray(0, 1000));
      open.push(request);
    }
    let answer;
    // Nothing tells when the four have been noticed; before that this one is as any other. The answer comes
    // before the body's end, whose writing may break off before it is read.
    for (let tries = 0; tries < 200 && answer?.status !== 503; tries += 1)
      answer = await route.push(Buffer.alloc(PART, "x")).catch(() => undefined);
    assertError(answer, 503, "too many uploads at once");
    assert.ok(Number(answer.headers["retry-after"]) >= 1);
  } finally {
    for (const request of open) request.destroy();
  }
});
