// `logpush-ecs setup`, from a clone to events at the intake: with stand-ins for wrangler and for
// Cloudflare's API, and the real Worker in workerd, delivering to the stand-in intake.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, beforeEach, test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { build, run } from "../support/cli.mjs";
import { ACCOUNT, Refusal, TOKEN, ZONE, startCloudflare } from "../support/cloudflare.mjs";
import { nonEmpty } from "../support/expect.mjs";
import { lineOf, recordsOf } from "../support/generate.mjs";
import { INTAKE_KEY, startIntake } from "../support/intake.mjs";
import { account } from "../support/setup/account.mjs";
import { COMMANDS, startPlatform } from "../support/setup/platform.mjs";

const DATASET = "firewall_events";
const FIELDS = { [DATASET]: ["Action", "ClientIP", "ClientRequestHost", "Datetime", "RayID"], http_requests: ["RayID"] };
const SETUP = `setup --zone ${ZONE} --dataset ${DATASET} --intake-format custom`;
const CHECK = `jobs check --zone ${ZONE} --dataset ${DATASET}`;

let cloudflare;
let intake;
let platform;
let clone;

before(async () => {
  build();
  intake = await startIntake();
  cloudflare = await startCloudflare({ fields: FIELDS });
  platform = await startPlatform();
});

after(async () => {
  await platform?.stop();
  await cloudflare?.close();
  await intake?.close();
});

beforeEach(async () => {
  await intake.reset();
  cloudflare.reset();
  platform.reset();
  clone = platform.clone(intake);
});

/** What `.deploy.vars` keeps. */
function kept() {
  const file = join(clone, ".deploy.vars");
  if (!existsSync(file)) return {};
  return Object.fromEntries([...readFileSync(file, "utf8").matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}

/** Runs the command in the clone; whatever comes, no secret is shown, or is on a command line. */
async function command(words, variables = {}) {
  const done = await run(
    words.split(" "),
    { ...platform.variables(), CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: TOKEN, ...variables },
    { cwd: clone },
  );
  const secrets = [TOKEN, INTAKE_KEY, ...Object.values(kept()), ...(platform.worker?.secrets.values() ?? [])];
  for (const secret of secrets.flatMap((value) => [value, ...value.split(",")])) {
    for (const text of [done.stdout, done.stderr]) assert.ok(!text.includes(secret), text);
    for (const { args } of platform.calls) assert.ok(!args.join(" ").includes(secret), args.join(" "));
  }
  for (const { env } of platform.calls) {
    assert.deepEqual(Object.keys(env).filter((name) => /SECRET|KEY/.test(name)), []);
  }
  assert.deepEqual(cloudflare.errors, []);
  return done;
}

const setup = (more = "", variables = {}) =>
  command(`${SETUP}${more && ` ${more}`}`, { SEKOIA_INTAKE_KEY: INTAKE_KEY, ...variables });

function assertDone({ code, stdout, stderr }) {
  assert.equal(code, 0, stdout + stderr);
}

function assertSays(text, ...words) {
  for (const word of words) assert.ok(text.includes(word), `${word} is not in:\n${text}`);
}

/** All is there, once, and fits together. */
function assertComplete() {
  assert.deepEqual([...platform.buckets], ["logpush-ecs"]);
  assert.deepEqual([...platform.queues], ["logpush-ecs"]);
  const secrets = Object.fromEntries(platform.worker.secrets);
  assert.deepEqual(Object.keys(secrets).sort(), ["LOGPUSH_SECRET", "OPERATOR_SECRET", "SEKOIA_INTAKE_KEY"]);
  assert.equal(secrets.SEKOIA_INTAKE_KEY, INTAKE_KEY);
  const { LOGPUSH_SECRET, OPERATOR_SECRET } = kept();
  assert.deepEqual([secrets.LOGPUSH_SECRET, secrets.OPERATOR_SECRET], [LOGPUSH_SECRET, OPERATOR_SECRET]);
  assert.equal(cloudflare.jobs.length, 1);
  const [job] = cloudflare.jobs;
  assert.equal(job.enabled, true);
  assert.equal(job.destination_conf, `${platform.workerUrl}/logpush/${DATASET}?header_X-Logpush-Secret=${LOGPUSH_SECRET.split(",")[0]}`);
}

/** Of the uploads: the Worker outlives a test, and knows an upload that it has had before. */
let seed = 70;

/** An upload as Logpush makes it, delivered by the job that there is. */
async function deliver(records = 3) {
  seed += 1;
  const lines = [...recordsOf({ records, seed })].map(lineOf).join("\n");
  return cloudflare.deliver(cloudflare.jobs[0].id, lines);
}

/** The links that `check` finds broken. */
async function broken(variables = {}) {
  const { stdout } = await command(`${CHECK} --json`, { OPERATOR_SECRET: kept().OPERATOR_SECRET, ...variables });
  const { scopes } = JSON.parse(stdout);
  const links = scopes.flatMap((scope) => [...scope.links, ...scope.jobs.flatMap((job) => job.links)]);
  for (const { mark, hint, name } of nonEmpty(links, "links")) assert.equal(Boolean(hint), ["warn", "fail"].includes(mark), name);
  return links.filter(({ mark }) => mark === "fail").map(({ name }) => name);
}

/** Waits until an assertion holds; what it says in the end, if it never does. */
async function until(assertion) {
  const deadline = Date.now() + 150_000;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

test("one command makes everything, and events reach the intake", async () => {
  const done = await setup();
  assertDone(done);
  assertComplete();
  assert.equal(statSync(join(clone, ".deploy.vars")).mode & 0o777, 0o600);
  assert.ok(kept().LOGPUSH_SECRET.length >= 32);
  assert.notEqual(kept().LOGPUSH_SECRET, kept().OPERATOR_SECRET);
  assertSays(done.stdout, "done  bucket", "done  queue", "done  worker", "created job", "no link is broken");
  for (const { args, stdin } of nonEmpty(platform.calls, "calls of wrangler")) assert.equal(args[1] === "put", stdin !== "", args.join(" "));

  assert.equal((await deliver()).status, 200);
  await intake.until(() => intake.events.length === 3);
  const checked = await command(CHECK, { OPERATOR_SECRET: kept().OPERATOR_SECRET });
  assertDone(checked);
  assertSays(checked.stdout, "ok    last delivery", "ok    intake", "no link is broken");
});

test("a test event goes to each destination where it is wanted, and one that is refused is told", async () => {
  const done = await setup("--test-event");
  assertDone(done);
  assert.equal(intake.events.length, 1);
  assertSays(intake.events[0].text, "a test event of `logpush-ecs setup`");
  assertSays(done.stdout, "done  test event", "the SEKOIA.IO intake has it", "no link is broken");
  // Nobody gives back the secret that is set.
  const unknown = await command(`${SETUP} --test-event --json`);
  assert.equal(unknown.code, 1);
  const [step] = JSON.parse(unknown.stdout).steps.filter((found) => found.step === "test event");
  assert.equal(step.mark, "FAIL");
  assertSays(step.text, "default", "SEKOIA_INTAKE_KEY", "export it");
  const wrong = await setup("--test-event", { SEKOIA_INTAKE_KEY: "key-of-another-intake" });
  assert.equal(wrong.code, 1);
  assertSays(wrong.stdout, "FAIL  test event", "401", "check the intake key", "no link is broken");
  assert.equal(intake.events.length, 1);
});

test("the format of the intake is asked for, and decides about the shape of events", async () => {
  const bare = SETUP.replace(" --intake-format custom", "");
  const unasked = await command(bare, { SEKOIA_INTAKE_KEY: INTAKE_KEY });
  assert.equal(unasked.code, 2);
  assertSays(unasked.stderr, "which format has the intake", "--intake-format built-in", "--intake-format custom");
  assert.deepEqual(platform.changes, [], "nothing is done without an answer");

  const without = await command(`setup --zone ${ZONE} --dataset page_shield_events --intake-format built-in`, { SEKOIA_INTAKE_KEY: INTAKE_KEY });
  assert.equal(without.code, 2);
  assertSays(without.stderr, "no built-in format for page_shield_events");

  const builtIn = await command(`${bare} --intake-format built-in`, { SEKOIA_INTAKE_KEY: INTAKE_KEY });
  assertDone(builtIn);
  assert.match(readFileSync(join(clone, "wrangler.toml"), "utf8"), /^SHAPE = "native"$/m);
  assert.equal(platform.worker.vars.SHAPE, "native");
  assertSays(builtIn.stdout, "intake must have SEKOIA.IO's built-in format");
  assert.equal(existsSync(join(clone, "intake-format")), false);

  // Later it is what wrangler.toml has.
  assertDone(await command(bare));
  assert.equal(platform.worker.vars.SHAPE, "native");
  const custom = await command(`${bare} --intake-format custom`);
  assertDone(custom);
  assert.equal(platform.worker.vars.SHAPE, "ecs");
  assertSays(custom.stdout, "intake must have the custom format");
  const declare = readFileSync(join(clone, "intake-format/DECLARE.md"), "utf8");
  assert.ok(declare.indexOf("What rules and searches need") < declare.indexOf("What else every event keeps"));
  assert.match(readFileSync(join(clone, "intake-format/ingest/parser.yml"), "utf8"), /cloudflare\.RayID: /);
});

test("one document for programs, with every step, the jobs and the check", async () => {
  const done = await setup("--json");
  assertDone(done);
  const told = JSON.parse(done.stdout);
  assert.deepEqual([told.done, told.error, told.check.broken], [true, null, 0]);
  assert.equal(told.jobs[0].action, "created");
  const steps = told.steps.map(({ mark, step }) => `${mark} ${step}`);
  for (const step of ["ok token", "done bucket", "done queue", "done worker", "done LOGPUSH_SECRET"]) assert.ok(steps.includes(step), steps.join(", "));
  assertSays(done.stderr, "done  bucket");
  platform.fault = ({ args }) => (args[0] === "deploy" ? "no" : undefined);
  const failed = await setup("--json");
  platform.fault = () => undefined;
  assert.equal(failed.code, 1);
  assert.equal(JSON.parse(failed.stdout).done, false);
  assert.match(JSON.parse(failed.stdout).error.message, /wrangler deploy/);
});

test("--via r2: the job writes to the bucket that the Worker reads, and the bucket tells the queue", async () => {
  const keys = { R2_ACCESS_KEY_ID: "r2-key-id-of-the-test-0001", R2_SECRET_ACCESS_KEY: "r2-secret-of-the-test-0001" };
  const keyless = await setup("--via r2");
  assert.equal(keyless.code, 2);
  assertSays(keyless.stderr, "R2_ACCESS_KEY_ID");
  assert.deepEqual(platform.changes, []);
  const done = await setup("--via r2", keys);
  assertDone(done);
  assert.match(cloudflare.jobs[0].destination_conf, /^r2:\/\/logpush-ecs\/logpush\/firewall_events\//);
  assertSays(platform.changes.join("\n"), "r2 bucket notification create logpush-ecs --event-type object-create --queue logpush-ecs --prefix logpush/");
  for (const secret of Object.values(keys)) assert.ok(!(done.stdout + done.stderr).includes(secret));
  // The sweep finds the objects without it, but later.
  platform.fault = ({ args }) => (args.includes("notification") ? "no permission" : undefined);
  const later = await setup("--via r2", keys);
  platform.fault = () => undefined;
  assertDone(later);
  assertSays(later.stdout, "not set, so that uploads are found by the sweep", "no permission", "npx wrangler r2 bucket notification create logpush-ecs");
});

test("a second run finds everything, deploys, and changes nothing else", async () => {
  assertDone(await setup());
  const secrets = new Map(platform.worker.secrets);
  platform.calls = [];
  // Neither is needed any more.
  const again = await setup("", { SEKOIA_INTAKE_KEY: "" });
  assertDone(again);
  assertComplete();
  assert.deepEqual(platform.changes, ["deploy"]);
  assert.deepEqual(platform.worker.secrets, secrets);
  assert.equal(cloudflare.changes.length, 1);
  assertSays(again.stdout, "ok    bucket", "ok    queue", "is there already, as asked");
});

test("a dry run says what would be done, and does nothing", async () => {
  const done = await setup("--dry-run", { SEKOIA_INTAKE_KEY: "" });
  assertDone(done);
  const plans = [...done.stdout.matchAll(/^ {2}plan {2}(\w+)/gm)].map(([, name]) => name);
  const steps = ["bucket", "queue", "worker", "LOGPUSH_SECRET", "OPERATOR_SECRET", "SEKOIA_INTAKE_KEY", "job", "check"];
  assert.deepEqual(plans, steps);
  assert.deepEqual(platform.changes, []);
  for (const { method } of nonEmpty(cloudflare.requests, "requests")) assert.equal(method, "GET");
  assert.deepEqual(kept(), {});

  assertDone(await setup());
  platform.calls = [];
  const after = await setup("--dry-run");
  assertDone(after);
  assert.deepEqual(platform.changes, []);
  assertSays(after.stdout, "ok    bucket", "ok    queue", "ok    LOGPUSH_SECRET", "ok    OPERATOR_SECRET");
});

// --- Stopped, and begun again ---


async function afresh() {
  cloudflare.reset();
  platform.reset();
  clone = platform.clone(intake);
}

test("stopped at any change by wrangler, before or after it is done, the next run completes it", async () => {
  assertDone(await setup());
  const changes = new Set(platform.changes);
  assert.equal(changes.size, 6);
  const calls = platform.calls.map(({ args }) => args.join(" "));
  for (let n = 1; n <= calls.length; n += 1) {
    // One that only reads leaves nothing behind: after it is before the next.
    for (const when of changes.has(calls[n - 1]) ? ["onCall", "onAnswer"] : []) {
      await afresh();
      platform[when] = ({ caller }) => {
        if (platform.calls.length === n) process.kill(caller, "SIGKILL");
      };
      const stopped = await setup();
      assert.equal(stopped.code, null, `stopped at call ${n}`);
      platform[when] = () => {};
      assertDone(await setup());
      assertComplete();
    }
  }
});

test("stopped at any request to the API, the next run completes it", async () => {
  assertDone(await setup());
  const { requests } = cloudflare;
  for (let n = 1; n <= requests.length; n += 1) {
    // One that only reads leaves nothing behind; the first stands for all.
    if (n > 1 && requests[n - 1].method === "GET") continue;
    await afresh();
    let count = 0;
    cloudflare.fault({
      status: 503,
      body: "<html>out of order</html>",
      when: () => {
        count += 1;
        return count === n;
      },
    });
    await setup();
    cloudflare.faults = [];
    assertDone(await setup());
    assertComplete();
  }
});

test("a job that was created, though nobody was told so, is found", async () => {
  cloudflare.fault({
    status: 502,
    body: "",
    when: ({ method, path, text }) => {
      if (method !== "POST" || !path.endsWith("/jobs")) return false;
      cloudflare.addJob(JSON.parse(text));
      return true;
    },
  });
  assert.equal((await setup()).code, 1);
  assertDone(await setup());
  assertComplete();
});

// --- Secrets ---

test("the secrets of the environment are taken, and not written down", async () => {
  const variables = { LOGPUSH_SECRET: "secret-of-the-environment", OPERATOR_SECRET: "operator-of-the-environment" };
  const done = await run(SETUP.split(" "), {
    ...platform.variables(),
    CLOUDFLARE_API_BASE_URL: cloudflare.url,
    CLOUDFLARE_API_TOKEN: TOKEN,
    SEKOIA_INTAKE_KEY: INTAKE_KEY,
    ...variables,
  }, { cwd: clone });
  assertDone(done);
  assert.equal(existsSync(join(clone, ".deploy.vars")), false);
  for (const [name, value] of Object.entries(variables)) {
    assert.equal(platform.worker.secrets.get(name), value);
    assert.ok(!done.stdout.includes(value) && !done.stderr.includes(value));
  }
});

test("where the file is gone, the secret is that of the job", async () => {
  assertDone(await setup());
  const secret = kept().LOGPUSH_SECRET;
  rmSync(join(clone, ".deploy.vars"));
  platform.calls = [];
  assertDone(await setup());
  assert.deepEqual(platform.changes, ["deploy"]);
  assert.equal(platform.worker.secrets.get("LOGPUSH_SECRET"), secret);
});

test("a secret that nobody knows stops the set-up, which says what to do", async () => {
  assertDone(await setup());
  rmSync(join(clone, ".deploy.vars"));
  cloudflare.jobs = [];
  const unknown = await setup();
  assert.equal(unknown.code, 1);
  assertSays(unknown.stderr, "is not known here", "--rotate-secret");
  const other = await setup("", { LOGPUSH_SECRET: "secret-of-another-worker" });
  assert.equal(other.code, 1);
  assertSays(other.stderr, "differs from that of the environment", "--rotate-secret");
  assertDone(await setup("--rotate-secret"));
  assert.equal(platform.worker.secrets.get("LOGPUSH_SECRET"), kept().LOGPUSH_SECRET);
});

/** What an upload with each secret is answered. */
async function statusOf(secret) {
  const headers = { "x-logpush-secret": secret };
  const answer = await fetch(`${platform.workerUrl}/logpush/${DATASET}`, { method: "POST", headers, body: "test" });
  return answer.status;
}

test("--rotate-secret loses no upload: the old secret is good until every job has the new one", async () => {
  assertDone(await setup());
  const old = kept().LOGPUSH_SECRET;
  const rotated = await setup("--rotate-secret");
  assertDone(rotated);
  const [next, before] = kept().LOGPUSH_SECRET.split(",");
  assert.equal(before, old);
  assert.notEqual(next, old);
  assertComplete();
  assert.deepEqual([await statusOf(next), await statusOf(old)], [200, 200]);
  assertSays(rotated.stdout, "changed job", "another secret -> that of the environment");

  assertDone(await setup("--rotate-secret"));
  const [newest, second] = kept().LOGPUSH_SECRET.split(",");
  assert.equal(second, next);
  assert.deepEqual([await statusOf(newest), await statusOf(next), await statusOf(old)], [200, 200, 401]);
});

test("a rotation that is stopped before the Worker hears of it is completed by the next run", async () => {
  assertDone(await setup());
  const old = kept().LOGPUSH_SECRET;
  platform.fault = ({ args }) => args.join(" ") === "secret put LOGPUSH_SECRET" && "The network is down";
  assert.equal((await setup("--rotate-secret")).code, 1);
  assert.equal(platform.worker.secrets.get("LOGPUSH_SECRET"), old);
  platform.fault = () => undefined;
  assertDone(await setup());
  assertComplete();
  assert.deepEqual([await statusOf(kept().LOGPUSH_SECRET.split(",")[0]), await statusOf(old)], [200, 200]);
});

test("a dataset's own key is enough", async () => {
  const done = await setup("", { SEKOIA_INTAKE_KEY: "", SEKOIA_INTAKE_KEY_FIREWALL_EVENTS: INTAKE_KEY });
  assertDone(done);
  assert.ok(platform.worker.secrets.has("SEKOIA_INTAKE_KEY_FIREWALL_EVENTS"));
  assert.ok(!platform.worker.secrets.has("SEKOIA_INTAKE_KEY"));
});

// --- What is missing, or refused ---

for (const [name, arrange, code, words, more, variables] of [
  ["no token", () => {}, 2, ["CLOUDFLARE_API_TOKEN is not set"], "", { CLOUDFLARE_API_TOKEN: "" }],
  ["no dataset of this place", () => {}, 2, ["belongs to an account"], "--dataset audit_logs"],
  ["no intake key, and nobody to ask", () => {}, 2, ["SEKOIA_INTAKE_KEY is not set"], "", { SEKOIA_INTAKE_KEY: "" }],
  ["no clone", () => rmSync(join(clone, "wrangler.toml")), 1, ["wrangler.toml", "clone"]],
  ["no wrangler", () => {}, 1, ["cannot start wrangler", "npm install"], "", { PATH: "/nowhere" }],
  [
    "nobody signed in",
    () => {
      platform.isLoggedIn = false;
      cloudflare.tokens.set("another-token-0123456789-0123456789-0123", cloudflare.tokens.get(TOKEN));
    },
    1,
    ["nobody is signed in", "wrangler login"],
    "",
    { CLOUDFLARE_API_TOKEN: "another-token-0123456789-0123456789-0123" },
  ],
  [
    "two accounts",
    () => platform.accounts.push({ id: "2".repeat(32), name: "Other" }),
    1,
    [`Example (${ACCOUNT})`, "CLOUDFLARE_ACCOUNT_ID"],
  ],
  ["a token without Logs > Edit", () => cloudflare.tokens.set(TOKEN, { permissions: [] }), 1, ["Zone > Logs > Edit"]],
]) {
  test(`told before anything is made: ${name}`, async () => {
    arrange();
    const done = await setup(more ?? "", variables ?? {});
    assert.equal(done.code, code, done.stdout + done.stderr);
    assertSays(done.stderr, ...words);
    assert.deepEqual(platform.changes, []);
    assert.equal(cloudflare.changes.length, 0);
    assert.deepEqual(kept(), {});
  });
}

test("the token signs in where nobody has, and the login is used where there is one", async () => {
  platform.isLoggedIn = false;
  const byToken = await setup();
  assertDone(byToken);
  assertSays(byToken.stdout, "by CLOUDFLARE_API_TOKEN");
  platform.isLoggedIn = true;
  platform.calls = [];
  assertDone(await setup());
  for (const { env } of nonEmpty(platform.calls, "calls of wrangler")) assert.equal(env.CLOUDFLARE_API_TOKEN, undefined);
});

for (const [name, match, words, hint] of [
  ["R2 that is switched off", /^r2 bucket create/, "Please enable R2 through the Cloudflare Dashboard. [code: 10042]", "switched on once"],
  ["a sign-in that may not", /^queues create/, "Authentication error [code: 10000]", "docs/deploy.md"],
  ["a secret that is refused", /^secret put LOGPUSH/, "the latest version of your Worker isn't currently deployed.", "versions deploy"],
]) {
  test(`wrangler's words are passed on, with what to do: ${name}`, async () => {
    platform.fault = ({ args }) => match.test(args.join(" ")) && words;
    const done = await setup();
    assert.equal(done.code, 1);
    assertSays(done.stderr, words, hint);
    assert.ok(!done.stderr.includes("Logs were written"));
    platform.fault = () => undefined;
    assertDone(await setup());
    assertComplete();
  });
}

test("a bucket and a queue that are there already are no failure", async () => {
  platform.buckets.add("logpush-ecs");
  platform.queues.add("logpush-ecs");
  const done = await setup();
  assertDone(done);
  assertSays(done.stdout, "ok    bucket", "ok    queue");
  assertComplete();
});

test("a Worker that does not get ready is told, with its own words", async () => {
  const file = join(clone, "wrangler.toml");
  // The wrangler of an operator who deploys something else than this file says.
  platform.onCall = ({ args }) => {
    if (args[0] === "deploy") writeFileSync(file, readFileSync(file, "utf8").replace("[vars]", '[vars]\nUPLOAD_MAX_BYTES = "many"'));
  };
  const done = await setup("--wait 1");
  assert.equal(done.code, 1);
  assertSays(done.stderr, "is not ready", "503", "UPLOAD_MAX_BYTES");
  assert.equal(cloudflare.jobs.length, 0);
});

test("each dataset gets its job", async () => {
  const done = await setup("--dataset http_requests", {});
  assertDone(done);
  assert.deepEqual(cloudflare.jobs.map(({ dataset }) => dataset).sort(), [DATASET, "http_requests"]);
});

test("one that cannot be created keeps no other from it, and is told", async () => {
  cloudflare.quota[DATASET] = 0;
  const done = await setup("--dataset http_requests");
  assert.equal(done.code, 1);
  assert.deepEqual(cloudflare.jobs.map(({ dataset }) => dataset), ["http_requests"]);
  assertSays(done.stdout, "exceeded max jobs allowed", "FAIL  job", "1 link is broken");
});

test("a job that somebody has made otherwise is left as it is", async () => {
  assertDone(await setup());
  cloudflare.jobs[0].max_upload_records = 10_000;
  const again = await setup();
  assertDone(again);
  assertSays(again.stdout, "max_upload_records: 10000; asked: 1000", "--max-upload-records 1000");
  assert.equal(cloudflare.jobs[0].max_upload_records, 10_000);
});

// --- Every link of the chain ---

test("check names each link that is broken, one after the other", async () => {
  assertDone(await setup());
  assert.equal((await deliver()).status, 200);
  await intake.until(() => intake.events.length === 3);
  assert.deepEqual(await broken(), []);
  const [job] = cloudflare.jobs;
  const { worker } = platform;
  const permissions = cloudflare.tokens.get(TOKEN);
  const secret = worker.secrets.get("LOGPUSH_SECRET");
  for (const [links, cut, mend] of [
    [["token"], () => cloudflare.tokens.set(TOKEN, { permissions: [] }), () => cloudflare.tokens.set(TOKEN, permissions)],
    [["job"], () => (cloudflare.jobs = []), () => (cloudflare.jobs = [job])],
    [["enabled"], () => (job.enabled = false), () => (job.enabled = true)],
    [["worker", "cloudflare"], () => (platform.worker = undefined), () => (platform.worker = worker)],
    [["secret", "cloudflare"], () => worker.secrets.set("LOGPUSH_SECRET", "secret-of-nobody-here"), () => worker.secrets.set("LOGPUSH_SECRET", secret)],
    // A wrong destination stops no upload: they are stored, and wait.
    [["intake", "destination"], () => worker.secrets.delete("SEKOIA_INTAKE_KEY"), () => worker.secrets.set("SEKOIA_INTAKE_KEY", INTAKE_KEY)],
    [["intake", "destination"], () => (worker.vars.SHAPE = "odd"), () => (worker.vars.SHAPE = "ecs")],
    [["configuration", "cloudflare"], () => (worker.vars.UPLOAD_MAX_BYTES = "many"), () => delete worker.vars.UPLOAD_MAX_BYTES],
  ]) {
    cut();
    assert.deepEqual(await broken(), links);
    mend();
    assert.deepEqual(await broken(), [], `mended: ${links}`);
  }
});

test("check names an upload that was refused, in the Worker's words", async () => {
  assertDone(await setup());
  platform.worker.secrets.set("LOGPUSH_SECRET", "secret-of-nobody-here");
  assert.equal((await deliver()).status, 401);
  assert.deepEqual(await broken(), ["last error", "secret", "cloudflare"]);
  const { stdout } = await command(CHECK);
  assertSays(stdout, "the secret is wrong", "jobs update", "LOGPUSH_SECRET");
});

test("check names an intake that does not take what is stored", async () => {
  assertDone(await setup());
  platform.worker.secrets.set("SEKOIA_INTAKE_KEY", "key-of-another-intake");
  assert.equal((await deliver()).status, 200);
  await intake.until(() => intake.requests.some(({ status }) => status === 401));
  // The Worker notes an attempt after the intake has answered it.
  await until(async () => assert.deepEqual(await broken(), ["intake", "destination"]));
  const other = await command(CHECK, { OPERATOR_SECRET: "operator-of-another-worker" });
  assertDone(other);
  assertSays(other.stdout, "warn  intake", "OPERATOR_SECRET");

  // As the hint says: what waits is delivered then.
  platform.worker.secrets.set("SEKOIA_INTAKE_KEY", INTAKE_KEY);
  await intake.until(() => intake.events.length === 3);
  await until(async () => assert.deepEqual(await broken(), []));
});

// --- wrangler itself ---

test("the pinned wrangler sets everything up, twice", async () => {
  cloudflare.more = account(platform);
  const file = join(clone, "wrangler.toml");
  const project = readFileSync(file, "utf8")
    .replace('main = "build/index.js"', `main = "${join(root, "build/index.js")}"`)
    .replace(/^\[build\]\n(?:\w.*\n)+/m, "");
  writeFileSync(file, project);
  // Somebody who has never signed in, and for whom no newer version is looked up.
  const variables = {
    PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`,
    HOME: clone,
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_SEND_METRICS: "false",
  };
  const words = `--worker ${platform.workerUrl}`;
  const first = await setup(words, variables);
  assertDone(first);
  assertComplete();
  assertSays(first.stdout, "by CLOUDFLARE_API_TOKEN", "done  bucket", "done  queue", "no link is broken");
  assert.equal((await deliver()).status, 200);
  await intake.until(() => intake.events.length === 3);

  const secrets = new Map(platform.worker.secrets);
  platform.api = [];
  const again = await setup(words, variables);
  assertDone(again);
  assertComplete();
  assert.deepEqual(platform.worker.secrets, secrets);
  assertSays(again.stdout, "ok    bucket", "ok    queue", "is there already, as asked");
  assert.deepEqual(platform.api.filter((call) => /^PUT .*\/secrets$/.test(call)), []);
});

test("what wrangler itself complains of is understood", async () => {
  cloudflare.more = (request) => {
    if (request.method === "POST" && request.path.endsWith("/r2/buckets")) {
      throw new Refusal(403, 10042, "Please enable R2 through the Cloudflare Dashboard.");
    }
    return account(platform)(request);
  };
  const variables = { PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}`, HOME: clone, WRANGLER_HIDE_BANNER: "true" };
  const done = await setup("", variables);
  assert.equal(done.code, 1);
  assertSays(done.stderr, "`wrangler r2 bucket create logpush-ecs` failed", "Please enable R2", "switched on once");
  assert.ok(!/\[\d+m|github\.com|Logs were/.test(done.stderr), done.stderr);
});

// --- The stand-in itself ---

test("the stand-in takes the commands and options of the pinned wrangler", async () => {
  const wrangler = join(root, "node_modules/.bin/wrangler");
  const compared = Object.entries(COMMANDS).map(async ([command, { positionals, options }]) => {
    const args = [...command.split(" "), "--help"];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
    const { stdout } = await promisify(execFile)(wrangler, args, { env });
    const usage = new RegExp(`^wrangler ${command}((?: <[\\w-]+>)*)`, "m").exec(stdout);
    assert.ok(usage, stdout);
    assert.equal(usage[1].split("<").length - 1, positionals, command);
    for (const [option, hasValue] of Object.entries(options)) {
      const line = new RegExp(`--${option} .*`).exec(stdout)?.[0];
      assert.ok(line, `${command} --${option}`);
      assert.match(line, hasValue ? /\[(string|array)\]/ : /\[boolean\]/);
    }
  });
  await Promise.all(compared);
});
