// What a client can do to its connection in the middle of an upload. It may not live to read an
// answer, so the log is asked too: nothing that was cut is ever taken for a whole upload.

import assert from "node:assert/strict";
import { test } from "node:test";

import { intake, setUp, workers } from "../support/direct.mjs";
import { assertEachOnce, assertTaken } from "../support/expect.mjs";
import { ndjsonOf, uploadOf } from "../support/generate.mjs";
import { SECRET, UPLOAD_PATH, answerOf } from "../support/worker.mjs";

const UPLOAD = { records: 50, seed: 25 };
const PLAIN = ndjsonOf(UPLOAD);
const GZIP = uploadOf(UPLOAD);
const FIRST_LINE = PLAIN.subarray(0, PLAIN.indexOf("\n") + 1);

/** A request tells that its client has gone: not yet with the date in wrangler.toml, but soon. */
const FLAGS = { none: [], enable_request_signal: ["enable_request_signal", "request_signal_passthrough"] };

setUp({ vars: { none: {}, enable_request_signal: {} }, flags: FLAGS });

const end = (socket) => socket.end();
const reset = (socket) => socket.resetAndDestroy();

for (const flag of Object.keys(FLAGS)) for (const [name, body, headers, leave] of [
  ["gzip shorter than Content-Length", GZIP.subarray(0, -30), { "content-length": GZIP.length }, end],
  ["gzip shorter than Content-Length, yet whole", GZIP, { "content-length": GZIP.length + 1 }, end],
  ["plain shorter than Content-Length", PLAIN.subarray(0, 20_000), { "content-length": PLAIN.length }, end],
  ["plain cut between two lines", FIRST_LINE, { "content-length": PLAIN.length }, end],
  ["no body at all", Buffer.alloc(0), { "content-length": GZIP.length }, end],
  ["chunked gzip without an end", GZIP.subarray(0, -30), {}, end],
  ["gzip and a reset", GZIP.subarray(0, -30), { "content-length": GZIP.length }, reset],
  ["plain and a reset", PLAIN.subarray(0, 20_000), { "content-length": PLAIN.length }, reset],
  ["plain cut between two lines and a reset", FIRST_LINE, { "content-length": PLAIN.length }, reset],
]) {
  test(`never 200, flag ${flag}: ${name}`, async () => {
    const worker = workers[flag];
    const request = worker.open("POST", UPLOAD_PATH, { "x-logpush-secret": SECRET, ...headers });
    const answered = answerOf(request).catch(() => undefined);
    request.flushHeaders();
    await new Promise((resolve) => request.write(body, resolve));
    leave(request.socket);
    const answer = await answered;
    assert.notEqual(answer?.status, 200, answer?.text);

    // The next upload finds a Worker in order, and is the only one that the log calls a success.
    await intake.reset();
    assertTaken(await worker.push(GZIP), UPLOAD.records);
    assertEachOnce(intake, UPLOAD);
    let line;
    do line = await worker.log();
    while (line.status !== 200);
    assert.deepEqual([line.records, line.bytes_received], [UPLOAD.records, GZIP.length]);
  });
}
