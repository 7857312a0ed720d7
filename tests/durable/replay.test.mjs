// What docs/operations.md says of replaying: an upload that was delivered is put where Logpush would
// write, and the sweep has it delivered once more, with the ids that it had.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startDurable } from "../support/durable/harness.mjs";
import { accountOf } from "../support/expect.mjs";
import { uploadOf } from "../support/generate.mjs";
import { startIntake } from "../support/intake.mjs";

const UPLOAD = { records: 5, seed: 3 };

test("a delivered upload that is put below logpush/ is delivered again, with the same ids", async () => {
  const intake = await startIntake();
  const route = await startDurable({ intake, vars: { KEEP_DELIVERED_DAYS: "1" } });
  try {
    const body = uploadOf(UPLOAD);
    assert.equal((await route.push(body)).status, 200);
    await route.drain();
    const ids = intake.events.map(({ document }) => document.event.id).sort();
    assert.equal(ids.length, UPLOAD.records);
    const [kept] = await route.keys("delivered/");
    const object = await (await route.bucket()).get(kept);
    await intake.reset();

    // As a file it is recognised.
    assert.equal((await route.push(body)).json.duplicate, true);
    await route.drain();
    assert.equal(intake.events.length, 0);

    await route.put("logpush/firewall_events/replay/1.gz", Buffer.from(await object.arrayBuffer()));
    await route.sweep();
    await route.drain();
    assert.deepEqual(intake.events.map(({ document }) => document.event.id).sort(), ids);
    assert.deepEqual(accountOf(intake, UPLOAD).missing, []);
    assert.deepEqual(await route.keys("logpush/"), []);
  } finally {
    await route.stop();
    await intake.close();
  }
});
