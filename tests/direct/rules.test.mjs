// Rules on the direct route: what is dropped is counted and not sent, what is hidden is in no event.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertError, assertTaken } from "../support/expect.mjs";

const RULES = [
  { name: "only-blocks", where: { key: "Action", operator: "!eq", value: "block" }, action: "drop" },
  { name: "addresses", fields: { ip: "truncate" } },
];

setUp({
  vars: {
    worker: { RULES, PSEUDONYM_KEY: "0123456789abcdef0123456789abcdef" },
    keyless: { RULES },
    wrong: { RULES: [{ name: "typo", acton: "drop" }] },
  },
});

const upload = ["block", "log", "block", "allow"].map((Action, n) => JSON.stringify({ Action, ClientIP: "203.0.113.77", RuleID: String(n) })).join("\n");

test("records are dropped and counted, and addresses are cut", async () => {
  assertTaken(await worker.push(upload), 4, { events: 2, dropped: 2 });
  assert.deepEqual(intake.events.map(({ document }) => document.rule.id).sort(), ["0", "2"]);
  for (const { text, document } of intake.events) {
    assert.equal(document.source.ip, "203.0.113.0");
    assert.ok(!text.includes("203.0.113.77"), text);
  }
});

test("an upload of which nothing is left is taken", async () => {
  const answer = await worker.push('{"Action":"log"}\n{"Action":"allow"}\n');
  assert.deepEqual(answer.json, { dataset: "firewall_events", records: 2, events: 0, dropped: 2, errors: 0, refused: 0, batches: 0 });
  assert.equal(intake.events.length, 0);
});

test("without its key, or with a rule that is wrong, nothing is sent, and it is said why", async () => {
  assertError(await workers.keyless.push(upload), 503, "PSEUDONYM_KEY is not set");
  assertError(await workers.wrong.push(upload), 503, "`acton` is no part of a rule, perhaps `action`");
  assert.equal(intake.events.length, 0);
});
