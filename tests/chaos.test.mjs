// A short run of `npm run chaos`: everything goes wrong at random, and nothing is lost.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chaos } from "./durable/chaos.mjs";

for (const seed of [1, 2]) {
  test(`seed ${seed}: every record is at the intake or in a dead letter`, async () => {
    const { injected, result } = await chaos({ seed, uploads: 30, most: 2_000, kills: 3 });
    const told = JSON.stringify({ injected, result });
    assert.equal(result.missing, 0, told);
    assert.equal(result.lost, 0, told);
    assert.equal(result.duplicates_with_other_ids, 0, told);
    assert.equal(result.left, 0, told);
    assert.equal(result.errors, 0, told);
    assert.equal(result.kills, 3, told);
    assert.ok(result.duplicates <= result.excused, told);
    assert.ok(injected["seconds of outage"] >= 86_400, told);
    assert.ok(Object.keys(injected).length >= 12, told);
  });
}
