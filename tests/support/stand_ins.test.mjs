// What is delivered to a stand-in is found there again, by kind.

import assert from "node:assert/strict";
import { test } from "node:test";

import { API_KEY } from "./elasticsearch.mjs";
import { INTAKE_KEY } from "./intake.mjs";
import { TOKEN } from "./splunk.mjs";
import { STAND_INS, destination } from "./stand_ins.mjs";

const eventOf = (id) => ({ "@timestamp": "2026-01-02T03:04:05Z", event: { id } });
const EVENTS = ["a", "b"].map(eventOf);
const lines = (values) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** How two events are delivered to each, and as which destination `soc`. */
const DELIVERIES = {
  sekoia: {
    path: "/plain/batch",
    headers: { "x-sekoiaio-intake-key": INTAKE_KEY },
    body: lines(EVENTS),
    secret: "SOC_INTAKE_KEY",
  },
  http: { path: "/sink", headers: {}, body: lines(EVENTS) },
  elasticsearch: {
    path: "/_bulk",
    headers: { authorization: `ApiKey ${Buffer.from(API_KEY).toString("base64")}`, "content-type": "application/x-ndjson" },
    body: lines(EVENTS.flatMap((event) => [{ create: { _index: "logs-cloudflare.dns_logs-default", _id: event.event.id } }, event])),
    secret: "SOC_API_KEY",
  },
  splunk: {
    path: "/services/collector/event",
    headers: { authorization: `Splunk ${TOKEN}` },
    body: lines(EVENTS.map((event) => ({ event }))),
    secret: "SOC_TOKEN",
  },
};

test("every stand-in is tried here", () => {
  assert.deepEqual(Object.keys(DELIVERIES).sort(), Object.keys(STAND_INS).sort());
});

for (const [kind, { path, headers, body, secret }] of Object.entries(DELIVERIES)) {
  test(`${kind}: two events are found again, and each by its id`, async () => {
    const standIn = await STAND_INS[kind].start({});
    try {
      const answer = await fetch(standIn.url + path, { method: "POST", headers, body });
      assert.ok(answer.ok, await answer.text());
      for (const [id, count] of [["a", 1], ["b", 1], ["c", 0]]) {
        const { question, total, found } = await STAND_INS[kind].find(standIn, id);
        assert.deepEqual([total, found], [EVENTS.length, count], id);
        assert.ok(question.includes(id));
      }
      assert.equal(standIn.requests[0].text, body);
      const { table, secrets } = destination("soc", kind, standIn);
      assert.equal(table.kind, kind);
      assert.ok(table.url.startsWith(standIn.url));
      assert.deepEqual(Object.keys(secrets), secret ? [secret] : []);
      assert.deepEqual(standIn.errors, []);
    } finally {
      await standIn.close();
    }
  });
}
