// What becomes of an upload when the intake misbehaves: which records arrived, how often, and
// what Logpush was told.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { intake, setUp, workers } from "../support/direct.mjs";
import { accountOf, assertEachOnce, assertError, assertTaken } from "../support/expect.mjs";
import { numberOf, uploadOf } from "../support/generate.mjs";
import { INTAKE_KEY, startIntake } from "../support/intake.mjs";

/** Two batches of ten. */
const UPLOAD = { records: 20, seed: 41 };
const BODY = uploadOf(UPLOAD);
const DATASET_KEY = "key-of-firewall-events";

const VARS = { BATCH_MAX_RECORDS: "10", RETRY_BUDGET_MS: "10000" };

let elsewhere;

setUp({
  intake: { key: [INTAKE_KEY, DATASET_KEY] },
  vars: async ({ url }) => ({
    usual: VARS,
    // Long enough that only a request that hangs reaches it, or one on a very slow machine.
    impatient: { ...VARS, INTAKE_TIMEOUT_MS: "1000" },
    // No budget: the first failure is final, on a machine of any speed.
    hopeless: { ...VARS, RETRY_BUDGET_MS: "0" },
    alone: { ...VARS, SEKOIA_INTAKE_URL: await urlOfNobody(), RETRY_BUDGET_MS: "0" },
    byBytes: { ...VARS, BATCH_MAX_RECORDS: "1000", BATCH_MAX_BYTES: "20000", DOCUMENT_MAX_BYTES: "20000" },
    regional: { ...VARS, SEKOIA_INTAKE_URL: `${url}/api/v1/intake-http` },
    ownKey: { ...VARS, SEKOIA_INTAKE_KEY_FIREWALL_EVENTS: DATASET_KEY },
    onlyOwnKey: { ...VARS, SEKOIA_INTAKE_KEY: undefined, SEKOIA_INTAKE_KEY_FIREWALL_EVENTS: DATASET_KEY },
    wrongKey: { ...VARS, SEKOIA_INTAKE_KEY: "key-of-somebody-else" },
  }),
});

before(async () => {
  elsewhere = await startIntake();
});

after(() => elsewhere?.close());

beforeEach(() => elsewhere.reset());

/** Where nobody listens. */
async function urlOfNobody() {
  const closed = await startIntake();
  await closed.close();
  return closed.url;
}

/** Refuses the records of these numbers, but not the error documents that take their places. */
const refuses =
  (...numbers) =>
  (text) => {
    const document = JSON.parse(text);
    return document.event.kind === "event" && numbers.includes(numberOf(document));
  };

/** Whether one of the events is that of record `n`. */
const holds = (n) => (_, events) => events.some(refuses(n));
const always = { times: Infinity };
const html = "<!doctype html><title>Sign in</title>";

/**
 * Faults that pass: Logpush is told 200, and nothing is missing. These are the ones that need a connection; what
 * follows from each answer is in crates/delivery/tests/suite/faults.rs.
 */
const PASSING = [
  { name: "no fault", faults: [], requests: 2 },
  { name: "a reset", faults: [["reset"]], requests: 3 },
  { name: "a reset after storing", faults: [["reset after storing"]], requests: 3, repeated: 10 },
  { name: "no answer in time", worker: "impatient", faults: [["hang"]], requests: 3 },
  { name: "a body that is not read", worker: "impatient", faults: [["stops reading"]], requests: 3 },
  { name: "half an answer", faults: [["half an answer"]], requests: 3 },
];

describe("faults that pass", () => {
  for (const { name, worker = "usual", faults, requests, repeated = 0 } of PASSING) {
    test(`${name}: 200, nothing missing`, async () => {
      for (const [fault, options] of faults) intake.fault(fault, options);
      assertTaken(await workers[worker].push(BODY), UPLOAD.records);
      const account = accountOf(intake, UPLOAD);
      assert.deepEqual(account.missing, []);
      if (worker === "impatient") {
        // On a very slow machine a request that does not hang may run into the timeout too.
        assert.ok(intake.requests.length >= requests, `${intake.requests.length} requests`);
        return;
      }
      assert.equal(account.repeated.length, repeated);
      assert.ok(account.most <= 2);
      assert.equal(intake.requests.length, requests);
    });
  }
});

test("an answer that is slow, but in time, is waited for", async () => {
  const gate = intake.hold();
  const answer = workers.usual.push(BODY);
  await intake.until(() => gate.waiting === 2);
  gate.open();
  assertTaken(await answer, UPLOAD.records);
  assertEachOnce(intake, UPLOAD);
  assert.equal(intake.requests.length, 2);
});

test("Retry-After is waited for", async () => {
  // The first batch alone is delayed: the gap between its two requests is what counts.
  intake.fault("status", { status: 429, when: holds(0), headers: { "retry-after": "1" } });
  assertTaken(await workers.usual.push(BODY), UPLOAD.records);
  assertEachOnce(intake, UPLOAD);
  const [early, late] = intake.requests.filter(({ text }) => refuses(0)(text.split("\n")[0]));
  assert.ok(late.at - early.at >= 950, `${late.at - early.at} ms`);
});

/** Faults that do not pass: what Logpush is told, with which words, after how many requests at most. */
const LASTING = [
  { name: "503 for one of the batches", faults: [["status", { status: 503, when: holds(15), ...always }]], status: 503 },
  {
    name: "a Retry-After beyond the budget",
    faults: [["status", { status: 429, headers: { "retry-after": "77" }, ...always }]],
    status: 503,
    requests: 2,
    retryAfter: [77, 77],
  },
  { name: "nobody listens", worker: "alone", faults: [], status: 503 },
  { name: "a wrong key", worker: "wrongKey", faults: [], status: 502, words: ["401", "invalid intake key"], requests: 2 },
];

describe("faults that last", () => {
  for (const { name, worker = "hopeless", faults, status, words = [], requests = Infinity, retryAfter } of LASTING) {
    test(`${name}: ${status}`, async () => {
      for (const [fault, options] of faults) intake.fault(fault, options);
      const answer = await workers[worker].push(BODY);
      assertError(answer, status, ...words);
      assert.ok(!answer.text.includes(INTAKE_KEY));
      const wait = Number(answer.headers["retry-after"]);
      const [shortest, longest] = retryAfter ?? [1, 30];
      if (status === 503) assert.ok(wait >= shortest && wait <= longest, `Retry-After: ${wait}`);
      assert.ok(intake.requests.length <= requests, `${intake.requests.length} requests`);
      // Logpush sends it again, and the intake has recovered.
      if (worker === "hopeless") {
        intake.faults = [];
        assertTaken(await workers[worker].push(BODY), UPLOAD.records);
        assert.deepEqual(accountOf(intake, UPLOAD).missing, []);
      }
    });
  }
});

test("the intake's words are short and without the key", async () => {
  const body = `${INTAKE_KEY} is not welcome ${"blah ".repeat(2000)}`;
  intake.fault("status", { status: 403, body, ...always });
  const answer = await workers.hopeless.push(BODY);
  assertError(answer, 502, "is not welcome");
  assert.ok(!answer.text.includes(INTAKE_KEY), answer.text);
  assert.ok(answer.text.length < 1000, `${answer.text.length} characters`);
});

test("a redirect is not followed: it would take the key along", async () => {
  intake.fault("status", { status: 307, headers: { location: `${elsewhere.url}/plain/batch` }, times: Infinity });
  assertError(await workers.hopeless.push(BODY), 502, "307");
  assert.equal(elsewhere.requests.length, 0);
});

/** Events that the intake does not want, and how it says so. */
const POISON = [
  ["400 for the batch", "poison", { status: 400 }, [7, 8]],
  ["fewer ids than events", "partial", {}, [9, 10, 19]],
];

describe("events that are refused for their content", () => {
  for (const [name, fault, options, numbers] of POISON) {
    test(`${name}, events ${numbers}: replaced, and the others arrive`, async () => {
      intake.fault(fault, { refuse: refuses(...numbers), times: Infinity, ...options });
      assertTaken(await workers.usual.push(BODY), UPLOAD.records, { refused: numbers.length });

      const errors = intake.events.map(({ document }) => document).filter(({ event }) => event.kind === "pipeline_error");
      assert.equal(errors.length, numbers.length);
      for (const { event, error, ...rest } of errors) {
        assert.ok(error.message);
        assert.ok(event.original.startsWith("{"));
        assert.equal(event.dataset, "firewall-events");
        assert.ok(rest["@timestamp"]);
      }
      const arrived = intake.events.filter(({ document }) => document.event.kind === "event");
      const others = new Set(arrived.map(({ document }) => numberOf(document)));
      assert.equal(others.size, UPLOAD.records - numbers.length);
      for (const n of numbers) assert.ok(!others.has(n));
      // A status for the whole batch says that nothing of it was stored: nothing is sent twice.
      if (fault === "poison") assert.equal(arrived.length, others.size);
    });
  }

  test("what offends in an event offends in its stand-in too: a smaller one is taken, and the others arrive", async () => {
    // As a firewall before the intake would do it, which reads texts and no JSON.
    const refuse = (text) => text.includes("etc/passwd");
    intake.fault("poison", { refuse, times: Infinity });
    const answer = await workers.usual.push('{"RayID":"1","ClientRequestPath":"/etc/passwd"}\n{"RayID":"2"}\n');
    assertTaken(answer, 2, { refused: 1 });
    const [first, second] = intake.events.map(({ document }) => document).sort((a, b) => (a.event.kind < b.event.kind ? -1 : 1));
    assert.equal(first.cloudflare.RayID, "2");
    assert.equal(second.event.kind, "pipeline_error");
    assert.ok(second.error.message);
  });
});

test("requests are as the intake wants them", async () => {
  assertTaken(await workers.usual.push(BODY), UPLOAD.records);
  assert.equal(intake.requests.length, 2);
  for (const { method, path, headers, text, bytes } of intake.requests) {
    assert.equal(method, "POST");
    assert.equal(path, "/plain/batch");
    assert.equal(headers["x-sekoiaio-intake-key"], INTAKE_KEY);
    assert.equal(headers["content-encoding"], "gzip");
    assert.equal(headers["content-length"], String(bytes));
    assert.equal(text.split("\n").length, 10);
    assert.ok(!text.endsWith("\n"));
    assert.equal(headers["x-logpush-secret"], undefined);
  }
});

test("batches keep to BATCH_MAX_BYTES and are filled", async () => {
  const upload = { records: 200, seed: 42 };
  assertTaken(await workers.byBytes.push(uploadOf(upload)), upload.records);
  assertEachOnce(intake, upload);
  const sizes = intake.requests.map(({ plainBytes }) => plainBytes).sort((a, b) => a - b);
  assert.ok(sizes.at(-1) <= 20_000, `${sizes}`);
  // Only the last batch may be small.
  assert.ok(sizes[1] > 15_000, `${sizes}`);
});

for (const [worker, path, key] of [
  ["regional", "/api/v1/intake-http/plain/batch", INTAKE_KEY],
  ["ownKey", "/plain/batch", DATASET_KEY],
  ["onlyOwnKey", "/plain/batch", DATASET_KEY],
]) {
  test(`${worker}: ${path} with its key`, async () => {
    assertTaken(await workers[worker].push(BODY), UPLOAD.records);
    assertEachOnce(intake, UPLOAD);
    for (const request of intake.requests) {
      assert.equal(request.path, path);
      assert.equal(request.headers["x-sekoiaio-intake-key"], key);
    }
  });
}

test("a dataset that no key is for: the answer names the variables, and nothing is sent", async () => {
  const answer = await workers.onlyOwnKey.push('{"QueryName":"example.com","Timestamp":1767323045}\n', { path: "/logpush/dns_logs" });
  assertError(answer, 503, "SEKOIA_INTAKE_KEY_DNS_LOGS", "SEKOIA_INTAKE_KEY");
  assert.equal(intake.requests.length, 0);
});

describe("faults at random: what was told 200 is there", () => {
  for (const seed of [1, 2]) {
    test(`seed ${seed}`, async () => {
      let state = seed;
      const oneIn = (n) => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return (state >>> 16) % n === 0;
      };
      intake.fault("partial", { refuse: refuses(50, 151), when: () => oneIn(2), times: Infinity });
      for (const [fault, options] of [
        ["reset", {}],
        ["reset after storing", {}],
        ["half an answer", {}],
        ["status", { status: 429 }],
        ["status", { status: 500 }],
        ["status", { status: 413 }],
        ["garbage", { body: html }],
      ]) {
        // Never 413 for a single event: that would be its own fault.
        intake.fault(fault, { ...options, when: (_, events) => events.length > 1 && oneIn(10), times: Infinity });
      }
      const upload = { records: 200, seed };
      const answer = await workers.usual.push(uploadOf(upload));
      assert.ok([200, 502, 503].includes(answer.status), answer.text);
      const { missing } = accountOf(intake, upload);
      if (answer.status !== 200) return;
      const errors = intake.events.filter(({ document }) => document.event.kind === "pipeline_error");
      assert.ok(missing.every((n) => n === 50 || n === 151), `missing: ${missing}`);
      assert.ok(errors.length >= missing.length);
      assert.ok(answer.json.refused >= missing.length);
    });
  }
});
