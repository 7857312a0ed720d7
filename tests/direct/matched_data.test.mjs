// MATCHED_DATA_PRIVATE_KEYS: payloads of WAF rules, decrypted in the Worker.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertTaken } from "../support/expect.mjs";
import { PRIVATE_KEY, seal } from "../support/matched_data.mjs";

const KEYS = `${Buffer.alloc(32, 7).toString("base64")}, ${PRIVATE_KEY}`;
const PAYLOAD = { "http.request.uri.query": { Before: "id=", Content: "1 OR 1=1", After: "" } };
const record = (blob) => JSON.stringify({ Action: "block", ClientIP: "192.0.2.7", Metadata: { encrypted_matched_data: blob } });

setUp({
  vars: {
    worker: { MATCHED_DATA_PRIVATE_KEYS: KEYS, SENSITIVE_VALUES: "shown" },
    masked: { MATCHED_DATA_PRIVATE_KEYS: KEYS },
    wrong: { MATCHED_DATA_PRIVATE_KEYS: "c2VjcmV0" },
  },
});

test("payloads are decrypted, and what cannot be is tagged and counted", async () => {
  const body = [seal(JSON.stringify(PAYLOAD)), "truncated"].map(record).join("\n");
  assertTaken(await worker.push(body), 2);
  const [decrypted, kept] = intake.events.map(({ document }) => document);
  assert.deepEqual(decrypted.cloudflare.metadata, { matched_data: PAYLOAD });
  assert.deepEqual(kept.cloudflare.metadata, { encrypted_matched_data: "truncated" });
  assert.ok(kept.tags.includes("matched_data_undecrypted"));
  const line = await worker.log();
  assert.equal(line.matched_data_decrypted, 1);
  assert.deepEqual(line.matched_data_undecrypted, { truncated: 1 });
  assert.ok(!JSON.stringify(line).includes("1 OR 1=1"));
});

test("they are masked unless sensitive values are shown", async () => {
  assertTaken(await workers.masked.push(record(seal(JSON.stringify(PAYLOAD)))), 1);
  assert.deepEqual(intake.events[0].document.cloudflare.metadata, { matched_data: "[masked]" });
});

test("a key that is none is named, and not shown", async () => {
  const answer = await workers.wrong.push(record("x"));
  assert.notEqual(answer.status, 200);
  assert.ok(answer.text.includes("MATCHED_DATA_PRIVATE_KEYS") && !answer.text.includes("c2VjcmV0"), answer.text);
});
