// A short run of `npm run chaos`: everything goes wrong at random, and nothing is lost.

import assert from "node:assert/strict";
import { test } from "node:test";

import { chaos, isSound } from "../support/durable/chaos.mjs";

for (const [seed, to] of [[1, "sekoia"], [2, "http"]]) {
  test(`seed ${seed}, ${to}, elasticsearch and splunk: every record is at the destination or in a dead letter, and none that was noted comes twice`, async () => {
    const { injected, result } = await chaos({ seed, uploads: 30, most: 2_000, kills: 3, to });
    const told = JSON.stringify({ injected, result });
    assert.ok(isSound(result), told);
    assert.equal(result.kills, 3, told);
    // What has ids of ours stores nothing twice; what has none may be sent twice.
    const { archive, default: first, lake } = result.destinations;
    assert.deepEqual([archive.kind, first.kind, lake.kind], ["elasticsearch", to, "splunk"], told);
    assert.equal(archive.duplicates, 0, told);
    assert.ok(first.duplicates > 0, told);
    // The archive has rules: what they drop is no record that is missing, and counted.
    assert.ok(archive.dropped > 0 && archive.dropped < archive.records, told);
    assert.ok(injected["seconds of outage"] >= 86_400, told);
    assert.ok(Object.keys(injected).length >= 12, told);
  });
}
