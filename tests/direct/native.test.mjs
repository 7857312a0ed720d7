// SHAPE=native: the raw record, with what SEKOIA.IO's own Cloudflare format needs to read it right.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake, setUp, worker } from "../support/direct.mjs";
import { assertEachOnce, assertTaken } from "../support/expect.mjs";
import { TIMESTAMP_FORMATS, lineOf, numberOf, recordsOf, uploadOf } from "../support/generate.mjs";

setUp({ vars: { worker: { SHAPE: "native" } } });

for (const timestamps of TIMESTAMP_FORMATS) {
  test(`the record with repaired time and aliases, times as ${timestamps}`, async () => {
    const options = { records: 200, seed: 61, timestamps };
    assertTaken(await worker.push(uploadOf(options)), options.records);
    assertEachOnce(intake, options);

    const wholeSeconds = timestamps === "unix" || timestamps === "rfc3339";
    const nanos = [...recordsOf({ ...options, timestamps: "unixnano" })].map(({ Datetime }) =>
      wholeSeconds ? Datetime - (Datetime % 1_000_000_000n) : Datetime,
    );
    const records = [...recordsOf(options)];
    for (const { text, document } of intake.events) {
      const n = numberOf(document);
      // As text: the integer is beyond what a JavaScript number holds.
      assert.ok(text.includes(`"Datetime":${nanos[n]},`), text);
      const { Datetime: _, RuleId, clientASNDescription, matchIndex, metadata, ClientRequestReferer, ...rest } = document;
      const { Datetime: __, ...expected } = records[n];
      assert.deepEqual(rest, expected);
      assert.equal(RuleId, expected.RuleID);
      assert.equal(clientASNDescription, expected.ClientASNDescription || undefined);
      assert.equal(matchIndex, expected.MatchIndex);
      assert.deepEqual(metadata, expected.Metadata);
      assert.equal(ClientRequestReferer, refererOf(expected));
    }
  });
}

function refererOf({ ClientRefererScheme, ClientRefererHost, ClientRefererPath, ClientRefererQuery }) {
  if (!ClientRefererHost) return undefined;
  return `${ClientRefererScheme}://${ClientRefererHost}${ClientRefererPath}${ClientRefererQuery}`;
}

test("an empty Source is removed, and a bad line is an error document", async () => {
  const [record] = recordsOf({ records: 1, seed: 62 });
  const answer = await worker.push(`${lineOf({ ...record, Source: "" })}\nnot a record\n`);
  assertTaken(answer, 2, { errors: 1 });
  const [repaired, error] = intake.events.map(({ document }) => document);
  assert.ok(!("Source" in repaired));
  assert.equal(error.event.kind, "pipeline_error");
  assert.equal(error.event.original, "not a record");
});
