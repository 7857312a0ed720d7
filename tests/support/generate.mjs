// Realistic `firewall_events` uploads from a seed: the same options give the same bytes everywhere.
//
// Hosts and addresses are those reserved for documentation and benchmarks, as far as they go.
// Every record carries its number in `Metadata.n`, so that a test can find it again in the
// document that it became, whatever shape that has.

import { Readable } from "node:stream";
import { createGzip, gzipSync } from "node:zlib";

/** What SEKOIA.IO's guide for this dataset selects: 28 of the 47 fields. */
const USUAL_FIELDS = [
  "Action",
  "ClientASN",
  "ClientASNDescription",
  "ClientCountry",
  "ClientIP",
  "ClientIPClass",
  "ClientRefererHost",
  "ClientRefererPath",
  "ClientRefererQuery",
  "ClientRefererScheme",
  "ClientRequestHost",
  "ClientRequestMethod",
  "ClientRequestPath",
  "ClientRequestProtocol",
  "ClientRequestQuery",
  "ClientRequestScheme",
  "ClientRequestUserAgent",
  "Datetime",
  "EdgeColoCode",
  "EdgeResponseStatus",
  "Kind",
  "MatchIndex",
  "Metadata",
  "OriginResponseStatus",
  "OriginatorRayID",
  "RayID",
  "RuleID",
  "Source",
];

/** Cloudflare's `timestamp_format`s, and two that a Transformer can make; from whole milliseconds. */
const TIMESTAMPS = {
  unixnano: (ms) => BigInt(ms) * 1_000_000n,
  unixus: (ms) => ms * 1000,
  unixms: (ms) => ms,
  unix: (ms) => Math.floor(ms / 1000),
  rfc3339: (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`,
  rfc3339ms: (ms) => new Date(ms).toISOString(),
  rfc3339ns: (ms) => `${new Date(ms).toISOString().slice(0, 23)}000000Z`,
};

/** The names of `TIMESTAMPS`, for tables of tests. */
export const TIMESTAMP_FORMATS = Object.keys(TIMESTAMPS);

const BLOCK_BYTES = 262_144;
const FIRST_EVENT_MS = Date.UTC(2026, 4, 12, 8, 30, 0, 219);

/**
 * The records of an upload, in Cloudflare's alphabetical order of fields.
 * @param {{records: number, seed?: number, first?: number, from?: number, timestamps?: string, sparse?: boolean}} options
 *   `first`: number of the first record; `from`: its time, in milliseconds since 1970; `sparse`: only 28 fields, 940 bytes a record instead of 1,520.
 */
export function* recordsOf({
  records,
  seed = 1,
  first = 0,
  from = FIRST_EVENT_MS,
  timestamps = "rfc3339ns",
  sparse = false,
}) {
  const random = randomOf(seed);
  const timeOf = TIMESTAMPS[timestamps];
  if (!timeOf) throw new Error(`unknown timestamp format ${timestamps}, known: ${TIMESTAMP_FORMATS.join(", ")}`);
  let ms = from;
  for (let n = first; n < first + records; n += 1) {
    ms += random() % 7;
    const record = recordOf(random, n, timeOf(ms));
    yield sparse ? usualFieldsOf(record) : record;
  }
}

/** One record as a line without its end, byte for byte as Go's encoder writes it. */
export function lineOf(record) {
  // JSON has no notation for a BigInt; a text of digits takes its place until the line is made.
  const text =
    typeof record.Datetime === "bigint"
      ? JSON.stringify({ ...record, Datetime: String(record.Datetime) }).replace(/"Datetime":"(\d+)"/, '"Datetime":$1')
      : JSON.stringify(record);
  return text.replace(GO_ESCAPED, (character) => GO_ESCAPES[character]);
}

/** The lines of an upload, each without its end. Same options as `recordsOf`. */
export function* linesOf(options) {
  for (const record of recordsOf(options)) yield lineOf(record);
}

/** An upload as plain NDJSON in blocks of at most 256 KiB. Same options as `recordsOf`. */
export function* ndjsonChunksOf(options) {
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let used = 0;
  for (const line of linesOf(options)) {
    // Three bytes at most for each UTF-16 unit, and the end of the line.
    if (used + line.length * 3 + 1 > BLOCK_BYTES) {
      yield block.subarray(0, used);
      block = Buffer.allocUnsafe(BLOCK_BYTES);
      used = 0;
    }
    used += block.write(line, used);
    block[used] = 0x0a;
    used += 1;
  }
  if (used > 0) yield block.subarray(0, used);
}

/** An upload as plain NDJSON. Same options as `recordsOf`. */
export function ndjsonOf(options) {
  return Buffer.concat([...ndjsonChunksOf(options)]);
}

/** An upload as Logpush sends it: one gzip member. Same options as `recordsOf`. */
export function uploadOf(options) {
  return gzipSync(ndjsonOf(options), { level: 6 });
}

/** An upload as a stream, where it should not be held as a whole. `level` 1 is four times as fast as 6. */
export function gzipChunks({ level = 6, ...options }) {
  const gzip = createGzip({ level });
  const lines = Readable.from(ndjsonChunksOf(options), { objectMode: false });
  lines.on("error", (error) => gzip.destroy(error));
  return lines.pipe(gzip);
}

/** The number of the record behind a document of either shape, or undefined. */
export function numberOf(document) {
  const metadata = document?.cloudflare?.metadata ?? document?.Metadata;
  if (metadata?.n !== undefined) return Number(metadata.n);
  // An error document carries the text that it stands for, or the beginning of it.
  const found = /"n":"(\d+)"/.exec(document?.event?.original ?? "");
  return found ? Number(found[1]) : undefined;
}

function recordOf(random, n, time) {
  const host = pick(HOSTS, random);
  const rule = pick(RULES, random);
  const action = rule.actions[random() % rule.actions.length];
  const network = pick(NETWORKS, random);
  const outcome = outcomeOf(action, rule, random);
  const referred = random() % 5 < 2;
  const body = random() % 50;
  const hex = hexOf(random);
  return {
    AISecurityCustomTopicCategories: body === 1 ? { "billing disputes": 12 + (random() % 80) } : {},
    AISecurityInjectionScore: body <= 1 ? 1 + (random() % 99) : 0,
    AISecurityPIICategories: body === 1 ? ["EMAIL_ADDRESS", "PHONE_NUMBER"] : [],
    AISecurityTokenCount: body <= 1 ? 20 + (random() % 4000) : 0,
    AISecurityUnsafeTopicCategories: body === 0 ? ["S1"] : [],
    Action: action,
    ClientASN: network.asn,
    ClientASNDescription: network.name,
    ClientCountry: network.countries[random() % network.countries.length],
    ClientIP: addressOf(random),
    ClientIPClass: pick(IP_CLASSES, random),
    ClientRefererHost: referred ? host.name : "",
    ClientRefererPath: referred ? pick(PAGES, random) : "",
    ClientRefererQuery: referred && random() % 4 === 0 ? `?page=${random() % 40}&sort=price` : "",
    ClientRefererScheme: referred ? "https" : "",
    ClientRequestHost: host.name,
    ClientRequestMethod: pick(METHODS, random),
    ClientRequestPath: pathOf(random),
    ClientRequestProtocol: pick(PROTOCOLS, random),
    ClientRequestQuery: queryOf(random),
    ClientRequestScheme: random() % 12 === 0 ? "http" : "https",
    ClientRequestUserAgent: userAgentOf(random),
    ContentScanObjResults: body === 2 ? ["clean"] : body === 3 ? ["infected"] : [],
    ContentScanObjSizes: body === 2 || body === 3 ? [1024 + (random() % 900_000)] : [],
    ContentScanObjTypes: body === 2 || body === 3 ? ["application/pdf"] : [],
    Datetime: time,
    Description: rule.description,
    EdgeColoCode: pick(COLOS, random),
    EdgeResponseStatus: outcome.edge,
    FirewallForAIInjectionScore: 0,
    FirewallForAIPIICategories: [],
    FirewallForAITokenCount: 0,
    FirewallForAIUnsafeTopicCategories: [],
    FraudUserID: "",
    Kind: "firewall",
    LeakedCredentialCheckResult: pick(LEAKED, random),
    MatchIndex: random() % 8 === 0 ? 1 : 0,
    Metadata: metadataOf(rule, n, random),
    OriginResponseStatus: outcome.origin,
    OriginatorRayID: action.endsWith("solved") ? hex.slice(0, 16) : "00",
    RayID: hex.slice(16),
    Ref: rule.ref,
    RuleID: rule.id,
    Source: rule.source,
    WAFRequestSignatureCategories: rule.categories,
    WAFRequestSignatureRefs: rule.signatures,
    ZoneName: host.zone,
  };
}

function usualFieldsOf(record) {
  const usual = {};
  for (const name of USUAL_FIELDS) usual[name] = record[name];
  return usual;
}

/** What visitor and origin saw: a request that was stopped never reached the origin. */
function outcomeOf(action, rule, random) {
  if (PASSING.has(action)) {
    const status = pick(STATUSES, random);
    return { edge: status, origin: status };
  }
  return { edge: action === "block" && rule.source === "ratelimit" ? 429 : 403, origin: 0 };
}

function metadataOf(rule, n, random) {
  const number = String(n);
  switch (rule.source) {
    case "firewallcustom":
    case "firewallrules":
      return { filter: rule.id, n: number, type: "customer" };
    case "firewallmanaged":
      return { matched_vars: "uri.query", n: number, ruleset_version: "87", version: "34" };
    case "ratelimit":
      return { n: number, period: "60", threshold: String(50 * (1 + (random() % 8))) };
    default:
      return { n: number };
  }
}

function addressOf(random) {
  const value = random();
  const low = value & 0xff;
  switch (pick(ADDRESS_BLOCKS, random)) {
    case 0:
      return `192.0.2.${low}`;
    case 1:
      return `198.51.100.${low}`;
    case 2:
      return `203.0.113.${low}`;
    case 3:
      return `198.${18 + ((value >>> 24) & 1)}.${(value >>> 8) & 0xff}.${low}`;
    default:
      return `2001:db8:${((value >>> 16) & 0xfff).toString(16)}:${((value >>> 4) & 0xff).toString(16)}::${(low + 1).toString(16)}`;
  }
}

function pathOf(random) {
  const path = pick(PATHS, random);
  return path.includes("#") ? path.replace("#", String(random() % 100_000)) : path;
}

function queryOf(random) {
  const query = pick(QUERIES, random);
  return query.includes("#") ? query.replace("#", String(random() % 100_000)) : query;
}

function userAgentOf(random) {
  const agent = pick(USER_AGENTS, random);
  return agent.includes("#") ? agent.replaceAll("#", String(118 + (random() % 24))) : agent;
}

/** 32 hexadecimal digits. */
function hexOf(random) {
  let hex = "";
  for (let i = 0; i < 4; i += 1) hex += random().toString(16).padStart(8, "0");
  return hex;
}

/** A xorshift generator of unsigned 32-bit integers. */
function randomOf(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    // Its low bits follow each other too closely for a `%` by a small number.
    return Math.imul(state ^ (state >>> 16), 0x45d9f3b) >>> 0;
  };
}

function pick(table, random) {
  return table[random() % table.length];
}

/** Each value as often as its weight says: picking by weight is then one index. */
function weighted(pairs) {
  return pairs.flatMap(([value, weight]) => Array(weight).fill(value));
}

/** A table in which the k-th value is about 1/k as frequent as the first. */
function zipf(values) {
  return weighted(values.map((value, rank) => [value, Math.max(1, Math.round(200 / (rank + 1)))]));
}

const GO_ESCAPED = /[&<>\u2028\u2029]/g;
const GO_ESCAPES = { "&": "\\u0026", "<": "\\u003c", ">": "\\u003e", "\u2028": "\\u2028", "\u2029": "\\u2029" };

const HOSTS = zipf(
  [
    ["www.example.com", "example.com"],
    ["shop.example.co.uk", "example.co.uk"],
    ["api.example.com", "example.com"],
    ["example.org", "example.org"],
    ["www.example.com.br", "example.com.br"],
    ["login.example.net", "example.net"],
    ["static.example.com", "example.com"],
    ["example.fr", "example.fr"],
    ["www.example.de", "example.de"],
    ["cdn.img.example.org", "example.org"],
    ["www.example.com.au", "example.com.au"],
    ["app.example.io", "example.io"],
    ["example.co.jp", "example.co.jp"],
    ["news.example.org", "example.org"],
    ["m.example.com", "example.com"],
    ["blog.example.net", "example.net"],
    ["www.example.gov.uk", "example.gov.uk"],
    ["intranet.eu.example.com", "example.com"],
    ["pay.example.co.in", "example.co.in"],
    ["www.example.co.nz", "example.co.nz"],
    ["docs.example.dev", "example.dev"],
    ["status.example.com", "example.com"],
    ["www.example.ac.uk", "example.ac.uk"],
    ["tickets.example.es", "example.es"],
    ["api.eu-west.example.net", "example.net"],
    ["www.example.com.mx", "example.com.mx"],
    ["b2b.example.it", "example.it"],
    ["search.example.org", "example.org"],
    ["www.example.edu", "example.edu"],
    ["media.example.com.tr", "example.com.tr"],
    ["partners.example.nl", "example.nl"],
    ["www.example.co.za", "example.co.za"],
    ["example.xyz", "example.xyz"],
    ["gateway.api.example.com", "example.com"],
    ["www.example.pl", "example.pl"],
    ["jobs.example.com.sg", "example.com.sg"],
    ["xn--bcher-kva.example.com", "example.com"],
    ["api.example.com:8443", "example.com"],
    ["old.example.info", "example.info"],
    ["198.51.100.10", "example.com"],
  ].map(([name, zone]) => ({ name, zone })),
);

const NETWORKS = zipf([
  { asn: 64496, name: "EXAMPLE-BROADBAND", countries: ["us"] },
  { asn: 64497, name: "Example Telecom S.A.", countries: ["fr", "fr", "be"] },
  { asn: 64498, name: "EXAMPLE-CLOUD-14", countries: ["us", "ie", "sg", "de"] },
  { asn: 64499, name: "CHINANET-EXAMPLE-BACKBONE No.31,Example-street", countries: ["cn"] },
  { asn: 64500, name: "EXAMPLE-HOSTING-AS Example Online GmbH", countries: ["de", "fi"] },
  { asn: 64501, name: "Example Comunicações S/A", countries: ["br"] },
  { asn: 64502, name: "EXAMPLE-MOBILE", countries: ["gb"] },
  { asn: 64503, name: "Example Infocomm Limited", countries: ["in"] },
  { asn: 65536, name: "EXAMPLE-RU-AS", countries: ["ru"] },
  { asn: 65537, name: "EXAMPLE-VPS - Example & Sons, LLC", countries: ["nl", "us", "jp"] },
  { asn: 65538, name: "VNEXAMPLE-AS-VN Example Post and Telecom Group", countries: ["vn"] },
  { asn: 65539, name: "EXAMPLE-TRANSIT", countries: ["it", "es", "pl"] },
  { asn: 65540, name: "Example Exit Relays", countries: ["t1"] },
  { asn: 65541, name: "", countries: ["xx"] },
]);

// IPv6 (the last) for about three visitors in ten.
const ADDRESS_BLOCKS = weighted([
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 4],
  [4, 3],
]);

const IP_CLASSES = weighted([
  ["noRecord", 70],
  ["unknown", 8],
  ["badHost", 8],
  ["scan", 5],
  ["searchEngine", 4],
  ["tor", 2],
  ["monitoringService", 2],
  ["allowlist", 1],
]);

const METHODS = weighted([
  ["GET", 70],
  ["POST", 22],
  ["HEAD", 4],
  ["OPTIONS", 2],
  ["PUT", 1],
  ["DELETE", 1],
]);

const PROTOCOLS = weighted([
  ["HTTP/2", 55],
  ["HTTP/1.1", 30],
  ["HTTP/3", 14],
  ["HTTP/1.0", 1],
]);

const STATUSES = weighted([
  [200, 70],
  [301, 5],
  [302, 6],
  [304, 6],
  [404, 9],
  [500, 2],
  [503, 1],
]);

const PAGES = ["/", "/", "/products", "/search", "/account/login", "/blog/2026/05/été-à-la-mer", "/checkout/payment"];

const PATHS = weighted([
  ["/", 10],
  ["/wp-login.php", 8],
  ["/xmlrpc.php", 5],
  ["/.env", 5],
  ["/.git/config", 3],
  ["/api/v1/orders/#", 12],
  ["/api/v2/users/#/sessions", 8],
  ["/products/#/reviews", 10],
  ["/static/css/main.#.css", 6],
  ["/static/img/hero@2x.webp", 4],
  ["/account/login", 10],
  ["/search", 8],
  ["/fr/événements/été", 2],
  ["/日本語/ページ", 1],
  ["/cgi-bin/.%2e/.%2e/.%2e/bin/sh", 2],
  ["/..\\..\\windows\\win.ini", 1],
  ["/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", 3],
  ["/checkout/payment/#", 4],
]);

const QUERIES = weighted([
  ["", 45],
  ["?id=#", 10],
  ["?utm_source=newsletter&utm_medium=email&utm_campaign=spring&id=#", 12],
  ["?q=blue+suede+shoes&page=#&sort=price_asc", 10],
  ["?rest_route=/wp/v2/users/", 4],
  ["?id=1%27%20OR%20%271%27=%271&x=#", 4],
  ["?q=<script>alert(\"#\")</script>", 3],
  ["?file=../../../../etc/passwd", 3],
  ["?search=caf%C3%A9&lang=fr&_=#", 5],
  ["?search=café crème&table=#", 2],
  ["?cmd=cat%20/etc/passwd|base64&t=#", 2],
]);

const USER_AGENTS = weighted([
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36", 24],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36", 12],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1", 12],
  ["Mozilla/5.0 (Linux; Android 14; Mobile) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Mobile Safari/537.36", 10],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:#.0) Gecko/20100101 Firefox/#.0", 8],
  ["Mozilla/5.0 (compatible; ExampleBot/2.1; +https://www.example.com/bot.html)", 6],
  ["python-requests/2.32.3", 6],
  ["Go-http-client/1.1", 5],
  ["curl/8.7.1", 4],
  ["sqlmap/1.8#stable (https://sqlmap.org)", 2],
  ["Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", 2],
  ["", 3],
  ["() { :; }; echo \"Content-Type: text/plain\"; /bin/id", 1],
  ["ExampleMonitor/1.0\t(uptime; région=eu; 🚀)", 1],
]);

const COLOS = zipf(
  ["CDG", "IAD", "FRA", "LHR", "SIN", "AMS", "ORD", "NRT", "GRU", "HKG", "MAD", "MXP", "SJC", "DFW", "BOM", "SYD", "WAW", "VIE", "JNB", "ARN"],
);

const LEAKED = weighted([
  ["", 80],
  ["clean", 16],
  ["username_and_password_leaked", 1],
  ["password_leaked", 1],
  ["username_leaked", 1],
  ["username_password_similar", 1],
]);

const PASSING = new Set([
  "allow",
  "bypass",
  "challengebypassed",
  "challengesolved",
  "jschallengebypassed",
  "jschallengesolved",
  "log",
  "managedchallengebypassed",
  "managedchallengeinteractivesolved",
  "managedchallengenoninteractivesolved",
  "managedchallengeskipped",
  "precursorinterstitialpagebypassed",
  "precursorinterstitialpagesolved",
  "unknown",
]);

// Weight, source, description, reference, actions and, where a signature matched, its category.
const RULES = weighted(
  [
    [28, "firewallcustom", "Block known bad bots", "bad-bots", ["block"]],
    [14, "firewallcustom", "Challenge \"suspicious\" countries", "geo-challenge", ["managedchallenge"]],
    [8, "firewallcustom", "Admin area: office & VPN only", "admin-area", ["block", "log"]],
    [6, "firewallcustom", "Skip for partners <b2b>", "", ["bypass", "allow"]],
    [5, "firewallcustom", "Zahlungen schützen", "zahlung", ["jschallenge", "jschallengesolved", "jschallengefailed", "jschallengebypassed"]],
    [4, "firewallrules", "Legacy challenge", "", ["challenge", "challengesolved", "challengefailed", "challengebypassed"]],
    [12, "firewallmanaged", "SQLi - UNION in MSSQL - Function", "", ["block", "log"], "SQLI"],
    [9, "firewallmanaged", "XSS, HTML Injection - Script Tag", "", ["block"], "XSS"],
    [7, "firewallmanaged", "Version Control - Information Disclosure", "", ["block"], "INFORMATION_DISCLOSURE"],
    [6, "firewallmanaged", "Command Injection - Common Attack Commands", "", ["block", "managedchallenge"], "RCE"],
    [12, "ratelimit", "Login: 50 requests a minute", "login-rate", ["block", "managedchallenge"]],
    [8, "botfight", "", "", ["managedchallenge", "managedchallengenoninteractivesolved", "managedchallengeinteractivesolved", "managedchallengebypassed", "managedchallengeskipped"]],
    [6, "botmanagement", "Definitely automated", "automated", ["block", "managedchallenge", "managedchallengefailed"]],
    [5, "securitylevel", "Bad IP", "", ["managedchallenge", "challenge"]],
    [4, "l7ddos", "HTTP requests with unusual HTTP headers or URI path (signature #31)", "", ["block", "connectionclose"]],
    [3, "bic", "Browser integrity check", "", ["block"]],
    [3, "hot", "Hotlink protection", "", ["block"]],
    [2, "ip", "", "", ["block", "allow"]],
    [1, "iprange", "", "", ["block"]],
    [2, "country", "", "", ["block", "jschallenge"]],
    [1, "asn", "", "", ["managedchallenge"]],
    [1, "uablock", "User agent blocking", "", ["block"]],
    [1, "zonelockdown", "Zone lockdown", "", ["block"]],
    [1, "validation", "Malformed request", "", ["block", "unknown"]],
    [2, "waf", "WordPress - Broken Access Control", "", ["log"]],
    [2, "apishield", "Endpoint not in schema", "", ["log", "block"]],
    [1, "apishieldschemavalidation", "Body does not match schema", "", ["block"]],
    [1, "apishieldtokenvalidation", "Token expired", "", ["block"]],
    [1, "dlp", "Card numbers in response", "", ["log"]],
    [2, "unknown", "", "", ["precursorinterstitialpageissued", "precursorinterstitialpagebypassed", "precursorinterstitialpagesolved"]],
  ].map(([weight, source, description, ref, actions, category], index) => [
    {
      source,
      description,
      ref,
      actions,
      id: hexOf(randomOf(0xc0de + index)),
      categories: category ? [category] : [],
      signatures: category ? [hexOf(randomOf(0xf00d + index))] : [],
    },
    weight,
  ]),
);
