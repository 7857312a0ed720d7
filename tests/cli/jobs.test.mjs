// `logpush-ecs jobs` against a stand-in of Cloudflare's API, with the Worker in workerd as the destination.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { build, run } from "../support/cli.mjs";
import { ACCOUNT, TOKEN, ZONE, startCloudflare } from "../support/cloudflare.mjs";
import { callOf } from "../support/curl.mjs";
import { API_KEY, startElasticsearch } from "../support/elasticsearch.mjs";
import { nonEmpty } from "../support/expect.mjs";
import { startIntake } from "../support/intake.mjs";
import { TOKEN as HEC_TOKEN, code, startSplunk } from "../support/splunk.mjs";
import { SECRET, startWorkers } from "../support/worker.mjs";

const R2_SECRET = "secret-of-the-bucket/+=";
const OPERATOR_SECRET = "secret-of-the-operator-of-the-test";
const WRONG_KEY = "key-of-another-place";
const DATASET = "firewall_events";
const NAME = "logpush-ecs-firewall-events";
const FIELDS = ["Action", "ClientIP", "ClientRequestHost", "Datetime", "RayID"];

let cloudflare;
let intake;
let cluster;
let collector;
let workers;

before(async () => {
  build();
  cloudflare = await startCloudflare({ fields: { [DATASET]: FIELDS, gateway_dns: ["Datetime"] } });
  intake = await startIntake();
  cluster = await startElasticsearch();
  collector = await startSplunk();
  const operator = { OPERATOR_SECRET };
  const elasticsearch = { ...operator, DESTINATION: "elasticsearch", SEKOIA_INTAKE_URL: undefined, SEKOIA_INTAKE_KEY: undefined, ELASTICSEARCH_URL: cluster.url, ELASTICSEARCH_API_KEY: API_KEY };
  const splunk = { ...operator, DESTINATION: "splunk", SEKOIA_INTAKE_URL: undefined, SEKOIA_INTAKE_KEY: undefined, SPLUNK_URL: collector.url, SPLUNK_TOKEN: HEC_TOKEN };
  const http = { ...operator, DESTINATION: "http", SEKOIA_INTAKE_URL: undefined, SEKOIA_INTAKE_KEY: undefined, HTTP_URL: `${intake.url}/sink` };
  workers = await startWorkers({
    intake,
    vars: {
      worker: {},
      broken: { SHAPE: "round" },
      secretless: { LOGPUSH_SECRET: undefined },
      sekoia: operator,
      sekoiaWrongKey: { ...operator, SEKOIA_INTAKE_KEY: WRONG_KEY },
      sekoiaNoKey: { ...operator, SEKOIA_INTAKE_KEY: undefined },
      sekoiaDown: { ...operator, SEKOIA_INTAKE_URL: "http://127.0.0.1:1" },
      elasticsearch,
      elasticsearchWrongKey: { ...elasticsearch, ELASTICSEARCH_API_KEY: `an-id:${WRONG_KEY}` },
      elasticsearchWrongUrl: { ...elasticsearch, ELASTICSEARCH_URL: `${collector.url}/nowhere` },
      splunk,
      splunkIndex: { ...splunk, SPLUNK_INDEX: "waf" },
      splunkWrongToken: { ...splunk, SPLUNK_TOKEN: WRONG_KEY },
      http,
      httpWrongUrl: { ...http, HTTP_URL: `${intake.url}/no-such-path` },
    },
  });
});

after(async () => {
  await workers?.dispose();
  await intake?.close();
  await cluster?.close();
  await collector?.close();
  await cloudflare?.close();
});

beforeEach(async () => {
  cloudflare.reset();
  await intake.reset();
  await cluster.reset();
  await collector.reset();
});

/** Runs `jobs`; whatever comes, no secret is shown, and nothing of a test upload reaches the intake. */
async function jobs(words, variables = {}) {
  const args = ["jobs", ...words.split(" ").filter((word) => word !== "")];
  const done = await run(args, {
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_API_TOKEN: TOKEN,
    LOGPUSH_SECRET: SECRET,
    R2_ACCESS_KEY_ID: "key-of-the-bucket",
    R2_SECRET_ACCESS_KEY: R2_SECRET,
    ...variables,
  });
  const secrets = [TOKEN, SECRET, R2_SECRET, encodeURIComponent(R2_SECRET), variables.CLOUDFLARE_API_TOKEN, "of-the-old-job"];
  for (const secret of secrets.filter(Boolean)) {
    for (const text of [done.stdout, done.stderr]) assert.ok(!text.includes(secret), text);
  }
  assert.deepEqual(cloudflare.errors, []);
  assert.equal(intake.requests.length, 0);
  return done;
}

/** The same, with the JSON that it prints. */
async function jobsJson(words, variables) {
  const done = await jobs(`${words} --json`, variables);
  return { ...done, json: JSON.parse(done.stdout) };
}

const urlOf = ({ url }) => new URL(url).origin;
const worker = () => urlOf(workers.worker);
const create = (more = "") => `create --zone ${ZONE} --dataset ${DATASET} --worker ${worker()} ${more}`;

/** A job as `create` would make it, with these members. */
function addJob(members = {}) {
  return cloudflare.addJob({
    dataset: DATASET,
    name: NAME,
    enabled: true,
    destination_conf: `${worker()}/logpush/${DATASET}?header_X-Logpush-Secret=${SECRET}`,
    output_options: { field_names: FIELDS, timestamp_format: "rfc3339ns" },
    max_upload_bytes: 5_000_000,
    max_upload_records: 1_000,
    last_complete: new Date().toISOString(),
    filter: filterOf("127.0.0.1"),
    ...members,
  });
}

const filterOf = (host) =>
  JSON.stringify({ where: { and: [{ key: "ClientRequestHost", operator: "!eq", value: host }] } });

function assertDone({ code, stdout, stderr }) {
  assert.equal(code, 0, stdout + stderr);
}

function assertSays(text, ...words) {
  for (const word of words) assert.ok(text.includes(word), `${word} is not in:\n${text}`);
}

// --- fields ---

test("fields lists what the subscription offers, for people and for programs", async () => {
  const shown = await jobs(`fields ${DATASET} --zone ${ZONE}`);
  assertDone(shown);
  assert.deepEqual(
    shown.stdout.trimEnd().split("\n").map((line) => line.split(" ")[0]),
    ["FIELD", ...FIELDS],
  );
  const { json } = await jobsJson(`fields ${DATASET} --zone example.com`);
  assert.deepEqual(Object.keys(json.fields), FIELDS);
});

// --- create ---

test("create makes an enabled job of all fields, tested first, and says what it did", async () => {
  const done = await jobs(create());
  assertDone(done);
  const [job] = cloudflare.jobs;
  const { scope, id, ...members } = job;
  assert.equal(scope, `zones/${ZONE}`);
  assert.equal(members.name, NAME);
  assert.equal(members.enabled, true);
  assert.equal(members.dataset, DATASET);
  assert.equal(members.max_upload_bytes, 5_000_000);
  assert.equal(members.max_upload_records, 1_000);
  assert.deepEqual(members.output_options, { field_names: FIELDS, timestamp_format: "rfc3339ns" });
  assert.equal(members.destination_conf, `${worker()}/logpush/${DATASET}?header_X-Logpush-Secret=${SECRET}`);
  assert.equal(members.filter, filterOf("127.0.0.1"));
  assert.equal(cloudflare.uploads, 2, "the validation, and the creation");
  const order = cloudflare.requests.map(({ method, path }) => `${method} ${path.split("/logpush/")[1]}`);
  assert.deepEqual(order, [
    `GET datasets/${DATASET}/fields`,
    `GET datasets/${DATASET}/jobs`,
    "POST validate/destination",
    "POST jobs",
  ]);
  assertSays(done.stdout, `created job ${id}, ${NAME}`, "5 of 5 offered", "curl -sS -X POST", "jobs check");
});

for (const secret of [SECRET, `${SECRET},another-secret-of-old`]) {
  test(`the curl that create prints does the same, LOGPUSH_SECRET=${secret.replace(SECRET, "new")}`, async () => {
    const variables = { CLOUDFLARE_API_TOKEN: TOKEN, LOGPUSH_SECRET: secret };
    const { json } = await jobsJson(create(), variables);
    const [sent] = cloudflare.changes;
    const { words, body } = callOf(json.curl, variables);
    assert.deepEqual(body, JSON.parse(sent.text));
    assert.ok(words.includes(`${cloudflare.url}/zones/${ZONE}/logpush/jobs`));
    assert.ok(words.includes(`Authorization: Bearer ${TOKEN}`));
    assert.ok(words.includes("POST"));
  });
}

test("a dry run prints the same request, and sends nothing but reads", async () => {
  const dry = await jobsJson(create("--dry-run"));
  assertDone(dry);
  for (const { method } of nonEmpty(cloudflare.requests, "requests")) assert.equal(method, "GET");
  const { json } = await jobsJson(create());
  assert.equal(dry.json.curl, json.curl);
  assert.equal(dry.json.action, "none");
  assert.equal(json.action, "created");
});

test("a second create finds the job, and changes nothing", async () => {
  assertDone(await jobs(create()));
  const again = await jobsJson(create());
  assertDone(again);
  assert.deepEqual(again.json.differences, []);
  assert.equal(cloudflare.changes.length, 1);
  assert.equal(cloudflare.jobs.length, 1);
});

test("create says what differs from the job that is there, and the command that mends it does", async () => {
  const job = addJob({
    enabled: false,
    destination_conf: `${worker()}/logpush/${DATASET}?header_X-Logpush-Secret=of-the-old-job`,
    output_options: { field_names: ["RayID"], timestamp_format: "unix", "CVE-2021-44228": true },
    max_upload_bytes: null,
  });
  const found = await jobs(create());
  assert.equal(found.code, 1);
  assert.equal(cloudflare.changes.length, 0);
  assertSays(
    found.stdout,
    `job ${job.id} is there already, and differs`,
    "enabled: false; asked: true",
    "field_names: 1 fields; asked: 5 fields: +Action +ClientIP +ClientRequestHost +Datetime",
    "timestamp_format: unix; asked: rfc3339ns",
    "max_upload_bytes: none; asked: 5000000",
    "header_X-Logpush-Secret: another secret",
  );
  const commands = [...found.stdout.matchAll(/`logpush-ecs jobs (.*)`/g)];
  for (const [, command] of nonEmpty(commands, "commands that mend it")) assertDone(await jobs(command));
  assertDone(await jobs(create()));
  assert.equal(cloudflare.job(job.id).output_options["CVE-2021-44228"], true, "what nobody asked about stays");
});

test("create refuses a destination that Cloudflare cannot deliver to, in the Worker's own words", async () => {
  const wrong = await jobs(create(), { LOGPUSH_SECRET: "secret-of-another-job" });
  assert.equal(wrong.code, 1);
  assertSays(wrong.stderr, "Cloudflare cannot deliver", "status:401", "hint: tried from here: 401", "LOGPUSH_SECRET");
  const url = urlOf(workers.broken);
  const broken = await jobs(`create --zone ${ZONE} --dataset ${DATASET} --worker ${url}`);
  assertSays(broken.stderr, "status:503", "SHAPE");
  assert.equal(cloudflare.changes.length, 0);
});

test("create --all-zones makes one job for each active zone, over all pages, and one that fails stops no other", async () => {
  const id = (n) => n.toString(16).padStart(32, "0");
  cloudflare.zones = Array.from({ length: 53 }, (_, n) => ({
    id: id(n),
    name: `zone${n}.example`,
    status: n === 2 ? "pending" : "active",
    account: { id: ACCOUNT },
  }));
  for (let n = 0; n < 4; n += 1) cloudflare.addJob({ destination_conf: "s3://full", dataset: "http_requests" }, `zones/${id(51)}`);
  const done = await jobsJson(`create --all-zones --dataset ${DATASET} --worker ${worker()}`);
  assert.equal(done.code, 1);
  const created = done.json.filter(({ action }) => action === "created");
  assert.equal(created.length, 51);
  const [failed] = done.json.filter(({ error }) => error);
  assert.equal(failed.scope, "zone zone51.example");
  assertSays(failed.error.hint, "jobs list");
  assert.ok(!cloudflare.jobs.some(({ scope }) => scope === `zones/${id(2)}`));
});

test("create --via r2 writes to where the Worker reads the dataset, with the account of the zone", async () => {
  const words = `create --zone ${ZONE} --dataset ${DATASET} --via r2 --bucket logs`;
  const done = await jobsJson(words);
  assertDone(done);
  const [job] = cloudflare.jobs;
  const url = new URL(job.destination_conf.replace("r2:", "http:"));
  assert.ok(job.destination_conf.startsWith(`r2://logs/logpush/${DATASET}/{DATE}?`), job.destination_conf);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    "account-id": ACCOUNT,
    "access-key-id": "key-of-the-bucket",
    "secret-access-key": R2_SECRET,
  });
  assert.equal(job.filter, undefined);
  assertSays(done.json.curl, "$R2_ACCESS_KEY_ID");
  const again = await jobsJson(words);
  assertDone(again);
  assert.deepEqual(again.json.differences, []);
});

test("create takes what it is told: name, fields, times, limits, filter, sample", async () => {
  const filter = '{"where":{"and":[{"key":"ClientIP","operator":"eq","value":"192.0.2.7"}]}}';
  const options = `--name a.b-c --fields RayID,Action --timestamps unixnano --max-upload-bytes 6000000 --max-upload-records 2000 --max-upload-interval 60 --sample 0.5 --filter ${filter}`;
  assertDone(await jobs(create(options)));
  const [job] = cloudflare.jobs;
  assert.equal(job.name, "a.b-c");
  assert.deepEqual(job.output_options, { field_names: ["RayID", "Action"], timestamp_format: "unixnano", sample_rate: 0.5 });
  assert.equal(job.max_upload_bytes, 6_000_000);
  assert.equal(job.max_upload_records, 2_000);
  assert.equal(job.max_upload_interval_seconds, 60);
  assert.equal(job.filter, filter);
});

// --- wrong usage ---

for (const [name, words, variables, message] of [
  ["no token", `list --zone ${ZONE}`, { CLOUDFLARE_API_TOKEN: "" }, "CLOUDFLARE_API_TOKEN is not set"],
  ["a token that is none", `list --zone ${ZONE}`, { CLOUDFLARE_API_TOKEN: "Bearer 0123456789" }, "is not a token"],
  ["no scope", "list", {}, "--zone"],
  ["two scopes", `list --zone ${ZONE} --account ${ACCOUNT}`, {}, "cannot be used with"],
  ["a zone that is neither ID nor name", "list --zone example", {}, "neither an ID"],
  ["an account that is no ID", "list --account example.com", {}, "not an ID"],
  ["an API over http", `list --zone ${ZONE} --api http://api.example.com`, {}, "must be https"],
  ["a Worker over http", `create --zone ${ZONE} --dataset ${DATASET} --worker http://logs.example.com`, {}, "--worker is http"],
  ["no Worker", `create --zone ${ZONE} --dataset ${DATASET}`, {}, "--worker"],
  ["no secret", `create --zone ${ZONE} --dataset ${DATASET} --worker https://w.example.com`, { LOGPUSH_SECRET: "" }, "LOGPUSH_SECRET is not set"],
  ["a field that is not offered", `create --zone ${ZONE} --dataset ${DATASET} --worker https://w.example.com --fields RayID,Nothing`, {}, "not offered: Nothing"],
  ["a number out of range", `update 1 --zone ${ZONE} --max-upload-records 10`, {}, "1000 to 1000000"],
  ["a bucket without keys", `create --zone ${ZONE} --dataset ${DATASET} --via r2 --bucket logs`, { R2_ACCESS_KEY_ID: "" }, "R2_ACCESS_KEY_ID is not set"],
]) {
  test(`wrong usage is told before anything is changed: ${name}`, async () => {
    const done = await jobs(words, variables);
    assert.equal(done.code, 2, done.stderr);
    assertSays(done.stderr, message);
    assert.equal(cloudflare.changes.length, 0);
  });
}

// --- list, show ---

test("list shows the jobs of a zone, of a dataset, of all zones", async () => {
  const ours = addJob();
  const theirs = cloudflare.addJob({
    dataset: "http_requests",
    destination_conf: "https://intake.example.com/path-that-is-a-key?header_Key=of-the-old-job",
  });
  const all = await jobs(`list --zone ${ZONE}`);
  assertDone(all);
  const [head, ...rows] = all.stdout.trimEnd().split("\n");
  assert.match(head, /^JOB +DATASET +NAME +ENABLED +LAST DELIVERY +LAST ERROR +DESTINATION$/);
  assert.equal(rows.length, 2);
  assertSays(rows[0], String(ours.id), "yes", ours.last_complete, "header_X-Logpush-Secret=[secret]");
  assertSays(rows[1], String(theirs.id), "no", "https://intake.example.com/[secret]?header_Key=[secret]");
  const one = await jobsJson(`list --zone ${ZONE} --dataset ${DATASET}`);
  assert.deepEqual(one.json.map(({ id }) => id), [ours.id]);
  const everywhere = await jobsJson("list --all-zones");
  assert.deepEqual(everywhere.json.map(({ id, scope }) => [id, scope]), [
    [ours.id, "zone example.com"],
    [theirs.id, "zone example.com"],
  ]);
  assertSays((await jobs(`list --account ${ACCOUNT}`)).stdout, "no job");
});

test("show has every member of a job, and explains its error", async () => {
  const message = `error 401: error pushing: error uploading to https: 401 {"error":"the secret is wrong"}`;
  const { id } = addJob({ last_error: "2026-01-01T00:00:00Z", error_message: message });
  const shown = await jobs(`show ${id} --zone ${ZONE}`);
  assertDone(shown);
  assertSays(shown.stdout, NAME, "5: Action ClientIP", "rfc3339ns", message, "hint: the secret of the job");
  const { json } = await jobsJson(`show ${id} --zone ${ZONE}`);
  assert.equal(json.error_message, message);
  assertSays(json.destination_conf, "[secret]");
});

// --- update ---

test("update changes only what is asked, and keeps the other output options", async () => {
  const options = { field_names: ["RayID"], timestamp_format: "unix", "CVE-2021-44228": true, sample_rate: 0.5 };
  const { id } = addJob({ output_options: options });
  const done = await jobs(`update ${id} --zone ${ZONE} --fields all`);
  assertDone(done);
  const [{ method, text }] = cloudflare.changes;
  assert.equal(method, "PUT");
  assert.deepEqual(JSON.parse(text), { output_options: { ...options, field_names: FIELDS } });
  assertSays(done.stdout, "field_names: 1 fields -> 5 fields: +Action +ClientIP", "curl -sS -X PUT");
  const again = await jobs(`update ${id} --zone ${ZONE} --fields all`);
  assertDone(again);
  assertSays(again.stdout, "as asked already");
  assert.equal(cloudflare.changes.length, 1);
});

test("update keeps what an old job says in logpull_options", async () => {
  const { id } = addJob({ output_options: null, logpull_options: "fields=RayID,Action&timestamps=rfc3339&CVE-2021-44228=true" });
  assertDone(await jobs(`update ${id} --zone ${ZONE} --timestamps rfc3339ns`));
  assert.deepEqual(cloudflare.job(id).output_options, {
    field_names: ["RayID", "Action"],
    timestamp_format: "rfc3339ns",
    "CVE-2021-44228": true,
  });
});

test("update --secret changes the secret and nothing else, after a test", async () => {
  const before = `${worker()}/logpush/${DATASET}?tag=a%2Db&header_X-Logpush-Secret=of-the-old-job`;
  const { id } = addJob({ destination_conf: before });
  const wrong = await jobs(`update ${id} --zone ${ZONE} --secret`, { LOGPUSH_SECRET: "secret-of-another-job" });
  assert.equal(wrong.code, 1);
  assert.equal(cloudflare.job(id).destination_conf, before);
  const done = await jobs(`update ${id} --zone ${ZONE} --secret`);
  assertDone(done);
  assert.equal(cloudflare.job(id).destination_conf, before.replace("of-the-old-job", SECRET));
  assert.deepEqual(Object.keys(JSON.parse(cloudflare.changes[0].text)), ["destination_conf"]);
  assertSays(done.stdout, "another secret -> that of the environment");
});

test("update moves a job to another Worker, and gives the secret to no one else", async () => {
  const { id } = addJob({ destination_conf: "https://intake.example.com/in?header_Key=of-the-old-job" });
  const refused = await jobs(`update ${id} --zone ${ZONE} --secret`);
  assert.equal(refused.code, 2);
  assertSays(refused.stderr, "would give the secret away");
  assertDone(await jobs(`update ${id} --zone ${ZONE} --worker ${worker()}`));
  assert.equal(cloudflare.job(id).destination_conf, `${worker()}/logpush/${DATASET}?header_X-Logpush-Secret=${SECRET}`);
});

test("update without an option, and a dry run, change nothing", async () => {
  const { id } = addJob();
  assert.equal((await jobs(`update ${id} --zone ${ZONE}`)).code, 2);
  const dry = await jobs(`update ${id} --zone ${ZONE} --name another --dry-run`);
  assertDone(dry);
  assertSays(dry.stdout, "would change", `name: ${NAME} -> another`);
  assert.equal(cloudflare.changes.length, 0);
});

// --- enable, disable, delete ---

test("disable and enable switch the job, once", async () => {
  const { id } = addJob();
  for (const [word, enabled] of [
    ["disable", false],
    ["enable", true],
  ]) {
    const command = `${word} ${id} --zone ${ZONE}`;
    assertSays((await jobs(`${command} --dry-run`)).stdout, "would make");
    assert.equal(cloudflare.job(id).enabled, !enabled);
    assertDone(await jobs(command));
    assert.equal(cloudflare.job(id).enabled, enabled);
    assertSays((await jobs(command)).stdout, "already");
  }
  assert.deepEqual(cloudflare.changes.map(({ text }) => JSON.parse(text)), [{ enabled: false }, { enabled: true }]);
});

test("delete shows what it deleted; a dry run deletes nothing", async () => {
  const { id } = addJob();
  assertSays((await jobs(`delete ${id} --zone ${ZONE} --dry-run`)).stdout, "would delete");
  assert.equal(cloudflare.jobs.length, 1);
  const done = await jobs(`delete ${id} --zone ${ZONE}`);
  assertDone(done);
  assertSays(done.stdout, `deleted job ${id}`, NAME);
  assert.equal(cloudflare.jobs.length, 0);
});

// --- Cloudflare's errors ---

for (const [name, arrange, words, expected] of [
  ["a token without Logs > Edit", (api) => api.tokens.set(TOKEN, { permissions: ["Logs Read"] }), `list --zone ${ZONE}`, "Zone > Logs > Edit"],
  ["a token for another zone", (api) => api.tokens.set(TOKEN, { permissions: ["Logs Write"], scopes: [ACCOUNT] }), `list --zone ${ZONE}`, "Zone > Logs > Edit"],
  ["a token for zones only", (api) => api.tokens.set(TOKEN, { permissions: ["Logs Write"], scopes: [ZONE] }), `list --account ${ACCOUNT}`, "Account > Logs > Edit"],
  ["a token that is revoked", (api) => api.tokens.clear(), `list --zone ${ZONE}`, "wrong, revoked or expired"],
  ["a zone by name without Zone > Read", (api) => api.tokens.set(TOKEN, { permissions: ["Logs Write"] }), "list --zone example.com", "Zone > Zone > Read"],
  ["a zone that is not there", () => {}, `list --zone ${"1".repeat(32)}`, "no such zone"],
  ["a zone name that is not there", () => {}, "list --zone example.org", "there is no zone example.org"],
  [
    "Zero Trust without PII Read",
    (api) => {
      api.tokens.set(TOKEN, { permissions: ["Logs Write"] });
      api.addJob({ dataset: "gateway_dns" }, `accounts/${ACCOUNT}`);
    },
    `list --account ${ACCOUNT}`,
    "Zero Trust: PII",
  ],
  ["a job that is not there", () => {}, `show 7 --zone ${ZONE}`, "no such job"],
  ["trouble at Cloudflare", (api) => api.fault({ status: 502, body: "<html>bad gateway</html>" }), `list --zone ${ZONE}`, "cloudflarestatus"],
  ["too many calls", (api) => api.fault({ status: 429, body: { success: false, errors: [{ code: 971, message: "rate limited" }] } }), `list --zone ${ZONE}`, "five minutes"],
  ["something else at the URL", (api) => api.fault({ status: 200, body: "<html>hello</html>" }), `list --zone ${ZONE}`, "--api"],
]) {
  test(`explained: ${name}`, async () => {
    arrange(cloudflare);
    const done = await jobsJson(words);
    assert.equal(done.code, 1, done.stdout);
    assertSays(done.stderr, expected);
    assertSays(`${done.json.error.message} ${done.json.error.hint}`, expected);
  });
}

test("explained: a token that has another form, such as the Global API Key", async () => {
  const done = await jobs(`list --zone ${ZONE}`, { CLOUDFLARE_API_TOKEN: "0123456789abcdef0123456789abcdef01234" });
  assert.equal(done.code, 1);
  assertSays(done.stderr, "Global API Key");
});

test("no secret is shown, even where Cloudflare repeats it", async () => {
  const destination = `${worker()}/logpush/${DATASET}?header_X-Logpush-Secret=${SECRET}`;
  for (const [path, body] of [
    ["/validate/destination", { success: true, result: { valid: false, message: `cannot parse ${destination}` } }],
    ["/logpush/jobs", { success: false, errors: [{ code: 1002, message: `cannot parse ${destination}` }] }],
    ["/logpush/jobs", `<html>${destination} ${TOKEN}</html>`],
  ]) {
    cloudflare.fault({ status: 200, body, when: (request) => request.method === "POST" && request.path.endsWith(path) });
    const done = await jobsJson(create());
    assert.equal(done.code, 1);
    assertSays(done.stdout, "[secret]");
    assertSays(done.stderr, "[secret]");
  }
});

for (const [name, arrange] of [
  ["reached", () => Array.from({ length: 4 }, () => cloudflare.addJob({ dataset: "http_requests" }))],
  ["none, since the plan has no Logpush for the dataset", () => Object.assign(cloudflare.quota, { [DATASET]: 0 })],
]) {
  test(`explained: the limit of jobs, ${name}`, async () => {
    arrange();
    const done = await jobs(create());
    assert.equal(done.code, 1);
    assertSays(done.stderr, "exceeded max jobs allowed (1004)", "jobs list", "the plan or subscription lacks Logpush");
  });
}

test("explained: an API that does not answer", async () => {
  const done = await jobs(`list --zone ${ZONE} --api http://127.0.0.1:1`);
  assert.equal(done.code, 1);
  assertSays(done.stderr, "no answer", "--api");
});

// --- check ---

const marks = (links) => Object.fromEntries(links.map(({ name, mark }) => [name, mark]));

const SOUND = {
  enabled: "ok",
  fields: "ok",
  format: "ok",
  limits: "ok",
  "last error": "ok",
  "last delivery": "ok",
  worker: "ok",
  secret: "ok",
  configuration: "ok",
  cloudflare: "ok",
  // Nobody has given the operator's secret.
  intake: "skip",
  destination: "skip",
};

test("check is green for the job that create makes, once it has delivered", async () => {
  assertDone(await jobs(create()));
  const young = await jobsJson(`check --zone ${ZONE}`);
  assertDone(young);
  assert.deepEqual(marks(young.json.scopes[0].jobs[0].links), { ...SOUND, "last delivery": "warn" });
  cloudflare.jobs[0].last_complete = new Date().toISOString();
  const done = await jobsJson("check --all-zones");
  assertDone(done);
  assert.equal(done.json.broken, 0);
  const [{ links, jobs: checked }] = done.json.scopes;
  assert.deepEqual(marks(links), { token: "ok" });
  assert.deepEqual(marks(checked[0].links), SOUND);
  assertSays((await jobs(`check --zone ${ZONE}`)).stdout, "no link is broken");
});

const STREAM = `logs-cloudflare.${DATASET}-default`;
const secretOf = (url, secret) => `${new URL(url).origin}/logpush/${DATASET}?header_X-Logpush-Secret=${secret}`;

for (const [name, members, broken] of [
  ["a disabled job", () => ({ enabled: false }), { enabled: "fail" }],
  ["fields that are offered and not sent", () => ({ output_options: { field_names: ["RayID"], timestamp_format: "rfc3339ns" } }), { fields: "warn" }],
  ["no field", () => ({ output_options: { timestamp_format: "rfc3339ns" } }), { fields: "fail" }],
  ["CSV", () => ({ output_options: { field_names: FIELDS, output_type: "csv" } }), { format: "fail" }],
  ["no limit", () => ({ max_upload_bytes: 0 }), { limits: "warn" }],
  ["a last error", () => ({ last_error: "2026-01-01T00:00:00Z", error_message: "error 503: error pushing" }), { "last error": "fail" }],
  ["silence", () => ({ last_complete: "2020-01-01T00:00:00Z" }), { "last delivery": "warn" }],
  [
    "a Worker that is not there",
    () => ({ destination_conf: secretOf("http://127.0.0.1:1", SECRET) }),
    { worker: "fail", secret: "skip", configuration: "skip", cloudflare: "fail" },
  ],
  [
    "something else at the Worker's address",
    () => ({ destination_conf: secretOf(intake.url, SECRET) }),
    { worker: "fail", secret: "skip", configuration: "skip", cloudflare: "fail" },
  ],
  [
    "a wrong secret",
    () => ({ destination_conf: secretOf(workers.worker.url, "of-the-old-job") }),
    { secret: "fail", configuration: "skip", cloudflare: "fail" },
  ],
  [
    "a Worker with a wrong configuration",
    () => ({ destination_conf: secretOf(workers.broken.url, SECRET) }),
    { configuration: "fail", cloudflare: "fail" },
  ],
  [
    "a Worker without a secret",
    () => ({ destination_conf: secretOf(workers.secretless.url, SECRET) }),
    { secret: "skip", configuration: "fail", cloudflare: "fail" },
  ],
  [
    "a dataset that the Worker does not know",
    () => ({ destination_conf: secretOf(workers.worker.url, SECRET).replace(DATASET, "other_events") }),
    { dataset: "fail", cloudflare: "fail" },
  ],
]) {
  test(`check names the link that is broken: ${name}`, async () => {
    addJob(members());
    const words = `check --zone ${ZONE}`;
    const args = ["jobs", ...words.split(" "), "--json"];
    const { stdout } = await run(args, { CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: TOKEN });
    const { broken: count, scopes } = JSON.parse(stdout);
    const [{ links }] = scopes[0].jobs;
    assert.deepEqual(marks(links), { ...SOUND, ...broken }, stdout);
    assert.equal(count, Object.values(broken).filter((mark) => mark === "fail").length);
    for (const { mark, hint, name: link } of nonEmpty(links, "links")) assert.equal(Boolean(hint), ["warn", "fail"].includes(mark), link);
    assert.ok(!stdout.includes("of-the-old-job"));
  });
}

for (const [name, told, { mark = "fail", say, vars = name, strike = () => {} }] of [
  ["sekoia", "ready", { mark: "ok", say: "knows the key" }],
  ["sekoia: a wrong key", "wrong key", { say: "401", vars: "sekoiaWrongKey" }],
  ["sekoia: no key", "not configured", { say: "SEKOIA_INTAKE_KEY", vars: "sekoiaNoKey" }],
  ["sekoia: down", "down", { say: "connection failed", vars: "sekoiaDown" }],
  ["sekoia: busy", "unavailable", { say: "503", vars: "sekoia", strike: () => intake.fault("status", { status: 503 }) }],
  ["elasticsearch", "ready", { mark: "ok", say: "may add documents" }],
  ["elasticsearch: the data stream is there", "ready", { mark: "ok", say: "is there", vars: "elasticsearch", strike: () => cluster.stream(STREAM) }],
  ["elasticsearch: a wrong key", "wrong key", { say: "security_exception", vars: "elasticsearchWrongKey" }],
  ["elasticsearch: no privilege", "missing privilege", { say: "create_doc", vars: "elasticsearch", strike: () => (cluster.privileges = []) }],
  ["elasticsearch: no index", "missing index", { say: STREAM, vars: "elasticsearch", strike: () => (cluster.privileges = ["create_doc", "view_index_metadata"]) }],
  ["elasticsearch: no template", "missing template", { mark: "warn", say: "types are guessed", vars: "elasticsearch", strike: () => (cluster.templates = []) }],
  ["elasticsearch: the least privileges", "ready", { mark: "ok", say: "make", vars: "elasticsearch", strike: () => (cluster.privileges = ["create_doc", "auto_configure"]) }],
  ["elasticsearch: another make", "reached", { mark: "warn", say: "request body is required", vars: "elasticsearch", strike: () => (cluster.privileges = undefined) }],
  ["elasticsearch: a wrong URL", "wrong url", { say: "404", vars: "elasticsearchWrongUrl" }],
  ["splunk", "ready", { mark: "ok", say: "knows the token" }],
  ["splunk: an index", "ready", { mark: "ok", say: "the index waf shows with an event", vars: "splunkIndex" }],
  ["splunk: a wrong token", "wrong key", { say: "Invalid token", vars: "splunkWrongToken" }],
  ["splunk: unhealthy", "unavailable", { say: "queues are full", vars: "splunk", strike: () => collector.fault(code(18)) }],
  ["http", "ready", { mark: "ok", say: "without events" }],
  ["http: a wrong URL", "wrong url", { say: "404", vars: "httpWrongUrl" }],
]) {
  test(`check has the Worker ask the destination: ${name}: ${told}`, async () => {
    addJob({ destination_conf: secretOf(workers[vars].url, SECRET) });
    strike();
    const args = ["jobs", "check", "--zone", ZONE, "--json"];
    const { stdout } = await run(args, { CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: TOKEN, OPERATOR_SECRET });
    const links = JSON.parse(stdout).scopes[0].jobs[0].links.filter((link) => link.name === "destination");
    assert.equal(links.length, 1, stdout);
    const [{ mark: found, text, hint }] = links;
    assert.equal(found, mark, text);
    const isNamed = !["ready", "reached"].includes(told);
    assertSays(text, isNamed ? `default, ${told}: ` : "default: ", say);
    assert.equal(Boolean(hint), mark !== "ok", text);
    for (const secret of [WRONG_KEY, HEC_TOKEN, API_KEY, SECRET, OPERATOR_SECRET]) assert.ok(!stdout.includes(secret), stdout);
    for (const standIn of [intake, cluster, collector]) assert.deepEqual([standIn.events, standIn.errors], [[], []]);
  });
}

test("only the operator has a destination checked", async () => {
  const path = "/api/destinations/default/check";
  const ask = (headers, method = "POST", more = "") => workers.sekoia.request(method, path + more, undefined, headers);
  for (const headers of [{}, { authorization: "Bearer of-somebody-else" }, { "x-logpush-secret": SECRET }]) {
    assert.equal((await ask(headers)).status, 401);
  }
  const operator = { authorization: `Bearer ${OPERATOR_SECRET}` };
  assert.equal((await ask({ ...operator, "sec-fetch-site": "cross-site" })).status, 403);
  assert.equal((await ask(operator, "GET")).status, 405);
  assert.equal((await ask(operator, "POST", "?dataset=no_such_dataset")).status, 404);
  assert.equal((await workers.sekoia.request("POST", path.replace("default", "other"), undefined, operator)).status, 404);
  assert.equal((await workers.worker.request("POST", path, undefined, operator)).status, 503, "without a secret it is closed");
  assert.equal(intake.requests.length, 0);
  const { status, json } = await ask(operator, "POST", `?dataset=${DATASET}`);
  assert.deepEqual([status, json.verdict, json.dataset], [200, "ready", DATASET]);
});

test("check names a token that may not read, and a job that is missing", async () => {
  const missing = await jobs(`check --zone ${ZONE} --dataset ${DATASET}`);
  assert.equal(missing.code, 1);
  assertSays(missing.stdout, "FAIL  job", `jobs create --zone ${ZONE} --dataset ${DATASET}`, "1 link is broken");
  cloudflare.tokens.clear();
  const denied = await jobs(`check --zone ${ZONE}`);
  assert.equal(denied.code, 1);
  assertSays(denied.stdout, "FAIL  token", "revoked or expired");
});

test("docs/jobs.md has every link of check, and no other", async () => {
  const names = new Set();
  const note = ({ json }) => {
    for (const { links, jobs: checked } of json.scopes) {
      for (const { name } of [links, ...checked.map((job) => job.links)].flat()) names.add(name);
    }
  };
  note(await jobsJson(`check --zone ${ZONE} --dataset ${DATASET}`));
  addJob();
  addJob({ dataset: "of_tomorrow", destination_conf: `${worker()}/logpush/of_tomorrow?header_X-Logpush-Secret=${SECRET}` });
  note(await jobsJson(`check --zone ${ZONE}`));
  const [, section] = readFileSync(join(root, "docs/jobs.md"), "utf8").split("\n## Create and check\n");
  const documented = [...section.split("\n## ")[0].matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  assert.deepEqual(documented.sort(), [...names].sort());
});

test("a dry run of check sends no test upload", async () => {
  addJob();
  const { json } = await jobsJson(`check --zone ${ZONE} --dry-run`);
  const skipped = { secret: "skip", configuration: "skip", cloudflare: "skip" };
  assert.deepEqual(marks(json.scopes[0].jobs[0].links), { ...SOUND, ...skipped });
  assert.equal(cloudflare.uploads, 0);
});

test("check of a job that writes to a bucket asks for the Worker that reads it", async () => {
  assertDone(await jobs(`create --zone ${ZONE} --dataset ${DATASET} --via r2 --bucket logs`));
  const without = await jobsJson(`check --zone ${ZONE}`);
  const one = marks(without.json.scopes[0].jobs[0].links);
  assert.equal(one.worker, "skip");
  assert.equal(one.cloudflare, "ok");
  const { json } = await jobsJson(`check --zone ${ZONE} --worker ${worker()}`);
  assert.equal(marks(json.scopes[0].jobs[0].links).worker, "ok");
});

test("check names a bucket's folder that no Worker reads", async () => {
  const destination_conf = `r2://logs/${DATASET}/{DATE}?account-id=${ACCOUNT}&access-key-id=1&secret-access-key=2`;
  addJob({ destination_conf });
  const { json } = await jobsJson(`check --zone ${ZONE} --worker ${worker()}`);
  const { worker: mark } = marks(json.scopes[0].jobs[0].links);
  assert.equal(mark, "fail");
});

test("check of several datasets names the one that has no job", async () => {
  addJob();
  const { code, json } = await jobsJson(`check --zone ${ZONE} --dataset ${DATASET},http_requests`);
  assert.equal(code, 1);
  assert.equal(json.broken, 1);
  const [{ links, jobs: checked }] = json.scopes;
  assert.deepEqual(marks(links), { token: "ok", job: "fail" });
  assertSays(links[1].hint, "--dataset http_requests");
  assert.deepEqual(checked.map(({ dataset }) => dataset), [DATASET]);
});

// --- The stand-in itself ---

test("the stand-in refuses what Cloudflare refuses", async () => {
  const good = { dataset: DATASET, destination_conf: secretOf(worker(), SECRET), output_options: { field_names: ["RayID"] } };
  const post = async (members) => {
    const answer = await fetch(`${cloudflare.url}/zones/${ZONE}/logpush/jobs`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ ...good, ...members }),
    });
    return { status: answer.status, ...(await answer.json()) };
  };
  for (const members of [
    { destination_conf: undefined },
    { destination_conf: "ftp://logs.example.com" },
    { destination_conf: "http://logs.example.com" },
    { destination_conf: `https://logs.example.com?${"a".repeat(4096)}` },
    { name: "with_underscore" },
    { enabled: "yes" },
    { max_upload_bytes: 4_999_999 },
    { max_upload_records: 999 },
    { max_upload_interval_seconds: 301 },
    { filter: { where: {} } },
    { filter: "no JSON" },
    { output_options: { fields: ["RayID"] } },
    { output_options: { timestamp_format: "iso" } },
    { output_options: { sample_rate: 0 } },
    { output_options: { field_names: ["Nothing"] } },
    { something: 1 },
  ]) {
    const { success, status, errors } = await post(members);
    assert.equal(success, false, JSON.stringify(members));
    assert.ok([400, 403].includes(status));
    assert.equal(typeof errors[0].code, "number");
  }
  const { success, result } = await post({});
  assert.equal(success, true);
  assert.equal(result.enabled, false, "a job is not enabled unless that is asked");
});
