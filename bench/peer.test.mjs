// The comparison is fair: the peer's documents are ours. Only what the peer does not do is taken
// out first: event.id, for which JavaScript has no fast hash; and what no two uploads have in
// common, the time of arrival; and the words of two JSON parsers about what they cannot read.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import { build } from "../scripts/build.mjs";
import { TIMESTAMP_FORMATS, lineOf, ndjsonOf, recordsOf } from "../tests/support/generate.mjs";
import { INTAKE_KEY, startIntake } from "../tests/support/intake.mjs";
import { PEER_FLAGS, ourModules, peerModules } from "./artefacts.mjs";
import { ndjsonOfDataset } from "./records.mjs";
import { startInWorkerd } from "./workerd.mjs";

let intakes;
let workers;

/** The documents that ours and the peer make of an upload, in the order of its records. */
async function documentsOf(plain, dataset) {
  const upload = gzipSync(plain);
  const both = [];
  for (const [index, worker] of workers.entries()) {
    const intake = intakes[index];
    await intake.reset();
    const { answer } = await worker.push(upload, dataset);
    assert.equal(answer.records, intake.events.length);
    assert.deepEqual(intake.errors, []);
    both.push(intake.requests.flatMap(({ text }) => text.split("\n")).map((text) => comparable(JSON.parse(text))));
  }
  return both;
}

function comparable(document) {
  delete document.event.id;
  const failed = document.event.kind === "pipeline_error";
  if (failed) document.error.message = "";
  if (failed || document.tags?.includes("time_from_arrival")) document["@timestamp"] = "";
  return document;
}

const [USUAL] = recordsOf({ records: 1 });

/** Records that differ from a usual one, and lines that are no records. */
const ODD = {
  "an empty object": "{}",
  "only an action": { Action: "block" },
  "only a host": { ClientRequestHost: "www.example.com" },
  "only an unknown field": { NoSuchField: 1 },
  "only a referrer's path": { ClientRefererPath: "/x" },
  ...table("Action", ["BLOCK", "forceconnectionclose", "somethingNew", "", null, 7, true, ["block"], { a: 1 }, 'a"b\\c']),
  ...table("ClientASN", ["64500", "-1", "007", "1.5", 1.5, -3, 0, "", "x", true, [1], "123456789012345"]),
  ...table("ClientASNDescription", [0, false, "", null, "Ünïcode ☃ 😀", []]),
  ...table("ClientCountry", ["fr", "FR", "fR", "xk", "xx", "T1", "fra", "", "É", 5, null, ["fr"]]),
  ...table("ClientIP", [
    "1.2.3.4", "01.2.3.4", "256.1.1.1", "1.2.3", "1.2.3.4 ", "::", "::1", "2001:db8::1", "2001:db8::1%eth0", "::ffff:1.2.3.4",
    "::FFFF:192.0.2.1", "::ffff:c000:201", "2001:DB8::5", "2001:0db8:0:0::5", "[2001:DB8::5]:80", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::8::", ":1:2", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4", "12345::", "g::", ":", "", "localhost", 16909060, null, ["1.2.3.4"],
  ]),
  ...table("ClientRequestHost", [
    "www.shop.example.co.uk", "WWW.Example.COM", "a.b.github.io", "foo.uk.com", "www.example.com:8443", "www.ck", "a.b.kobe.jp",
    "city.kobe.jp", "xn--bcher-kva.example.de", "bücher.example.de", "example.com.", "co.uk", "localhost", "db.internal", "203.0.113.9",
    "203.0.113.9:80", "[2001:db8::1]:443", "[2001:db8::1]", "2001:db8::1", "[2001:DB8:0::1]:80", "2001:DB8::1", "example.com:", "example.com:0", "example.com:99999",
    "example.com:080", "a..com", ".com", "a b.com", 'a"b.com', "a\\b.com", "a/b.com", "-.com", "_dmarc.example.com", "", 8, null, ["x.com"],
    `${"a".repeat(300)}.com`, ":80", "example.com:80:90", "a.b.c.d.e.f.example.co.jp",
  ]),
  ...table("ClientRequestProtocol", ["HTTP/1.1", "http/2", "HTTP/3", "HTTP/1.1.1", "HTTP/", "SPDY/3", "TLSv1.2", "HTTPv2", "", 2]),
  ...table("ClientSSLProtocol", ["TLSv1.3", "tlsv1", "SSLv3", "none", "unknown", "HTTP/2", "TLS/1", "", 3]),
  ...table("ClientRequestQuery", ["?a=b&c=<d>", "a=b", "?", "??", "", 5, null, {}]),
  ...table("ClientRequestPath", ["/", "", "/a\"b", "/tab\there", "/\u0001\u007f\u2028", "/é/日本語/😀", 5, false, null, []]),
  ...table("Datetime", [
    1657630626, 1657630626219, 1657630626219000, "1657630626", "1657630626219000000", 1657630626.5, "1657630626.219000001", "1.6e9",
    "2022-07-12T12:57:06Z", "2022-07-12t12:57:06z", "2022-07-12 12:57:06", "2022-07-12T12:57:06.1Z", "2022-07-12T12:57:06,123456Z",
    "2022-07-12T12:57:06.123456789Z", "2022-07-12T12:57:06.1234567899Z", "2022-07-12T12:57:06.000000001Z", "2022-07-12T12:57:06+02:00",
    "2022-07-12T12:57:06.5-0330", "2016-12-31T23:59:60Z", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2022-13-01T00:00:00Z",
    "2022-00-01T00:00:00Z", "2022-01-00T00:00:00Z", "2022-01-01T24:00:00Z", "2022-01-01T00:60:00Z", "2022-01-01T00:00:61Z",
    "2022-01-01T00:00:00+24:00", "2022-01-01T00:00:00.Z", "2022-01-01T00:00:00X", "2022-01-01", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
    "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-00:01", "yesterday", "", null, 0, -5, "0", "12a",
    true, [], {}, 99999999999, 100000000000, 99999999999999, 100000000000000, 1e30, "1".repeat(30), "1".repeat(40), 1,
  ]),
  ...table("EdgeResponseStatus", [403, "403", 0, "", "x", null, [403], 1e21, 403.5]),
  ...table("Metadata", [{}, { a: { b: [1, "2", null, true, {}] } }, "text", 5, [], null, ""]),
  ...table("Source", ["waf", "", null, 5, ["waf"]]),
  ...table("source", ["waf", "", null]),
  ...table("metadata", [{ a: 1 }, null]),
  ...table("FraudUserID", ["", "b81f0c2e7d5a4f63", 7, null, ["a"], { a: 1 }]),
  ...table("RayID", ["", 123, null]),
  ...table("ClientRequestReferer", ["https://example.org/x", "", 5, null]),
  ...table("NoSuchField", ["", null, 0, false, [], { a: [1, 2] }, "text"]),
  ...table("ClientRequestBytes", [120, "120", "x"]),
  ...table("ClientSrcPort", [44321, "44321"]),
  ...table("ClientSSLCipher", ["ECDHE-RSA-AES128-GCM-SHA256"]),
  ...table("RulesetID", ["abc"]),
  "a referrer without a scheme": { ClientRefererHost: "example.org", ClientRefererPath: "/x", ClientRefererQuery: "a=b" },
  "a referrer with a scheme": { ClientRefererHost: "example.org", ClientRefererScheme: "https", ClientRefererQuery: "?a=b" },
  "a referrer of numbers": { ClientRefererHost: "example.org", ClientRefererScheme: 5, ClientRefererPath: 6, ClientRefererQuery: 7 },
  "another name beside an empty one": { source: "waf", Source: "" },
  "nanoseconds that a double cannot hold": '{"Datetime":1657630626219000001}',
  "nanoseconds behind white space": '{ "Action" : "block" , "Datetime" : 1657630626219123457 }',
  "an equal key in a nested object": '{"Metadata":{"Datetime":1657630626219000000},"Datetime":1657630626219123457}',
  "equal keys": '{"Action":"allow","Action":"block","Datetime":1657630626}',
  "escapes": '{"Action":"bl\\u006fck","ClientIP":"1.2.3\\u002e4","ClientRequestHost":"www\\u002eexample.com","ClientRequestPath":"\\ud83d\\ude00\\/"}',
  "an escaped key": '{"\\u0041ction":"block"}',
  "white space around": '  {"Action":"block"}\t\r',
  "text": "not JSON",
  "half an object": '{"Action":"block"',
  "a number": "5",
  "null": "null",
  "a text in quotes": '"x"',
};

/** One odd record for each value: a usual one with it in the place of its own. */
function table(field, values) {
  return Object.fromEntries(values.map((value) => [`${field} ${JSON.stringify(value).slice(0, 60)}`, { ...USUAL, [field]: value }]));
}

// One suite: its tests share the intakes, and run one after the other.
describe("the peer's documents are ours", () => {
  before(async () => {
    intakes = [await startIntake(), await startIntake()];
    const vars = (intake) => ({ DESTINATION: "sekoia", SEKOIA_INTAKE_URL: intake.url, SEKOIA_INTAKE_KEY: INTAKE_KEY });
    workers = [
      await startInWorkerd({ modules: ourModules(await build()), vars: vars(intakes[0]) }),
      await startInWorkerd({ modules: await peerModules(), vars: vars(intakes[1]), flags: PEER_FLAGS }),
    ];
  });

  after(async () => {
    for (const worker of workers ?? []) await worker.stop();
    for (const intake of intakes ?? []) await intake.close();
  });

  for (const timestamps of TIMESTAMP_FORMATS) {
    for (const sparse of [false, true]) {
      test(`300 events, times as ${timestamps}, ${sparse ? 28 : 47} fields`, async () => {
        // Below the records of one batch: they arrive in order.
        const [ours, peers] = await documentsOf(ndjsonOf({ records: 300, seed: 7, timestamps, sparse }));
        assert.equal(ours.length, 300);
        for (const [index, document] of ours.entries()) assert.deepEqual(peers[index], document, `record ${index}`);
      });
    }
  }

  test("300 records of http_requests", async () => {
    const [ours, peers] = await documentsOf(ndjsonOfDataset({ dataset: "http_requests", records: 300, seed: 7 }), "http_requests");
    assert.equal(ours.length, 300);
    for (const [index, document] of ours.entries()) assert.deepEqual(peers[index], document, `record ${index}`);
  });

  test("odd records", async () => {
    const names = Object.keys(ODD);
    const lines = Object.values(ODD).map((odd) => (typeof odd === "string" ? odd : lineOf(odd)));
    const [ours, peers] = await documentsOf(lines.join("\r\n"));
    assert.equal(ours.length, names.length);
    const different = names.filter((name, index) => {
      try {
        assert.deepEqual(peers[index], ours[index]);
        return false;
      } catch (error) {
        console.error(`${name}\n  ours ${JSON.stringify(ours[index])}\n  peer ${JSON.stringify(peers[index])}`);
        return true;
      }
    });
    assert.deepEqual(different, []);
  });
});
