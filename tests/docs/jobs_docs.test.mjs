// What docs/jobs.md and its Terraform file say of the jobs is what the command does.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";

import { root } from "../../scripts/paths.mjs";
import { build, run } from "../support/cli.mjs";
import { TOKEN, ZONE, startCloudflare } from "../support/cloudflare.mjs";
import { callOf } from "../support/curl.mjs";
import { filesBelow } from "../support/pages.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");
const JOBS = read("docs/jobs.md");
const TERRAFORM = read("docs/logpush_job.tf");
const PAGES = ["README.md", ...filesBelow("docs")];
const DEPLOY = read("docs/deploy.md");
const WRANGLER_TOML = read("wrangler.toml");

before(build);

const help = async (...words) => (await run(["jobs", ...words, "--help"])).stdout;

/** The first cells of the table under a heading. */
function firstCells(heading) {
  const section = JOBS.split(`\n## ${heading}\n`)[1].split("\n## ")[0];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => /`([^`]+)`/.exec(row)[1]);
}

test("docs/jobs.md has every command, and no other", async () => {
  const commands = /^Commands:\n(.*?)\n\n/ms.exec(await help())[1].matchAll(/^ {2}(\w+)/gm);
  const listed = [...commands].map(([, name]) => name).filter((name) => name !== "help");
  assert.deepEqual(firstCells("All commands"), listed);
});

test("every jobs command in the documents has options that there are", async () => {
  const commands = PAGES.flatMap((page) => [...read(page).matchAll(/logpush-ecs(?:-cli --)? jobs (\w+)([^`\n]*)/g)]);
  assert.ok(commands.length >= 6);
  for (const [command, subcommand, rest] of commands) {
    const known = await help(subcommand);
    for (const [, option] of rest.matchAll(/(--[\w-]+)/g)) assert.ok(known.includes(option), `${command}: ${option}`);
  }
});

/** The options of each call of the set-up's command in the documents. */
function setupOptions() {
  const calls = PAGES.flatMap((page) => [...read(page).matchAll(/npm run setup:cloudflare --([^`\n]*)/g)]);
  assert.ok(calls.length >= 4);
  return calls.flatMap(([call, rest]) => [...rest.matchAll(/(--[\w-]+)/g)].map(([, option]) => ({ call, option })));
}

test("every call of the set-up in the documents has options that there are", async () => {
  const { stdout } = await run(["setup", "--help"]);
  for (const { call, option } of setupOptions()) assert.ok(stdout.includes(option), `${call}: ${option}`);
  for (const [, option] of DEPLOY.split("## By hand")[0].matchAll(/`(--[\w-]+)[^`]*`/g)) assert.ok(stdout.includes(option), option);
});

test("npm run setup:cloudflare runs the set-up", () => {
  const { scripts } = JSON.parse(read("package.json"));
  assert.match(scripts["setup:cloudflare"], / -- setup$/);
  assert.ok(scripts["setup:cloudflare"].includes(`--package ${/^name = "(.*)"$/m.exec(read("crates/cli/Cargo.toml"))[1]} `));
});

test("the file that docs/deploy.md names is the one that keeps secrets, and git ignores it", async () => {
  const { stdout } = await run(["setup", "--help"]);
  const file = /<FILE>.*?\[default: ([^\]]+)\]/s.exec(stdout)[1];
  assert.ok(DEPLOY.includes(`\`${file}\``));
  assert.ok(read(".gitignore").split("\n").includes(`${file}*`));
});

test("what Workers Logs cost is computed from the rate in wrangler.toml", () => {
  const section = read("docs/operations.md").split("## What the log costs")[1].split("\n## ")[0];
  const [included, uploads, second] = [/(\d+) million lines a month/, /(\d+) million uploads a month, ([\d.]+) a second/].flatMap(
    (pattern) => pattern.exec(section).slice(1).map(Number),
  );
  assert.equal(uploads, included / 2, "two lines for each upload");
  assert.equal(second, Math.round((uploads * 1e6) / (30.4 * 86_400) * 10) / 10);
  const rate = /^head_sampling_rate = (\S+)$/m.exec(WRANGLER_TOML)[1];
  assert.ok(section.includes(`is therefore ${rate}.`));
  assert.ok(WRANGLER_TOML.includes(`${uploads} million uploads (${second} a second)`));
  assert.match(WRANGLER_TOML, /^invocation_logs = false$/m);
});

// --- wrangler ---

/** The commands of wrangler that documents and messages name, each with the options it is named with. */
function wranglerCommands() {
  const named = [...PAGES, "wrangler.toml"].flatMap((file) => [...read(file).matchAll(/npx wrangler ([^`"\n#]+)/g)]);
  // Around a command in a message there is nothing but what the compiler puts beside it.
  const said = programs().flatMap((program) => [...program.toString("latin1").matchAll(/`npx wrangler ([^`\n]+)`/g)]);
  assert.ok(said.length > 0);
  const commands = new Map();
  for (const [, words] of [...named, ...said]) {
    const command = /^[a-z0-9]+(?: [a-z]+(?=[ \n]|$))*/.exec(words.trim())[0];
    const options = commands.get(command) ?? new Set();
    for (const [option] of words.matchAll(/--[\w-]+/g)) options.add(option);
    commands.set(command, options);
  }
  return commands;
}

/** The Worker and the command line as they are built: all that they can say is in them. */
function programs() {
  return [join(root, "build/index_bg.wasm"), build()].map((path) => readFileSync(path));
}

test("the commands of wrangler that are named are there, with their options", async () => {
  const commands = wranglerCommands();
  assert.ok(commands.size >= 10, [...commands.keys()].join("; "));
  const wrangler = join(root, "node_modules/.bin/wrangler");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", NO_COLOR: "1" };
  const asked = [...commands].map(async ([command, options]) => {
    const words = command.split(" ");
    const { stdout } = await promisify(execFile)(wrangler, [...words, "--help"], { env });
    assert.match(stdout, new RegExp(`^wrangler ${words.join(" ")}\\b`, "m"), command);
    assert.ok(!stdout.includes("COMMANDS"), `${command} is not whole`);
    for (const option of options) assert.ok(stdout.includes(option), `${command} ${option}`);
  });
  await Promise.all(asked);
});

// --- Troubleshooting ---

/** What Cloudflare and wrangler say through their stand-ins. */
const STAND_INS = ["tests/support/cloudflare.mjs", "tests/cli/setup.test.mjs"].map((path) => readFileSync(join(root, path)));

test("every error that docs/troubleshooting.md quotes is one that there is", () => {
  const sources = [...programs(), ...STAND_INS];
  const tables = read("docs/troubleshooting.md").split("\n").filter((line) => /^\| /.test(line));
  let quoted = 0;
  for (const row of tables) {
    for (const [, text] of row.matchAll(/`([a-zA-Z…][^`]* [^`]*)`/g)) {
      if (/^(jobs|npm|npx|logpush-ecs|\w+ = )/.test(text)) continue;
      quoted += 1;
      for (const part of text.split("…").map((piece) => piece.trim())) {
        assert.ok(sources.some((source) => source.includes(part)), `${text}: ${part}`);
      }
    }
  }
  assert.ok(quoted >= 30, `${quoted} are quoted`);
});

test("the jobs commands that docs/troubleshooting.md names have options that there are", async () => {
  const commands = [...read("docs/troubleshooting.md").matchAll(/`jobs (\w+)([^`]*)`/g)];
  assert.ok(commands.length >= 8);
  for (const [command, subcommand, rest] of commands) {
    const known = await help(subcommand);
    assert.notEqual(known, "", command);
    for (const [, option] of rest.matchAll(/(--[\w-]+)/g)) assert.ok(known.includes(option), `${command}: ${option}`);
  }
});

test("the options that docs/jobs.md names are there", async () => {
  const known = (await Promise.all(["create", "list", "check"].map((name) => help(name)))).join("");
  for (const [, option] of JOBS.matchAll(/`[^`\n]*?(--[\w-]+)[^`\n]*`/g)) assert.ok(known.includes(option) || option === "--help", option);
});

test("the Terraform file is the job that create makes", async () => {
  const fields = JSON.parse(read("crates/normalizer/tests/documented.json")).firewall_events;
  const cloudflare = await startCloudflare({ fields: { firewall_events: Object.keys(fields).sort() } });
  try {
    const host = "logpush-ecs.example.workers.dev";
    const words = ["--zone", ZONE, "--dataset", "firewall_events", "--worker", `https://${host}`, "--dry-run", "--json"];
    const variables = { CLOUDFLARE_API_BASE_URL: cloudflare.url, CLOUDFLARE_API_TOKEN: TOKEN, LOGPUSH_SECRET: "secret/of+the job" };
    const { stdout } = await run(["jobs", "create", ...words], variables);
    const { body: job } = callOf(JSON.parse(stdout).curl, variables);

    const value = (name) => new RegExp(`^ +${name} += "?([^"\\n]+)"?$`, "m").exec(TERRAFORM)[1];
    for (const name of ["name", "dataset", "enabled", "max_upload_bytes", "max_upload_records"]) {
      assert.equal(value(name), String(job[name]), name);
    }
    assert.equal(value("timestamp_format"), job.output_options.timestamp_format);
    const list = /field_names = \[(.*?)\]/s.exec(TERRAFORM)[1];
    assert.deepEqual([...list.matchAll(/"(\w+)"/g)].map(([, name]) => name).sort(), job.output_options.field_names.toSorted());
    const destination = /^ +destination_conf += "(.*)"$/m.exec(TERRAFORM)[1];
    const filled = destination.replace("${var.worker_host}", host).replace("${urlencode(var.logpush_secret)}", "secret%2Fof%2Bthe%20job");
    assert.equal(filled, job.destination_conf);
    assert.match(TERRAFORM, /variable "logpush_secret" \{[^}]*sensitive +=\s*true/);
  } finally {
    await cloudflare.close();
  }
});
