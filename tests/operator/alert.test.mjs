// Alerts: the cron finds what is wrong, and tells the webhook once, and once when it is over.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";

import { ACCOUNT, TOKEN, ZONE, startCloudflare } from "../support/cloudflare.mjs";
import { Queue, startDurable } from "../support/durable/harness.mjs";
import { nonEmpty } from "../support/expect.mjs";
import { startIntake } from "../support/intake.mjs";
import { uploadOfNow } from "../support/operator.mjs";

const HOOK = "/services/secret-part-of-the-address";

/** Takes what alerts are posted to. */
class Webhook {
  async start() {
    this.server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      this.requests.push({ method: request.method, url: request.url, type: request.headers["content-type"], body });
      response.writeHead(this.status, this.status === 302 ? { location: `${this.url}/elsewhere` } : {});
      response.end("ok");
    });
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    this.reset();
  }

  reset() {
    this.status = 200;
    this.requests = [];
  }

  /** The texts that came since the last call. */
  texts() {
    const requests = this.requests.splice(0);
    return requests.map(({ method, url, type, body }) => {
      assert.deepEqual([method, url, type], ["POST", HOOK, "application/json"]);
      const message = JSON.parse(body);
      assert.deepEqual(Object.keys(message), ["text"]);
      return message.text;
    });
  }

  async close() {
    const closed = once(this.server, "close");
    this.server.close();
    await closed;
  }
}

const webhook = new Webhook();
let intake;
let cloudflare;

before(async () => {
  await webhook.start();
  intake = await startIntake();
  cloudflare = await startCloudflare();
});

after(async () => {
  await webhook.close();
  await intake?.close();
  await cloudflare?.close();
});

beforeEach(async () => {
  webhook.reset();
  cloudflare.reset();
  await intake.reset();
});

/** Runs `steps` with a Worker of its own: its ledger knows nothing. */
async function withRoute(vars, steps) {
  const route = await startDurable({
    intake,
    vars: { ALERT_WEBHOOK_URL: webhook.url + HOOK, ...vars },
    queue: new Queue(),
  });
  try {
    await steps(route);
    for (const text of nonEmpty(route.logs.texts, "log lines")) assert.ok(!text.includes("secret-part") && !text.includes(TOKEN), text);
  } finally {
    await route.stop();
  }
}

let seeds = 60_000;
async function pushed(route, options = {}) {
  seeds += 1;
  const answer = await route.push(uploadOfNow({ records: 1, seed: seeds, ...options }));
  assert.equal(answer.status, 200, answer.text);
}

/** Runs the cron; the texts that the webhook got of it. */
async function told(route) {
  await route.report();
  await route.sweep();
  return webhook.texts();
}

async function assertTold(route, expected) {
  const texts = await told(route);
  assert.equal(texts.length, 1, `${expected}: ${JSON.stringify(texts)}`);
  assert.match(texts[0], expected);
  assert.deepEqual(await told(route), [], "told once");
}

const poison = (text) => JSON.parse(text).event.kind === "event";
const always = { times: Infinity };

describe("an incident is told once, and once when it is over", () => {
  test("dead letters", () =>
    withRoute({}, async (route) => {
      await pushed(route);
      await route.drain();
      assert.deepEqual(await told(route), [], "all is well");
      intake.fault("poison", { refuse: poison, ...always });
      await pushed(route);
      await route.drain();
      await assertTold(route, /^PROBLEM: firewall_events: there is a dead letter\. Read its reason/);
      const { incidents } = await route.status();
      assert.deepEqual(incidents.map(({ kind, subject }) => [kind, subject]), [["dead_letters", "firewall_events"]]);
      assert.ok(Math.abs(incidents[0].since - Date.now()) < 60_000);

      // By hand, so that nobody tells the ledger.
      await (await route.bucket()).delete(await route.keys("dead/"));
      await assertTold(route, /^OVER, after .+: firewall_events: there is a dead letter$/);
      assert.deepEqual((await route.status()).incidents, []);
    }));

  test("a dataset that falls silent", () =>
    withRoute({ ALERT_SILENT_MINUTES: "60" }, async (route) => {
      // Arrived two hours ago, by its key.
      const at = new Date(Date.now() - 2 * 3_600_000).toISOString();
      const stamp = at.replace(/[-:.]/g, "");
      const key = `uploads/firewall_events/${at.slice(0, 13).replace(/[-T]/g, "/")}/${stamp}-${"0".repeat(31)}1.gz`;
      await route.put(key, uploadOfNow({ records: 1, seed: 7 }));
      assert.deepEqual(await told(route), [], "only datasets that were seen before");
      await route.drain();
      await assertTold(route, /^PROBLEM: firewall_events: nothing has arrived for 2 h\. Check the Logpush job/);
      await pushed(route);
      await route.drain();
      await assertTold(route, /^OVER, after .+: firewall_events: nothing has arrived for 2 h$/);
    }));

  test("a backlog", () =>
    withRoute({ ALERT_BACKLOG_UPLOADS: "1" }, async (route) => {
      intake.fault("status", { status: 503, ...always });
      await pushed(route);
      await route.drain({ limit: 2 });
      assert.deepEqual(await told(route), [], "one is not too many");
      await pushed(route);
      await route.drain({ limit: 3 });
      await assertTold(route, /^PROBLEM: firewall_events: 2 uploads wait to be delivered, the oldest for /);
      intake.faults = [];
      await route.drain();
      await assertTold(route, /^OVER, after .+: firewall_events: 2 uploads wait/);
    }));

  test("lag", () =>
    withRoute({ ALERT_LAG_MINUTES: "10" }, async (route) => {
      await pushed(route, { ago: 9 * 60_000 });
      await route.drain();
      assert.deepEqual(await told(route), []);
      await pushed(route, { ago: 11 * 60_000 });
      await route.drain();
      await assertTold(route, /^WARNING: firewall_events: events were delivered up to 11 min after they happened/);
    }));

  test("drift, with names that would call a whole channel", () =>
    withRoute({}, async (route) => {
      await pushed(route, { more: { "<!channel>": 1 } });
      await route.drain();
      await assertTold(route, /^WARNING: firewall_events: records have fields that the mapping does not know: &lt;!channel&gt;\./);
    }));

  test("a configuration that is wrong", () =>
    withRoute({ UPLOAD_MAX_BYTES: "many" }, async (route) => {
      await assertTold(route, /^PROBLEM: The Worker is not configured, and answers every upload with 503: UPLOAD_MAX_BYTES is not an integer/);
    }));

  test("a destination that is wrong: uploads are stored all the same", () =>
    withRoute({ SHAPE: "round" }, async (route) => {
      await pushed(route);
      await assertTold(route, /^PROBLEM: The destination default is not configured, and gets nothing: SHAPE is n/);
    }));
});

test("what the webhook does not take is told by a later run, and no news is lost", () =>
  withRoute({}, async (route) => {
    intake.fault("poison", { refuse: poison, ...always });
    await pushed(route);
    await route.drain();
    for (const status of [500, 302, 404]) {
      webhook.status = status;
      assert.equal((await told(route)).length, 1, "tried, and not followed elsewhere");
      assert.match(route.lines("alert").at(-1).error, new RegExp(`status ${status}; the next run tries again`));
    }
    webhook.status = 200;
    await assertTold(route, /^PROBLEM: firewall_events: there is a dead letter/);
    // It ends while the webhook is away.
    webhook.status = 500;
    await (await route.bucket()).delete(await route.keys("dead/"));
    await told(route);
    webhook.status = 200;
    await assertTold(route, /^OVER, after .+: firewall_events: there is a dead letter/);
  }));

test("one that begins and ends while the webhook is away is told as a whole", () =>
  withRoute({}, async (route) => {
    webhook.status = 500;
    intake.fault("poison", { refuse: poison, ...always });
    await pushed(route);
    await route.drain();
    await told(route);
    await (await route.bucket()).delete(await route.keys("dead/"));
    await told(route);
    webhook.status = 200;
    await assertTold(route, /^OVER, from \d{4}-.+ UTC to \d{4}-.+ UTC: firewall_events: there is a dead letter/);
  }));

test("without the overview nothing is told, since nobody knows what was told before", () =>
  withRoute({}, async (route) => {
    intake.fault("poison", { refuse: poison, ...always });
    await pushed(route);
    await route.drain();
    await route.report();
    route.fault = ({ op }) => (op === "overview" ? "fail" : undefined);
    await route.sweep();
    assert.deepEqual(webhook.texts(), []);
    route.fault = () => undefined;
    await assertTold(route, /there is a dead letter/);
  }));

test("without a webhook incidents are on the page alone", () =>
  withRoute({ ALERT_WEBHOOK_URL: undefined }, async (route) => {
    intake.fault("poison", { refuse: poison, ...always });
    await pushed(route);
    await route.drain();
    assert.deepEqual(await told(route), []);
    assert.equal((await route.status()).incidents.length, 1);
    await (await route.bucket()).delete(await route.keys("dead/"));
    await told(route);
    assert.deepEqual((await route.status()).incidents, []);
  }));

test("wrong settings of alerts stop no upload, and are told", () =>
  withRoute({ ALERT_LAG_MINUTES: "soon" }, async (route) => {
    await pushed(route);
    await route.drain();
    assert.equal(intake.events.length, 1);
    await assertTold(route, /^WARNING: Alerts are not configured: ALERT_LAG_MINUTES is not an integer/);
    const { text } = await route.operator("GET", "/metrics");
    assert.match(text, /^logpush_ecs_problem\{kind="alerts_misconfigured",subject=""\} 1$/m);
    assert.doesNotMatch(text, /kind="misconfigured"/, "Prometheus would page somebody for stopped uploads");
  }));

describe("the Logpush job at Cloudflare", () => {
  const vars = () => ({ CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: TOKEN, CLOUDFLARE_ZONE_IDS: ZONE, CLOUDFLARE_ACCOUNT_ID: ACCOUNT });
  const job = (own) => ({
    dataset: "firewall_events",
    enabled: true,
    destination_conf: "https://logpush-ecs.example.workers.dev/logpush/firewall_events?header_X-Logpush-Secret=hidden-secret",
    ...own,
  });
  const add = (own) => cloudflare.addJob(job(own));

  test("disabled, failing, and well again; others are left alone", () =>
    withRoute(vars(), async (route) => {
      const ours = add({});
      add({ enabled: false, destination_conf: "s3://bucket/logs?region=x" });
      assert.deepEqual(await told(route), []);
      ours.enabled = false;
      await assertTold(route, new RegExp(`^PROBLEM: firewall_events \\(job ${ours.id}\\): the Logpush job is disabled`));
      const { jobs, problems } = await route.status();
      assert.deepEqual(jobs, [{ id: ours.id, dataset: "firewall_events", enabled: false, error: null }]);
      assert.deepEqual(problems.map(({ kind }) => kind), ["job_disabled"]);
      ours.enabled = true;
      ours.error_message = "error 503: error pushing";
      const [text, ...more] = await told(route);
      assert.deepEqual(more, []);
      assert.match(text, /^OVER, after .+ is disabled.*\nPROBLEM: .+ fails: error 503: error pushing/s);
      ours.error_message = null;
      await assertTold(route, /^OVER, after .+ fails/);
      for (const line of nonEmpty(route.logs.texts, "log lines")) assert.ok(!line.includes("hidden-secret"), line);
    }));

  test("an API that is down ends no incident, and stops no other check", () =>
    withRoute({ ...vars(), CLOUDFLARE_ACCOUNT_ID: undefined }, async (route) => {
      const ours = add({ enabled: false });
      await assertTold(route, /is disabled/);
      cloudflare.tokens.clear();
      assert.deepEqual(await told(route), []);
      assert.match(route.lines("alert").at(-1).error, /status 40\d: does the token have the permission/);
      cloudflare.tokens.set(TOKEN, { permissions: ["Logs Write"], scopes: undefined });
      ours.enabled = true;
      await assertTold(route, /^OVER/);
    }));
});
