// Uploads at the same time in one isolate: none knows of the others.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake, setUp, worker } from "../support/direct.mjs";
import { accountOf, assertEachOnce, assertError, assertTaken } from "../support/expect.mjs";
import { numberOf, uploadOf } from "../support/generate.mjs";
import { SECRET, UPLOAD_PATH, answerOf } from "../support/worker.mjs";

const UPLOADS = Array.from({ length: 8 }, (_, n) => ({ records: 500 + n, seed: 90 + n, first: n * 1000 }));

setUp({ vars: { worker: { BATCH_MAX_RECORDS: "100", RETRY_BUDGET_MS: "10000" } } });

test("eight uploads at once", async () => {
  // All are under way before any is answered.
  const gate = intake.hold();
  const answers = UPLOADS.map((upload) => worker.push(uploadOf(upload)));
  await intake.until(() => gate.waiting >= UPLOADS.length);
  gate.open();
  for (const [n, answer] of (await Promise.all(answers)).entries()) {
    assertTaken(answer, UPLOADS[n].records);
    assertEachOnce(intake, UPLOADS[n]);
  }
  const lines = await Promise.all(UPLOADS.map(() => worker.log()));
  assert.deepEqual(lines.map(({ records }) => records).sort(), UPLOADS.map(({ records }) => records));
});

test("what goes wrong in some uploads leaves the others alone", async () => {
  const [refused, rejected, cut, corrupt, ...fine] = UPLOADS;
  const of =
    ({ first }, offset = 0) =>
    (text) =>
      numberOf(JSON.parse(text)) === first + offset && !text.includes("pipeline_error");
  intake.fault("poison", { refuse: of(refused, 7), when: (_, events) => events.some(of(refused, 7)), times: Infinity });
  intake.fault("status", { status: 403, when: (_, events) => events.some(of(rejected)), times: Infinity });

  const half = uploadOf(cut).subarray(0, 5000);
  const request = worker.open("POST", UPLOAD_PATH, { "x-logpush-secret": SECRET, "content-length": half.length * 2 });
  const gone = answerOf(request).catch(() => undefined);
  request.write(half, () => request.destroy());

  const [one, two, three, ...others] = await Promise.all([
    worker.push(uploadOf(refused)),
    worker.push(uploadOf(rejected)),
    worker.push(uploadOf(corrupt).subarray(0, -5)),
    ...fine.map((upload) => worker.push(uploadOf(upload))),
  ]);
  assertTaken(one, refused.records, { refused: 1 });
  assertError(two, 502, "403");
  assertError(three, 400);
  assert.notEqual((await gone)?.status, 200);
  assert.ok(accountOf(intake, refused).arrived >= refused.records - 1);
  for (const [n, answer] of others.entries()) {
    assertTaken(answer, fine[n].records);
    assertEachOnce(intake, fine[n]);
  }
});
