// The durable route under faults, step by step: what Logpush was told, what the consumer decided of
// each message, what is in R2, and which records arrived how often.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";

import { Queue, startDurable } from "./durable/harness.mjs";
import { accountOf, assertEachOnce, assertError } from "./expect.mjs";
import { numberOf, uploadOf } from "./generate.mjs";
import { startIntake } from "./intake.mjs";
import { SECRET, UPLOAD_PATH } from "./worker.mjs";

/** Three batches of ten, the last of five. */
const UPLOAD = { records: 25, seed: 12 };
const BODY = uploadOf(UPLOAD);
const VARS = { BATCH_MAX_RECORDS: "10", DELIVERIES_IN_FLIGHT: "1" };
const KEY = /^uploads\/firewall_events\/\d{4}\/\d{2}\/\d{2}\/\d{2}\/\d{8}T\d{9}Z-[0-9a-f]{32}\.gz$/;
const always = { times: Infinity };
const ACK = { ack: true };

let intake;
let route;

before(async () => {
  intake = await startIntake();
  route = await startDurable({ intake, vars: VARS });
});

after(async () => {
  await route?.stop();
  await intake?.close();
});

beforeEach(async () => {
  await intake.reset();
  route.fault = () => undefined;
  Object.assign(route.queue, new Queue());
  const bucket = await route.bucket();
  const keys = await route.keys();
  if (keys.length > 0) await bucket.delete(keys);
});

afterEach(() => assert.deepEqual(intake.errors, []));

/** A fault of the first `times` operations whose name is `op`, and whose subject begins with `prefix`. */
function once(op, verdict = "fail", { times = 1, prefix = "" } = {}) {
  let left = times;
  return (asked) => {
    if (asked.op !== op || left === 0 || !String(asked.subject).startsWith(prefix)) return undefined;
    left -= 1;
    return verdict;
  };
}

let seeds = 1000;
/** An upload that no other test has sent: the ledger remembers them all. */
function fresh(records = UPLOAD.records) {
  seeds += 1;
  const upload = { records, seed: seeds };
  return { upload, body: uploadOf(upload) };
}

async function pushed(body) {
  const answer = await route.push(body);
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

/** Everything was delivered once, and nothing is left over. */
async function assertDone(upload) {
  assertEachOnce(intake, upload);
  assert.deepEqual((await route.keys()).filter((key) => key !== "sweep.json"), []);
}

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
      for (const decision of await route.drain()) assert.deepEqual(decision, ACK);
      await assertDone(upload);
    });
  }

  test("the ledger fails: the upload is taken and delivered all the same", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
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

  for (const [name, body, status, words] of [
    ["an empty upload", Buffer.alloc(0), 400, "empty"],
    ["gzip that is cut off", BODY.subarray(0, -3), 400, "end"],
    ["gzip that is corrupt", Buffer.concat([BODY.subarray(0, 100), randomBytes(50), BODY.subarray(150)]), 400, "corrupt"],
    ["something after the gzip data", Buffer.concat([BODY, Buffer.from("junk")]), 400, "corrupt"],
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
  /** 12 MiB that hardly compress, in lines that are records. */
  const large = (seed) => {
    const lines = [];
    for (let n = 0; n < 90; n += 1) {
      const noise = randomBytes(70_000).toString("base64");
      lines.push(JSON.stringify({ Action: "block", Description: noise, Metadata: { n: String(n), seed }, RayID: `${seed}-${n}` }));
    }
    return gzipSync(`${lines.join("\n")}\n`, { level: 1 });
  };

  test("is stored part by part, in little memory, and recognised when it comes again", async () => {
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

describe("delivery fails for a while", () => {
  /** What goes wrong once, what is decided then, and what arrives twice in the end. */
  for (const [name, arrange, decision, repeated = 0] of [
    ["the intake is down", () => intake.fault("status", { status: 503, ...always }), "retry"],
    ["the intake wants to be left alone", () => intake.fault("status", { status: 429, headers: { "retry-after": "120" }, ...always }), 120],
    ["the key is wrong", () => intake.fault("wrong key", always), "retry"],
    ["the third batch fails", () => intake.fault("status", { status: 500, when: (_, events) => events.length === 5, ...always }), "retry"],
    ["the second batch's answer is lost", () => intake.fault("reset after storing", { when: has(10), times: 1 }), "none", 10],
    ["R2 does not give the upload", () => (route.fault = once("r2.get", "fail", { prefix: "uploads/" })), "retry"],
    ["R2 does not give the positions", () => (route.fault = once("r2.get", "fail", { prefix: "progress/" })), "retry"],
    ["the upload cannot be deleted", () => (route.fault = once("r2.delete", "fail", { prefix: "uploads/" })), "retry"],
    ["the ledger does not know that it is done", () => (route.fault = nth("ledger", 4)), "none"],
  ]) {
    test(`${name}: every record arrives, ${repeated || "none"} twice`, async () => {
      const { upload, body } = fresh();
      await pushed(body);
      arrange();
      const [first] = await route.drain({ limit: 1 });
      if (decision === "none") assert.deepEqual(first, ACK);
      else assert.ok(first.retry >= (decision === "retry" ? 1 : decision), JSON.stringify(first));
      const [line] = route.lines("delivery").slice(-1);
      if (decision === 120) assert.ok(line.retry_after_s >= 120);
      intake.faults = [];
      for (const later of await route.drain()) assert.deepEqual(later, ACK);
      const account = accountOf(intake, upload);
      assert.deepEqual(account.missing, []);
      assert.equal(account.repeated.length, repeated);
      assert.deepEqual(await route.keys(), []);
    });
  }

  test("the waits double up to REDELIVERY_MAX_SECONDS", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 503, ...always });
    const waits = (await route.drain({ limit: 12 })).map(({ retry }) => retry);
    for (const [n, wait] of waits.entries()) {
      const full = Math.min(3600, Math.max(10 * 2 ** n, 30));
      assert.ok(wait >= Math.floor(full / 2) && wait <= full, `${waits}`);
    }
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });

  test("delivery goes on after the last record that the intake has", async () => {
    const { upload, body } = fresh(95);
    await pushed(body);
    for (const n of [30, 31, 70]) {
      intake.faults = [];
      intake.fault("status", { status: 500, when: has(n), ...always });
      await route.drain({ limit: 1 });
    }
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });

  test("without the ledger the positions are in R2, and removed in the end", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    intake.fault("status", { status: 500, when: has(20), ...always });
    const [first] = await route.drain({ limit: 1 });
    assert.ok(first.retry > 0);
    const [place] = await route.keys("progress/");
    const position = await (await (await route.bucket()).get(place)).json();
    assert.deepEqual(position.done, [[0, 20]]);
    intake.faults = [];
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
  });

  test("the ledger fails in the middle, and is back for the next attempt: both remember", async () => {
    const { upload, body } = fresh(45);
    await pushed(body);
    let asked = 0;
    route.fault = ({ op }) => (op === "ledger" && (asked += 1) > 2 ? "fail" : undefined);
    intake.fault("status", { status: 500, when: has(30), ...always });
    await route.drain({ limit: 1 });
    route.fault = () => undefined;
    intake.faults = [];
    assert.deepEqual(await route.drain(), [ACK]);
    await assertDone(upload);
  });

  test("one invocation's time is up: another one continues", async () => {
    const { upload, body } = fresh();
    const hasty = await startDurable({ intake, vars: { ...VARS, INVOCATION_MAX_MS: "0" } });
    try {
      assert.equal((await hasty.push(body)).status, 200);
      const decisions = await hasty.drain();
      assert.deepEqual(decisions, [ACK, ACK, ACK]);
      assert.equal(hasty.queue.sent, 3);
      assertEachOnce(intake, upload);
      assert.deepEqual(await hasty.keys(), []);
    } finally {
      await hasty.stop();
    }
  });

  test("a message with few attempts left is sent anew", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 503, ...always });
    const message = route.queue.take();
    const [decision] = await route.consume([{ ...message, attempts: 90 }]);
    assert.deepEqual(decision, ACK);
    const [anew] = route.queue.messages;
    assert.deepEqual(anew.body, message.body);
    assert.ok(anew.due > route.queue.seconds);
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });
});

/** Whether one of the events is that of record `n`. */
function has(n) {
  return (_, events) => events.some((text) => numberOf(JSON.parse(text)) === n);
}

/** The `n`th operation of a name fails. */
function nth(op, n) {
  let seen = 0;
  return (asked) => (asked.op === op && (seen += 1) === n ? "fail" : undefined);
}

describe("the queue repeats and loses", () => {
  test("a lost message: the sweep sends another", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    route.queue.messages = [];
    await route.sweep();
    assert.equal(route.queue.messages.length, 1);
    await route.drain();
    await assertDone(upload);
    await route.sweep();
    assert.equal(route.queue.messages.length, 0);
  });

  test("what is planned for later is not swept", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    intake.fault("status", { status: 503, ...always });
    await route.drain({ limit: 1 });
    await route.sweep();
    assert.equal(route.queue.messages.length, 1);
    intake.faults = [];
    await route.drain();
    await assertDone(upload);
  });

  test("two messages at the same time: one delivers, the other waits", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    const message = route.queue.take();
    const gate = intake.hold();
    const first = route.consume([message]);
    await intake.until(() => gate.waiting === 1);
    const [second] = await route.consume([{ ...message, id: "another" }]);
    const [third] = await route.consume([message]);
    assert.ok(second.retry >= 1 && third.retry >= 1, JSON.stringify([second, third]));
    gate.open();
    assert.deepEqual(await first, [ACK]);
    assert.deepEqual(await route.consume([{ ...message, id: "another", attempts: 2 }]), [ACK]);
    await assertDone(upload);
  });

  test("the same two without the ledger: the lease is beside the upload", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    const message = route.queue.take();
    const gate = intake.hold();
    const first = route.consume([message]);
    await intake.until(() => gate.waiting === 1);
    const [second] = await route.consume([{ ...message, id: "another" }]);
    assert.ok(second.retry >= 1, JSON.stringify(second));
    gate.open();
    assert.deepEqual(await first, [ACK]);
    assert.deepEqual(await route.consume([{ ...message, id: "another", attempts: 2 }]), [ACK]);
    await assertDone(upload);
  });

  test("a copy of what is delivered, left over by a crash, is deleted and not delivered", async () => {
    const { upload, body } = fresh();
    await pushed(body);
    const [key] = await route.keys();
    await route.drain();
    await route.put(key.replace(/T\d{9}Z/, "T000000000Z"), body);
    await route.sweep();
    await route.drain();
    await assertDone(upload);
  });

  test("one that takes long holds up no other of its batch", async () => {
    const slow = fresh();
    const quick = { records: 5, seed: 77_001, first: 5000 };
    await pushed(slow.body);
    await pushed(uploadOf(quick));
    const gate = intake.hold({ when: has(0) });
    const both = route.consume([route.queue.take(), route.queue.take()]);
    await intake.until(() => gate.waiting === 1 && accountOf(intake, quick).arrived === 5);
    gate.open();
    assert.deepEqual(await both, [ACK, ACK]);
    assertEachOnce(intake, slow.upload);
    assertEachOnce(intake, quick);
  });
});

describe("the process is killed", () => {
  test("in the middle of a delivery: it goes on where the ledger says", async () => {
    const persist = mkdtempSync(join(tmpdir(), "logpush-ecs-durable-"));
    const mortal = await startDurable({ intake, vars: VARS, persist });
    try {
      const { upload, body } = fresh(45);
      assert.equal((await mortal.push(body)).status, 200);
      const message = mortal.queue.take();
      const gate = intake.hold({ when: has(20) });
      const cut = mortal.consume([message]).catch(() => "cut");
      await intake.until(() => gate.waiting === 1);
      await mortal.kill();
      await cut;
      gate.open();
      intake.faults = [];
      assert.deepEqual(await mortal.consume([{ ...message, attempts: 2 }]), [ACK]);
      const account = accountOf(intake, upload);
      assert.deepEqual(account.missing, []);
      // The batch that was under way, and no other.
      assert.ok(account.repeated.every((n) => n >= 20 && n < 30), `${account.repeated}`);
      assert.deepEqual(await mortal.keys(), []);
    } finally {
      await mortal.stop();
      rmSync(persist, { recursive: true, force: true });
    }
  });

  test("again and again before the first record: a dead letter, and no more deaths", async () => {
    const { upload, body } = fresh();
    route.fault = ({ op }) => (op === "ledger" ? "fail" : undefined);
    await pushed(body);
    const [key] = await route.keys();
    const id = /-([0-9a-f]{32})\./.exec(key)[1];
    const lease = { message: "one that died", attempt: 1, until: 1 };
    await route.put(`progress/firewall_events/${id}.json`, JSON.stringify({ v: 1, key, cut_short: 9, lease }));
    assert.deepEqual(await route.drain(), [ACK]);
    assert.equal(accountOf(intake, upload).arrived, 0);
    const [letter] = (await route.operator("GET", "/api/dead-letters")).json.dead_letters;
    assert.match(letter.reason, /cut short 10 times/);
    assert.equal((await route.keys()).length, 1);
  });

  for (const [name, state] of [
    ["an earlier version, with other batches", { v: 1, done: [[0, 7], [12, 20]], attempts: 3, lease: null }],
    ["a later version, with more members", { v: 2, done: [[0, 20]], speed: "fast", finished: null }],
  ]) {
    test(`positions of ${name} are understood`, async () => {
      const { upload, body } = fresh();
      await pushed(body);
      const [key] = await route.keys();
      const id = /-([0-9a-f]{32})\./.exec(key)[1];
      await route.put(`progress/firewall_events/${id}.json`, JSON.stringify(state));
      assert.deepEqual(await route.drain(), [ACK]);
      const isDone = (n) => state.done.some(([from, to]) => n >= from && n < to);
      const { missing, repeated } = accountOf(intake, upload);
      assert.deepEqual(repeated, []);
      assert.deepEqual(missing, [...Array(25).keys()].filter(isDone));
      assert.deepEqual(await route.keys(), []);
    });
  }
});

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
    const broad = await startDurable({ intake, vars: {} });
    try {
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
    } finally {
      await broad.stop();
    }
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

describe("R2 first: Logpush writes to the bucket", () => {
  const key = (name) => `logpush/firewall_events/20260512/20260512T083000Z_20260512T083030Z_${name}.log.gz`;
  /** As R2 sends it: https://developers.cloudflare.com/r2/buckets/event-notifications/ */
  const notification = (object, action = "PutObject") => ({
    account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
    action,
    bucket: "logpush-ecs",
    object: { key: object.key, size: object.size, eTag: object.etag },
    eventTime: "2026-05-12T08:30:31.379Z",
  });

  test("a notification has its object delivered, once however often it comes", async () => {
    const { upload, body } = fresh();
    const object = await route.put(key("a"), body);
    const message = { id: "notified", body: notification(object), attempts: 1 };
    assert.deepEqual(await route.consume([message]), [ACK]);
    assert.deepEqual(await route.consume([{ ...message, id: "again" }]), [ACK]);
    await assertDone(upload);
  });

  test("a lost notification: the sweep finds the object, and the late notification nothing to do", async () => {
    const { upload, body } = fresh();
    const object = await route.put(key("b"), body);
    await route.sweep();
    assert.deepEqual(route.queue.messages.map((message) => message.body), [{ v: 1, key: object.key, etag: object.etag }]);
    await route.drain();
    assert.deepEqual(await route.consume([{ id: "late", body: notification(object), attempts: 1 }]), [ACK]);
    await assertDone(upload);
  });

  test("an object that was overwritten: each content by its own notification", async () => {
    const old = fresh();
    const next = { records: 5, seed: 77_002, first: 6000 };
    const first = await route.put(key("c"), old.body);
    const second = await route.put(key("c"), uploadOf(next));
    assert.deepEqual(await route.consume([{ id: "first", body: notification(first), attempts: 1 }]), [ACK]);
    assert.equal(intake.events.length, 0);
    assert.deepEqual(await route.consume([{ id: "second", body: notification(second), attempts: 1 }]), [ACK]);
    assertEachOnce(intake, next);
  });

  test("a dataset that there is not: a dead letter", async () => {
    const object = await route.put("logpush/no_such_dataset/x.log.gz", BODY);
    assert.deepEqual(await route.consume([{ id: "unknown", body: notification(object), attempts: 1 }]), [ACK]);
    const [letter] = (await route.operator("GET", "/api/dead-letters")).json.dead_letters;
    assert.match(letter.reason, /there is no dataset no_such_dataset/);
  });

  test("a notification of a deletion, or of our own objects, is acknowledged", async () => {
    const object = { key: key("d"), size: 1, etag: "x" };
    assert.deepEqual(await route.consume([{ id: "deleted", body: notification(object, "DeleteObject"), attempts: 1 }]), [ACK]);
    const ours = { ...object, key: "dead/firewall_events/x.upload" };
    assert.deepEqual(await route.consume([{ id: "ours", body: notification(ours), attempts: 1 }]), [ACK]);
    assert.equal(intake.requests.length, 0);
  });
});

describe("settings", () => {
  test("KEEP_DELIVERED_DAYS keeps what is delivered, and the sweep deletes it when it is old", async () => {
    const keeping = await startDurable({ intake, vars: { ...VARS, KEEP_DELIVERED_DAYS: "2" } });
    try {
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
      await bucket.put("delivered/2026/01/01/00/uploads/old", "x");
      await keeping.sweep();
      assert.deepEqual((await keeping.keys("delivered/")), [kept]);
    } finally {
      await keeping.stop();
    }
  });

  test("INTAKE_MAX_REQUESTS_PER_SECOND holds for all deliveries together", async () => {
    const perSecond = 20;
    const paced = await startDurable({
      intake,
      vars: { ...VARS, DELIVERIES_IN_FLIGHT: "6", INTAKE_MAX_REQUESTS_PER_SECOND: String(perSecond) },
    });
    try {
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
      assert.ok(times.at(-1) - times[0] >= (10.5 * 1000) / perSecond, `${times.at(-1) - times[0]} ms`);
    } finally {
      await paced.stop();
    }
  });

  for (const without of [["UPLOADS"], ["WORK"], ["LEDGER"], ["UPLOADS", "WORK"]]) {
    test(`without ${without.join(" and ")} nothing is taken, and the answer names it`, async () => {
      const half = await startDurable({ intake, vars: VARS, without });
      try {
        assertError(await half.push(BODY), 503, ...without);
        assert.equal((await half.worker.request("GET", "/health")).status, 503);
        assert.equal(intake.requests.length, 0);
      } finally {
        await half.stop();
      }
    });
  }

  test("without all three the direct route delivers while Logpush waits", async () => {
    const direct = await startDurable({ intake, vars: VARS, without: ["UPLOADS", "WORK", "LEDGER"] });
    try {
      const answer = await direct.push(BODY);
      assert.equal(answer.json.events, UPLOAD.records, answer.text);
      assertEachOnce(intake, UPLOAD);
      assertError(await direct.operator("GET", "/api/dead-letters"), 404);
      assertError(await direct.worker.request("GET", "/api/dead-letters"), 401);
    } finally {
      await direct.stop();
    }
  });

  test("a configuration that is wrong keeps messages waiting", async () => {
    const wrong = await startDurable({ intake, vars: { ...VARS, SHAPE: "round" } });
    try {
      assert.deepEqual(await wrong.consume([{ id: "one", body: { v: 1, key: "x" }, attempts: 1 }]), [{ retry: 300 }]);
    } finally {
      await wrong.stop();
    }
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
    // Nothing tells when the four have been noticed; before that this one is as any other.
    for (let tries = 0; tries < 200 && answer?.status !== 503; tries += 1) answer = await route.push(Buffer.alloc(PART, "x"));
    assertError(answer, 503, "too many uploads at once");
    assert.ok(Number(answer.headers["retry-after"]) >= 1);
  } finally {
    for (const request of open) request.destroy();
  }
});
