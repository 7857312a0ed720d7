// A stand-in SEKOIA.IO intake that costs as little as it can: a process of its own, which counts
// the events of a batch when it sees it for the first time and knows it again by its gzip trailer
// (checksum and length of the plain bytes). Every round sends the same batches, so that measured
// rounds find all of them known.

import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

const TRAILER_BYTES = 8;
const LINE_FEED = 0x0a;

const known = new Map();
let counts;
reset();

function reset() {
  counts = { events: 0, requests: 0, bytes: 0 };
}

function eventsOf(body) {
  const plain = gunzipSync(body);
  let events = 1;
  for (let at = plain.indexOf(LINE_FEED); at >= 0; at = plain.indexOf(LINE_FEED, at + 1)) events += 1;
  return events;
}

function batchOf(body) {
  const key = `${body.length} ${body.toString("latin1", body.length - TRAILER_BYTES)}`;
  let batch = known.get(key);
  if (!batch) {
    const events = eventsOf(body);
    batch = { events, answer: JSON.stringify({ event_ids: Array(events).fill("00000000-0000-0000-0000-000000000000") }) };
    known.set(key, batch);
  }
  return batch;
}

const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const { events, answer } = batchOf(body);
  counts.events += events;
  counts.requests += 1;
  counts.bytes += body.length;
  response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

process.on("disconnect", () => process.exit());
process.on("message", () => {
  process.send(counts);
  reset();
});
process.send({ url: `http://127.0.0.1:${server.address().port}` });
