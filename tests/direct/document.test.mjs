// One record, the whole way: every field of it, in the document that the intake gets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { intake, setUp, worker, workers } from "../support/direct.mjs";
import { assertTaken } from "../support/expect.mjs";
import { TIMESTAMP_FORMATS, linesOf, numberOf, uploadOf } from "../support/generate.mjs";

setUp({ vars: { worker: {}, keeping: { KEEP_ORIGINAL: "true" } } });

const RECORD = {
  AISecurityCustomTopicCategories: { "billing disputes": 12 },
  AISecurityInjectionScore: 87,
  AISecurityPIICategories: ["EMAIL_ADDRESS"],
  AISecurityTokenCount: 311,
  AISecurityUnsafeTopicCategories: [],
  Action: "block",
  ClientASN: 64500,
  ClientASNDescription: "EXAMPLE-HOSTING-AS",
  ClientCountry: "de",
  ClientIP: "2001:db8::7",
  ClientIPClass: "badHost",
  ClientRefererHost: "www.example.com",
  ClientRefererPath: "/search",
  ClientRefererQuery: "?q=a",
  ClientRefererScheme: "https",
  ClientRequestHost: "api.shop.example.co.uk:8443",
  ClientRequestMethod: "POST",
  ClientRequestPath: "/fr/été",
  ClientRequestProtocol: "HTTP/1.1",
  ClientRequestQuery: "?a=1&b=<2>",
  ClientRequestScheme: "https",
  ClientRequestUserAgent: "curl/8.7.1",
  ContentScanObjResults: ["clean"],
  ContentScanObjSizes: [1024],
  ContentScanObjTypes: ["application/pdf"],
  Datetime: "2026-05-12T10:30:00.219+02:00",
  Description: 'Block "bad" bots',
  EdgeColoCode: "FRA",
  EdgeResponseStatus: 403,
  FirewallForAIInjectionScore: 0,
  FirewallForAIPIICategories: [],
  FirewallForAITokenCount: 0,
  FirewallForAIUnsafeTopicCategories: [],
  FraudUserID: "",
  Kind: "firewall",
  LeakedCredentialCheckResult: "clean",
  MatchIndex: 1,
  Metadata: { filter: "f00d", type: "customer" },
  OriginResponseStatus: 0,
  OriginatorRayID: "00",
  RayID: "7299f155dda47d6b",
  Ref: "bad-bots",
  RuleID: "c0dec0dec0dec0dec0dec0dec0dec0de",
  Source: "firewallcustom",
  WAFRequestSignatureCategories: ["SQLI"],
  WAFRequestSignatureRefs: ["f00d"],
  ZoneName: "example.co.uk",
  FieldOfNextYear: { a: [1] },
};

const DOMAIN = {
  domain: "api.shop.example.co.uk",
  registered_domain: "example.co.uk",
  subdomain: "api.shop",
  top_level_domain: "co.uk",
  port: 8443,
};

const DOCUMENT = {
  "@timestamp": "2026-05-12T08:30:00.219000Z",
  cloudflare: {
    AISecurityCustomTopicCategories: { "billing disputes": 12 },
    AISecurityInjectionScore: 87,
    AISecurityPIICategories: ["EMAIL_ADDRESS"],
    AISecurityTokenCount: 311,
    AISecurityUnsafeTopicCategories: [],
    ClientIPClass: "badHost",
    ClientRefererHost: "www.example.com",
    ClientRefererPath: "/search",
    ClientRefererQuery: "?q=a",
    ClientRefererScheme: "https",
    ContentScanObjResults: ["clean"],
    ContentScanObjSizes: [1024],
    ContentScanObjTypes: ["application/pdf"],
    EdgeColoCode: "FRA",
    EdgeResponseStatus: 403,
    FieldOfNextYear: { a: [1] },
    FirewallForAIInjectionScore: 0,
    FirewallForAIPIICategories: [],
    FirewallForAITokenCount: 0,
    FirewallForAIUnsafeTopicCategories: [],
    Kind: "firewall",
    LeakedCredentialCheckResult: "clean",
    OriginResponseStatus: 0,
    OriginatorRayID: "00",
    RayID: "7299f155dda47d6b",
    WAFRequestSignatureCategories: ["SQLI"],
    WAFRequestSignatureRefs: ["f00d"],
    ZoneName: "example.co.uk",
    clientASNDescription: "EXAMPLE-HOSTING-AS",
    matchIndex: 1,
    metadata: { filter: "f00d", type: "customer" },
    source: "firewallcustom",
  },
  destination: { address: "api.shop.example.co.uk:8443", ...DOMAIN },
  ecs: { version: "9.4.0" },
  event: {
    action: "block",
    category: ["network"],
    dataset: "firewall-events",
    kind: "event",
    module: "cloudflare.firewallcustom",
    type: ["denied"],
  },
  http: {
    request: { id: "7299f155dda47d6b", method: "POST", referrer: "https://www.example.com/search?q=a" },
    response: { status_code: 403 },
    version: "1.1",
  },
  network: { protocol: "http" },
  observer: { type: "firewall", vendor: "Cloudflare" },
  related: { hosts: ["api.shop.example.co.uk"], ip: ["2001:db8::7"] },
  rule: { description: 'Block "bad" bots', id: "c0dec0dec0dec0dec0dec0dec0dec0de", reference: "bad-bots" },
  source: {
    address: "2001:db8::7",
    as: { number: 64500, organization: { name: "EXAMPLE-HOSTING-AS" } },
    geo: { country_iso_code: "DE", country_name: "Germany" },
    ip: "2001:db8::7",
  },
  url: {
    full: "https://api.shop.example.co.uk:8443/fr/été?a=1&b=<2>",
    original: "/fr/été?a=1&b=<2>",
    path: "/fr/été",
    query: "a=1&b=<2>",
    scheme: "https",
    ...DOMAIN,
  },
  user_agent: { original: "curl/8.7.1" },
};

test("a record of all fields", async () => {
  assertTaken(await worker.push(gzipSync(JSON.stringify(RECORD))), 1);
  const [{ document }] = intake.events;
  const { id, ...event } = document.event;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual({ ...document, event }, DOCUMENT);
});

test("KEEP_ORIGINAL adds the record as it came", async () => {
  const line = JSON.stringify(RECORD).replace('"Action"', ' "Action" ');
  assertTaken(await workers.keeping.push(gzipSync(line)), 1);
  const { id, original, ...event } = intake.events[0].document.event;
  assert.equal(original, line);
  assert.deepEqual({ ...intake.events[0].document, event }, DOCUMENT);
});

test("a record that comes again has the same id, and no other has it", async () => {
  const upload = uploadOf({ records: 300, seed: 65 });
  for (let n = 0; n < 2; n += 1) assertTaken(await worker.push(upload), 300);
  const ids = new Map();
  for (const { document } of intake.events) {
    const n = numberOf(document);
    ids.set(n, (ids.get(n) ?? new Set()).add(document.event.id));
  }
  assert.ok([...ids.values()].every(({ size }) => size === 1));
  assert.equal(new Set([...ids.values()].flatMap((own) => [...own])).size, 300);
});

for (const timestamps of TIMESTAMP_FORMATS) {
  test(`times as ${timestamps}`, async () => {
    assertTaken(await worker.push([...linesOf({ records: 20, seed: 66, timestamps })].join("\n")), 20);
    const seconds = timestamps === "unix" || timestamps === "rfc3339";
    const expected = [...linesOf({ records: 20, seed: 66, timestamps: "rfc3339ms" })]
      .map((line) => JSON.parse(line).Datetime)
      .map((text) => (seconds ? text.replace(/\.\d{3}Z/, ".000000Z") : text.replace("Z", "000Z")));
    assert.deepEqual(
      intake.events.map(({ document }) => document["@timestamp"]),
      expected,
    );
  });
}
