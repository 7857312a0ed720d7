// What Cloudflare sends when a job is created or its destination changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertError, assertTaken } from "../support/expect.mjs";
import { UPLOAD_PATH } from "../support/worker.mjs";

setUp({ vars: { worker: {}, broken: { SEKOIA_INTAKE_KEY: undefined, SHAPE: "round" }, native: { SHAPE: "native" } } });

const WRONG = { "x-logpush-secret": "secret-of-another-job" };

const VARIANTS = [
  ["tests", gzipSync('{"content":"tests"}')],
  ["tests, with a newline", gzipSync('{"content":"tests"}\n')],
  ["test", gzipSync('{"content":"test"}')],
  ["with a file name", gzipSync('{"content":"test","filename":"test.txt"}')],
  ["with a file name first", gzipSync('{"filename":"test.txt.gz","content":"tests"}')],
  ["with spaces", gzipSync(' { "content" : "tests" } \r\n')],
  ["an object, not compressed", '{"content":"test"}'],
  ["four bytes, not compressed", "test"],
  ["four bytes and a newline, not compressed", "test\r\n"],
  ["four bytes, compressed", gzipSync("test")],
];

for (const [name, body] of VARIANTS) {
  test(`${name}: answered 200 and forwarded nowhere`, async () => {
    for (const path of [UPLOAD_PATH, "/logpush"]) {
      for (const worker of [workers.worker, workers.native]) {
        const answer = await worker.push(body, { path });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.json.destination_test, true);
      }
    }
    const { dataset } = (await worker.push(body)).json;
    assert.equal(dataset, "firewall_events");
    assert.equal(intake.requests.length, 0);
  });

  test(`${name}: a wrong secret, a bad configuration and an unknown dataset fail it`, async () => {
    assertError(await worker.push(body, { headers: WRONG }), 401);
    assertError(await workers.broken.push(body), 503, "SEKOIA_INTAKE_KEY", "SHAPE");
    assertError(await worker.push(body, { path: "/logpush/no_such_dataset" }), 404, "firewall_events");
    assert.equal(intake.requests.length, 0);
  });
}

// Near misses are uploads: `errors` of their lines are no records.
for (const [name, body, records, errors] of [
  ["two lines, the first like the test", '{"content":"test"}\n{"RayID":"7299f155dda47d6b"}\n', 2, 0],
  ["the test twice", '{"content":"tests"}\n{"content":"tests"}\n', 2, 0],
  ["one more key", '{"content":"test","RayID":"7299f155dda47d6b"}', 1, 0],
  ["a file name alone", '{"filename":"test.txt"}', 1, 0],
  ["another key", '{"contents":"test"}', 1, 0],
  ["test twice", "test\ntest\n", 2, 2],
  ["another word", "testing", 1, 1],
  ["a JSON text", '"test"', 1, 1],
]) {
  test(`${name}: delivered`, async () => {
    for (const upload of [body, gzipSync(body)]) {
      await intake.reset();
      assertTaken(await worker.push(upload), records, { errors });
      assert.equal(intake.events.length, records);
    }
  });
}
