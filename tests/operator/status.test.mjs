// The status page and /api/status: who is let in, whether the numbers are true, and whether hostile
// values stay text.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";

import Ajv from "ajv/dist/2020.js";

import { root } from "../../scripts/paths.mjs";
import { OPERATOR_SECRET } from "../support/durable/harness.mjs";
import { always, intake, route, setUp } from "../support/durable/suite.mjs";
import { assertError } from "../support/expect.mjs";
import { Operator, uploadOfNow } from "../support/operator.mjs";
import { SECRET, startWorkers } from "../support/worker.mjs";

const NEW_SECRET = "secret-of-the-next-operator";
const VARS = { OPERATOR_SECRET: `${NEW_SECRET},${OPERATOR_SECRET}`, BATCH_MAX_RECORDS: "10", DELIVERIES_IN_FLIGHT: "1" };
const validate = new Ajv({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(root, "docs/status.schema.json"), "utf8")),
);

setUp(VARS);

let seeds = 40_000;
/** Pushes an upload that no other test has sent. */
async function pushed(options, dataset = "firewall_events") {
  seeds += 1;
  const body = uploadOfNow({ seed: seeds, ...options });
  const answer = await route.push(body, { path: `/logpush/${dataset}` });
  assert.equal(answer.status, 200, answer.text);
  return body;
}

let addresses = 0;
/** An operator at an address of their own: wrong secrets are counted by address. */
function operator(worker = route.worker) {
  addresses += 1;
  return new Operator(worker, { address: `198.51.${100 + (addresses >> 8)}.${addresses & 255}` });
}

async function loggedIn(worker) {
  const visitor = operator(worker);
  const answer = await visitor.logIn();
  assert.equal(answer.status, 303, answer.text);
  return visitor;
}

async function status(dataset) {
  const told = await route.status(dataset);
  assert.ok(validate(told), JSON.stringify(validate.errors));
  return told;
}

const ofDataset = (told, name = "firewall_events") => told.datasets.find(({ dataset }) => dataset === name);

describe("who is let in", () => {
  const ROUTES = [
    ["GET", "/"],
    ["GET", "/dead-letters"],
    ["GET", "/dead-letters?id=firewall_events/x"],
    ["GET", "/metrics"],
    ["GET", "/api/status"],
    ["GET", "/api/dead-letters"],
    ["POST", "/logout"],
    ["POST", "/dead-letters/replay"],
    ["POST", "/dead-letters/delete"],
  ];

  test("nobody without the secret: no data, whatever the route", async () => {
    await pushed({ records: 3 });
    await route.drain();
    const forged = `__Host-logpush-ecs=v1.${Math.floor(Date.now() / 1000) + 3600}.${"0".repeat(32)}.${"A".repeat(43)}`;
    for (const [method, path] of ROUTES) {
      for (const headers of [{}, { cookie: forged }, { cookie: "__Host-logpush-ecs=" }, { "x-logpush-secret": SECRET }]) {
        const form = method === "POST" ? { "content-type": "application/x-www-form-urlencoded" } : {};
        const answer = await route.worker.request(method, path, method === "POST" ? "id=x&token=x" : undefined, { ...form, ...headers });
        assert.equal(answer.status, 401, `${method} ${path}`);
        assert.ok(!answer.text.includes("firewall_events"), `${method} ${path}: ${answer.text}`);
        assert.equal(answer.headers["set-cookie"], undefined);
        assert.match(answer.headers["www-authenticate"], /^Bearer /, "no window of the browser's own");
      }
    }
  });

  test("without OPERATOR_SECRET the page is closed, and says how to open it", async () => {
    const workers = await startWorkers({ intake, vars: { closed: {}, short: { OPERATOR_SECRET: "short" } } });
    try {
      for (const worker of [workers.closed, workers.short]) {
        for (const [method, path] of [...ROUTES, ["POST", "/login"]]) {
          const answer = await worker.request(method, path, method === "POST" ? "secret=" : undefined);
          assert.equal(answer.status, 503, `${method} ${path}`);
          assert.match(answer.text, /npx wrangler secret put OPERATOR_SECRET/);
        }
      }
    } finally {
      await workers.dispose();
    }
  });

  test("other methods are refused", async () => {
    for (const [method, path, allowed] of [
      ["PUT", "/", "GET, HEAD"],
      ["POST", "/metrics", "GET, HEAD"],
      ["GET", "/login", "POST"],
      ["DELETE", "/dead-letters/delete", "POST"],
      // Methods that HTTP has, and that the Worker does not know.
      ...["/", "/metrics", "/health", "/status.css", "/api/status", "/api/dead-letters"].map((path) => ["PROPFIND", path, "GET, HEAD"]),
      ["SEARCH", "/logpush/firewall_events", "POST"],
      ["PROPFIND", "/api/dead-letters/firewall_events/x", "GET, HEAD, DELETE"],
    ]) {
      const answer = await route.operator(method, path);
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.equal(answer.headers.allow, allowed, `${method} ${path}`);
    }
    assertError(await route.operator("POST", "/api/status"), 405);
    for (const path of ["/", "/metrics", "/health", "/status.css", "/api/status", "/api/dead-letters"]) {
      const answer = await route.operator("HEAD", path);
      assert.deepEqual([answer.status, answer.text], [200, ""], path);
    }
    assertError(await route.operator("GET", "/api/ledger"), 404);
  });

  for (const secret of [OPERATOR_SECRET, NEW_SECRET]) {
    test(`each live secret opens the page: ${secret}`, async () => {
      const visitor = operator();
      const answer = await visitor.logIn(secret);
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.location, "/");
      const [cookie, ...attributes] = answer.headers["set-cookie"][0].split("; ");
      assert.match(cookie, /^__Host-logpush-ecs=v1\.\d{10}\.[0-9a-f]{32}\.[\w-]{43}$/);
      assert.deepEqual(attributes.sort(), ["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict", "Secure"]);
      const end = Number(cookie.split(".")[1]) - Date.now() / 1000;
      assert.ok(end > 43_100 && end <= 43_200, end);
      const page = await visitor.get("/");
      assert.equal(page.status, 200);
      assert.match(page.text, /Log out/);
      for (const path of ["/metrics", "/api/status", "/api/dead-letters"]) assert.equal((await visitor.get(path)).status, 200);
    });
  }

  test("a session of a secret that is live no more is none", async () => {
    const vars = { before: OPERATOR_SECRET, between: `${NEW_SECRET},${OPERATOR_SECRET}`, after: NEW_SECRET };
    const workers = await startWorkers({
      intake,
      vars: Object.fromEntries(Object.entries(vars).map(([name, secret]) => [name, { OPERATOR_SECRET: secret }])),
    });
    try {
      const visitor = await loggedIn(workers.before);
      for (const [name, expected] of [["before", 200], ["between", 200], ["after", 401]]) {
        visitor.worker = workers[name];
        assert.equal((await visitor.get("/")).status, expected, name);
      }
    } finally {
      await workers.dispose();
    }
  });

  test("who logs out has no session any more", async () => {
    const visitor = await loggedIn();
    const answer = await visitor.post("/logout", await visitor.formOf("/", "/logout"));
    assert.equal(answer.status, 303);
    assert.match(answer.headers["set-cookie"][0], /^__Host-logpush-ecs=; Max-Age=0; /);
    assert.equal((await visitor.get("/")).status, 401);
  });

  test("programs send the secret as Bearer or Basic, and a browser with Basic gets a session", async () => {
    const basic = `Basic ${Buffer.from(`operator:${OPERATOR_SECRET}`).toString("base64")}`;
    for (const authorization of [`Bearer ${OPERATOR_SECRET}`, basic]) {
      for (const path of ["/", "/metrics", "/api/status"]) {
        const answer = await route.worker.request("GET", path, undefined, { authorization });
        assert.equal(answer.status, 200, path);
        assert.equal(Boolean(answer.headers["set-cookie"]), path === "/");
      }
    }
  });

  test("wrong secrets are slowed down, and the right one opens whatever came before", async () => {
    const WRONG = "wrong-secret-of-the-operator";
    const visitor = operator();
    for (let n = 0; n < 10; n += 1) assert.equal((await visitor.logIn(WRONG)).status, 401);
    const slowed = await visitor.logIn(WRONG);
    assert.equal(slowed.status, 429);
    assert.equal(slowed.headers["retry-after"], "60");
    assert.match(slowed.text, /wait a minute/);
    assert.equal((await visitor.logIn()).status, 303);

    const program = operator();
    const wrong = { authorization: `Bearer ${WRONG}` };
    const right = { authorization: `Bearer ${OPERATOR_SECRET}` };
    for (let n = 0; n < 10; n += 1) assert.equal((await program.get("/api/status", wrong)).status, 401);
    assertError(await program.get("/api/status", wrong), 429);
    assert.equal((await program.get("/api/status", right)).status, 200);

    // More than all addresses together may have in a minute.
    const guesses = Array.from({ length: 250 }, () => operator().get("/metrics", wrong));
    assert.ok((await Promise.all(guesses)).some(({ status }) => status === 429));
    for (const path of ["/metrics", "/api/status", "/"]) assert.equal((await operator().get(path, right)).status, 200, path);
    assert.equal((await operator().logIn()).status, 303);
  });

  test("wrong secrets ask the ledger nothing", async () => {
    const asked = [];
    route.fault = ({ op }) => void asked.push(op);
    for (let n = 0; n < 12; n += 1) await operator().logIn("wrong-secret-of-the-operator");
    route.fault = () => undefined;
    assert.deepEqual(asked, []);
  });
});

describe("what a browser is told", () => {
  test("nothing of other origins is loaded, nothing is kept, nobody frames it", async () => {
    const visitor = await loggedIn();
    for (const path of ["/", "/dead-letters"]) {
      const { headers, text } = await visitor.get(path);
      assert.match(headers["content-security-policy"], /^default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; .*form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/);
      assert.equal(headers["cache-control"], "no-store");
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.match(headers["content-type"], /^text\/html; charset=utf-8/);
      assert.ok(!/ style=| on\w+=|<style|<script(?! src="\/status\.js" defer><\/script>)/.test(text), "the policy would stop it");
    }
    for (const [path, type] of [["/status.css", "text/css"], ["/status.js", "text/javascript"], ["/status.svg", "image/svg+xml"]]) {
      const { status: code, headers } = await route.worker.request("GET", path);
      assert.equal(code, 200);
      assert.ok(headers["content-type"].startsWith(type));
    }
  });
});

describe("the numbers", () => {
  test("are those of what was uploaded", async () => {
    const before = ofDataset(await status())?.totals ?? { uploads: 0, records: 0, bytes: 0, errors: 0, requests: 0 };
    const bodies = [await pushed({ records: 25 }), await pushed({ records: 7 }), await pushed({ records: 40 })];
    const answer = await route.push(`${gunzipSync(await pushed({ records: 2 }))}\nnot a record`);
    assert.equal(answer.status, 200);
    await route.drain();
    const told = await status();
    const { totals, last_hour: hour, last_day: day, last_week: week, waiting, ...more } = ofDataset(told);
    assert.equal(totals.uploads - before.uploads, 5);
    assert.equal(totals.records - before.records, 25 + 7 + 40 + 2 + 3);
    assert.equal(totals.errors - before.errors, 1);
    assert.ok(totals.bytes - before.bytes > bodies.reduce((sum, { length }) => sum + length, 0));
    assert.equal(totals.requests - before.requests, 3 + 1 + 4 + 1 + 1);
    for (const window of [hour, day, week]) {
      assert.equal(window.records, totals.records, "all of it came in this hour");
      assert.ok(window.lag_ms_max >= window.lag_ms_mean && window.lag_ms_mean >= 1000, JSON.stringify(window));
      assert.ok(window.lag_ms_max < 60_000, JSON.stringify(window));
    }
    assert.equal(waiting.uploads, 0);
    assert.equal(more.minutes.reduce((sum, { records }) => sum + records, 0), totals.records);
    assert.equal(more.hours.reduce((sum, { records }) => sum + records, 0), totals.records);
    assert.equal(told.uploads[0].outcome, "delivered");
    assert.ok(told.uploads.some(({ records }) => records === 40));

    const { text } = await (await loggedIn()).get("/");
    assert.match(text, /<h3>firewall_events<\/h3>/);
    const cells = /<th scope="row">Records<\/th>(.*?)<\/tr>/s.exec(text)[1];
    // Below 1,000 the number is there itself, and needs no title.
    assert.equal(totals.records, 80);
    assert.equal(cells, "<td>80</td>".repeat(3));
  });

  test("an intake that is down: uploads wait, with the reason, and then they do not", async () => {
    await pushed({ records: 3 });
    await pushed({ records: 4 });
    intake.fault("status", { status: 503, ...always });
    await route.drain({ limit: 4 });
    const down = await status();
    const { waiting, totals } = ofDataset(down);
    assert.equal(waiting.uploads, 2);
    assert.match(waiting.error, /status 503/);
    assert.ok(waiting.next_attempt > Date.now());
    assert.ok(totals.failed_attempts >= 2);
    assert.equal(down.verdict, "warning");
    assert.deepEqual(down.problems.map(({ kind }) => kind), ["failing"]);
    const { text } = await (await loggedIn()).get("/");
    assert.match(text, /Something needs attention/);
    assert.match(text, /2 waiting/);

    intake.faults = [];
    await route.drain();
    const up = await status();
    assert.equal(ofDataset(up).waiting.uploads, 0);
    assert.deepEqual([up.verdict, up.problems], ["ok", []]);
    assert.match((await (await loggedIn()).get("/")).text, /All is well/);
  });

  test("survive the end of the process", async () => {
    const before = ofDataset(await status());
    await pushed({ records: 5 });
    const after = ofDataset(await status());
    assert.equal(after.waiting.uploads, before.waiting.uploads + 1);
    await route.drain();
    assert.equal(ofDataset(await status()).totals.records, before.totals.records + 5);
  });

  test("what could not be stored, and did not come again, is forgotten by the sweep", async () => {
    route.fault = ({ op }) => (op === "r2.put" ? "fail" : undefined);
    seeds += 1;
    const body = uploadOfNow({ records: 2, seed: seeds });
    assertError(await route.push(body), 503);
    route.fault = () => undefined;
    assert.equal(ofDataset(await status()).waiting.uploads, 1);
    await route.sweep();
    assert.equal(route.lines("sweep").at(-1).forgotten, 1);
    assert.equal(ofDataset(await status()).waiting.uploads, 0);
    // If it comes again after all, it is new.
    assert.equal((await route.push(body)).json.duplicate, false);
    await route.drain();
    assert.equal(intake.events.length, 2);
  });

  test("unknown fields are told with their times", async () => {
    await pushed({ records: 2, more: { Shoe: 42 } });
    await route.drain();
    const told = await status();
    const field = ofDataset(told).unknown_fields.find(({ field }) => field === "Shoe");
    assert.ok(Math.abs(field.first - Date.now()) < 60_000);
    assert.ok(told.problems.some(({ kind, text }) => kind === "drift" && text.includes("Shoe")));
  });

  test("the ledger is silent: the page says so, and uploads are delivered all the same", async () => {
    await pushed({ records: 3 });
    route.fault = ({ op }) => (op === "overview" || op === "ledger" ? "fail" : undefined);
    assert.deepEqual(await route.drain(), [{ ack: true }]);
    assert.equal(intake.events.length, 3);
    const { json } = await route.operator("GET", "/api/status");
    assert.ok(validate(json), JSON.stringify(validate.errors));
    assert.deepEqual(json.problems.map(({ kind }) => kind), ["ledger_silent"]);
    const { text } = await operator().get("/", { authorization: `Bearer ${OPERATOR_SECRET}` });
    assert.match(text, /The ledger does not answer/);
  });

  test("a report that is lost is made up for by the next", async () => {
    const before = ofDataset(await status()).totals.records;
    await pushed({ records: 6 });
    route.fault = ({ op }) => (op === "overview" ? "fail after" : undefined);
    await route.drain();
    await route.report();
    route.fault = () => undefined;
    assert.equal(ofDataset(await status()).totals.records, before + 6);
    assert.equal(ofDataset(await status()).totals.records, before + 6);
  });

  test("a page or a scrape is one question to the ledger", async () => {
    const visitor = await loggedIn();
    for (const path of ["/", "/api/status", "/metrics"]) {
      route.counts = {};
      await visitor.get(path);
      assert.deepEqual([route.counts.overview, route.counts.ledger], [1, undefined], path);
    }
  });
});

describe("dead letters on the page", () => {
  const poison = (text) => JSON.parse(text).event.kind === "event";

  async function oneLetter() {
    intake.fault("poison", { refuse: poison, ...always });
    await pushed({ records: 1 });
    await route.drain();
    intake.faults = [];
    await route.sweep();
  }

  test("are listed with their reason, inspected, replayed, and gone", async () => {
    await oneLetter();
    assert.equal(ofDataset(await status()).dead_letters, 1);
    const visitor = await loggedIn();
    const { text } = await visitor.get("/");
    assert.match(text, /there is a dead letter/);
    const fields = await visitor.formOf("/", "/dead-letters/replay");
    const page = await visitor.get(`/dead-letters?id=${encodeURIComponent(fields.id)}`);
    assert.equal(page.status, 200);
    assert.match(page.text, /cannot parse event/);
    assert.match(page.text, /<pre tabindex="0">\{&quot;@timestamp&quot;/);
    const answer = await visitor.post("/dead-letters/replay", fields);
    assert.deepEqual([answer.status, answer.headers.location], [303, "/?done=replayed"]);
    assert.match((await visitor.get("/?done=replayed")).text, /on its way to the intake again/);
    await route.drain();
    assert.equal(ofDataset(await status()).dead_letters, 0);
    assert.ok(!(await visitor.get("/")).text.includes("dead-letters/replay"));
  });

  test("are deleted", async () => {
    await oneLetter();
    const visitor = await loggedIn();
    const answer = await visitor.post("/dead-letters/delete", await visitor.formOf("/", "/dead-letters/delete"));
    assert.equal(answer.headers.location, "/?done=deleted");
    assert.deepEqual(await route.keys("dead/"), []);
    assert.equal(ofDataset(await status()).dead_letters, 0);
    assert.equal((await visitor.get("/dead-letters?id=firewall_events/x")).headers.location, "/?done=gone");
  });

  test("not by another site, nor without the session's own token", async () => {
    await oneLetter();
    const visitor = await loggedIn();
    const { id, token } = await visitor.formOf("/", "/dead-letters/delete");
    const other = await (await loggedIn()).formOf("/", "/logout");
    for (const [name, fields, headers] of [
      ["no token", { id }, {}],
      ["a wrong token", { id, token: `${token}x` }, {}],
      ["another session's token", { id, token: other.token }, {}],
      ["another site", { id, token }, { "sec-fetch-site": "cross-site" }],
      ["another subdomain", { id, token }, { "sec-fetch-site": "same-site" }],
      ["another origin", { id, token }, { origin: "https://evil.example" }],
      ["no form", { id, token }, { "content-type": "text/plain" }],
    ]) {
      for (const path of ["/dead-letters/delete", "/dead-letters/replay", "/logout"]) {
        const answer = await visitor.post(path, fields, headers);
        assert.equal(answer.status, 403, `${path}: ${name}`);
      }
    }
    assert.equal((await operator().post("/login", { secret: OPERATOR_SECRET }, { origin: "https://evil.example" })).status, 400);
    // A browser sends by itself what it was told for Basic.
    const authorization = `Basic ${Buffer.from(`operator:${OPERATOR_SECRET}`).toString("base64")}`;
    for (const [method, path] of [["POST", `/api/dead-letters/${id}/replay`], ["DELETE", `/api/dead-letters/${id}`]]) {
      assertError(await route.worker.request(method, path, undefined, { authorization, "sec-fetch-site": "cross-site" }), 403);
      assertError(await visitor.worker.request(method, path, undefined, { cookie: visitor.cookie }), 401);
    }
    assert.equal((await route.keys("dead/")).length, 1);
    assert.equal(route.queue.messages.length, 0);
    const answer = await visitor.post("/dead-letters/delete", { id, token }, { "sec-fetch-site": "same-origin", origin: new URL(route.worker.url).origin });
    assert.equal(answer.headers.location, "/?done=deleted");
  });

  test("a form that is too long is not read", async () => {
    const visitor = await loggedIn();
    const fields = await visitor.formOf("/", "/logout");
    assert.equal((await visitor.post("/logout", { ...fields, more: "x".repeat(10_000) })).status, 403);
  });
});

describe("hostile values stay text", () => {
  const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(2)>`;

  function assertHarmless(text) {
    assert.ok(!/<script>|<img/i.test(text.replace(/<script src="\/status\.js" defer><\/script>/, "")), text);
    assert.match(text, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  }

  test("of records, of the intake, and of objects in R2", async () => {
    await pushed({ records: 1, more: { [HOSTILE.slice(0, 60)]: 1 } });
    await route.drain();
    await pushed({ records: 1 });
    intake.fault("status", { status: 400, body: HOSTILE, ...always });
    await route.drain({ limit: 3 });
    const about = { v: 1, kind: "documents", dataset: HOSTILE, reason: HOSTILE, upload: HOSTILE, records: 1 };
    const letter = JSON.stringify({ record: 0, reason: HOSTILE, document: { "<script>alert(1)</script>": HOSTILE } });
    const id = `firewall_events/2026/01/01/00/${HOSTILE}.ndjson`;
    await (await route.bucket()).put(`dead/${id}`, letter, { customMetadata: { about: JSON.stringify(about) } });
    await (await route.bucket()).put(`dead/firewall_events/2026/01/01/00/m.message`, HOSTILE, {
      customMetadata: { about: JSON.stringify({ ...about, kind: "message" }) },
    });
    await route.sweep();
    await route.report();
    const visitor = await loggedIn();
    for (const path of [
      "/",
      `/?done=${encodeURIComponent(HOSTILE)}`,
      "/dead-letters",
      `/dead-letters?id=${encodeURIComponent(id)}`,
      "/dead-letters?id=firewall_events/2026/01/01/00/m.message",
    ]) {
      const { status: code, text } = await visitor.get(path);
      assert.equal(code, 200, path);
      assertHarmless(text);
    }
    // Its form works nevertheless.
    const { token } = await visitor.formOf("/", "/logout");
    assert.equal((await visitor.post("/dead-letters/delete", { id, token })).headers.location, "/?done=deleted");
    const { text } = await visitor.get("/metrics");
    for (const line of text.trimEnd().split("\n")) assert.match(line, /^(# (HELP|TYPE) \w+ .*|\w+(\{(\w+="([^"\\]|\\.)*",?)*\})? [\d.e+-]+)$/);
  });

  test("datasets that keys in R2 make up are bounded", async () => {
    for (let n = 0; n < 100; n += 1) await route.put(`dead/made_up_${n}/2026/01/01/00/x.ndjson`, "");
    await route.sweep();
    const told = await status();
    assert.ok(told.datasets.length <= 64, told.datasets.length);
  });
});

describe("the direct route", () => {
  test("says what there is to say", async () => {
    const workers = await startWorkers({ intake, vars: { sound: { OPERATOR_SECRET }, broken: { OPERATOR_SECRET, SHAPE: "round" } } });
    try {
      const visitor = await loggedIn(workers.sound);
      const { text } = await visitor.get("/");
      assert.match(text, /All is well/);
      assert.match(text, /stores nothing/);
      const { json } = await visitor.get("/api/status");
      assert.ok(validate(json), JSON.stringify(validate.errors));
      assert.deepEqual([json.route, json.verdict, json.datasets], ["direct", "ok", []]);
      assert.match((await visitor.get("/dead-letters")).text, /stores nothing/);
      const broken = await loggedIn(workers.broken);
      assert.match((await broken.get("/")).text, /SHAPE is n/);
      assert.match((await broken.get("/metrics")).text, /logpush_ecs_problem\{kind="misconfigured",subject=""\} 1/);
    } finally {
      await workers.dispose();
    }
  });
});
