// What the documentation says is what the code does: names, defaults, commands, links, tables.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { run } from "../support/cli.mjs";
import { callOf } from "../support/curl.mjs";
import { intake, setUp, worker } from "../support/direct.mjs";
import { assertTaken, nonEmpty } from "../support/expect.mjs";
import { lineOf, recordsOf } from "../support/generate.mjs";
import { LOG_FIELDS } from "../support/log_fields.mjs";
import { filesBelow } from "../support/pages.mjs";

const README = read("README.md");
const DEPLOY = read("docs/deploy.md");
const MAPPING = read("docs/mapping.md");
const SEKOIA = read("sekoia/README.md");
const PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "detections/README.md", "sekoia/README.md", "splunk/README.md", "fuzz/README.md"].concat(
  filesBelow("docs"),
);

const FIELDS = Object.keys(JSON.parse(read("crates/normalizer/tests/documented.json")).firewall_events).sort();

setUp();

function read(path) {
  return readFileSync(join(root, path), "utf8");
}

/** The cells of the tables under a heading, one row each, without their head. */
function tablesUnder(page, heading) {
  const [, section] = page.split(new RegExp(`^#+ ${heading.replace(/[`()]/g, "\\$&")}$`, "m"));
  assert.ok(section, `no heading ${heading}`);
  return section
    .split(/^#+ /m)[0]
    .split("\n\n")
    .filter((block) => block.startsWith("|"))
    .map((block) =>
      block
        .trim()
        .split("\n")
        .slice(2)
        .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim())),
    );
}

/** The texts in backquotes. */
function codeIn(text) {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}

/** The code blocks of a language. */
function blocksOf(page, language) {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, block]) => block);
}

// --- The Logpush job ---

test("the curl of docs/deploy.md creates a job of all 47 fields that is enabled and sends its secret to the Worker", () => {
  const blocks = blocksOf(DEPLOY, "sh").filter((block) => block.includes("destination_conf"));
  assert.equal(blocks.length, 1);
  const { words, body } = callOf(blocks[0], {
    CLOUDFLARE_API_TOKEN: "the-token",
    ZONE_ID: "the-zone",
    WORKER_HOST: "logpush-ecs.example.workers.dev",
    LOGPUSH_SECRET: "0123456789abcdef",
  });
  const headers = words.filter((_, index) => words[index - 1] === "-H");
  assert.deepEqual(headers, ["Authorization: Bearer the-token", "Content-Type: application/json"]);
  assert.ok(words.includes("https://api.cloudflare.com/client/v4/zones/the-zone/logpush/jobs"), words.join(" "));
  assert.ok(words.includes("--data") && words.includes("@-"));

  const { output_options: options, destination_conf: destination, name, ...job } = body;
  assert.notEqual(name, "");
  assert.deepEqual(job, {
    dataset: "firewall_events",
    enabled: true,
    max_upload_bytes: 5_000_000,
    max_upload_records: 1_000,
  });
  assert.equal(FIELDS.length, 47);
  assert.deepEqual(options, { field_names: FIELDS, timestamp_format: "rfc3339ns" });
  const url = new URL(destination);
  assert.equal(url.origin, "https://logpush-ecs.example.workers.dev");
  assert.equal(url.pathname, "/logpush/firewall_events");
  assert.deepEqual([...url.searchParams], [["header_X-Logpush-Secret", "0123456789abcdef"]]);
});

test("the filter of docs/limits.md is JSON in JSON, over a field of the dataset", () => {
  const [filter] = blocksOf(read("docs/limits.md"), "json");
  const { where } = JSON.parse(JSON.parse(filter).filter);
  for (const { key, operator, value } of where.and) {
    assert.ok(FIELDS.includes(key));
    assert.equal(operator, "!eq");
    assert.notEqual(value, "");
  }
});

test("the README's event is what its record becomes", async () => {
  const [record, event] = nonEmpty(blocksOf(README, "json"), "README.md").map((block) => JSON.parse(block));
  const file = join(mkdtempSync(join(tmpdir(), "logpush-ecs-")), "record.json");
  writeFileSync(file, JSON.stringify([record]));
  const { code, stdout, stderr } = await run(["normalize", "--dataset", "firewall_events", file]);
  assert.equal(code, 0, stderr);
  assert.partialDeepStrictEqual(JSON.parse(stdout), event);
});

// --- Commands, paths and links ---

test("every npm script and script file that is named exists", () => {
  const { scripts } = JSON.parse(read("package.json"));
  for (const page of PAGES) {
    const text = read(page);
    for (const [, script] of text.matchAll(/\bnpm run ([\w:-]+)/g)) assert.ok(scripts[script], `${page}: npm run ${script}`);
    for (const [, script] of text.matchAll(/\bnpm (start|test)\b/g)) assert.ok(scripts[script], `${page}: npm ${script}`);
    for (const [, path] of text.matchAll(/\bnode ([\w/-]+\.mjs)/g)) assert.ok(existsSync(join(root, path)), `${page}: ${path}`);
  }
});

test("the command line is called by its name, with commands and options that there are", async () => {
  const name = /^name = "(.*)"$/m.exec(read("crates/cli/Cargo.toml"))[1];
  const calls = PAGES.flatMap((page) => [...read(page).matchAll(/cargo run (.*?) -- (\w+)(.*?)(?:`|$)/gm)]);
  assert.ok(calls.length >= 4);
  for (const [call, options, command, rest] of calls) {
    assert.equal(options, `--release -p ${name}`, call);
    // `jobs` has commands of its own, with tests of their own.
    if (command === "jobs") continue;
    const subcommand = /^ ([a-z]+)\b/.exec(rest)?.slice(1) ?? [];
    const { code, stdout } = await run([command, ...subcommand, "--help"]);
    assert.equal(code, 0, call);
    for (const [option] of rest.matchAll(/--[\w-]+/g)) assert.ok(stdout.includes(option), `${call}: ${option}`);
  }
});

test("every file that is named exists", () => {
  for (const page of PAGES) {
    const paths = codeIn(read(page).replace(/^```.*?^```$/gms, "")).filter((code) =>
      /^(?:(?:src|crates|scripts|tests|docs|sekoia|fuzz|bench|\.ci)\/[\w./-]*|\w[\w-]*\.(?:md|mjs|toml|rs))$/.test(code),
    );
    for (const path of paths) {
      assert.ok(existsSync(join(root, path)) || path === "fuzz/artifacts", `${page}: ${path}`);
    }
  }
});

test("every link inside the repository leads somewhere", () => {
  const anchorsOf = (page) =>
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-"),
    );
  for (const page of PAGES) {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target.startsWith("https://")) continue;
      const [path, anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`);
      if (anchor !== undefined) assert.ok(anchorsOf(file).includes(anchor), `${page}: ${target}`);
    }
  }
});

test("docs/operations.md has every field of the log's lines about an upload", () => {
  const written = Object.values(LOG_FIELDS).flatMap(({ always, sometimes }) => [...always, ...sometimes]);
  const documented = tablesUnder(read("docs/operations.md"), "The log").flatMap((table) => table.flatMap(([field]) => codeIn(field)));
  // The levels have a table of their own, in the place of a row for `level`.
  const expected = new Set([...written.filter((name) => name !== "level"), "info", "warn", "error"]);
  assert.deepEqual([...new Set(documented)].sort(), [...expected].sort());
});

// --- The mapping ---

test("each action becomes what docs/mapping.md says, in any case, and an unknown one info", async () => {
  const documented = tablesUnder(MAPPING, "Actions")[0].flatMap(([type, actions]) => codeIn(actions).map((action) => [action, codeIn(type)[0]]));
  assert.ok(documented.length >= 20);
  const expected = new Map([...documented, ...documented.map(([action, type]) => [action.toUpperCase(), type]), ["of_tomorrow", "info"]]);
  const lines = [...expected.keys()].map((Action) => JSON.stringify({ Action, Datetime: "2026-05-12T08:30:00Z" }));
  assertTaken(await worker.push(lines.join("\n")), lines.length);
  // One batch: the events come in the order of the records.
  const types = intake.events.map(({ document: { event } }) => event.type);
  assert.deepEqual(types, [...expected.values()].map((type) => [type]));
});

// --- The intake format for SEKOIA.IO ---

/** What the parser sets: each path, and the path of the event that it is set from. */
const PARSED = [...read("sekoia/ingest/parser.yml").matchAll(/^ {10}"?([@\w.]+)"?: (["'])\{\{(.+)\}\}\2$/gm)].map(
  ([, path, , value]) => ({ path, from: value.replace(/^parsed_event\.message(?:\.|\[")/, "").replace(/"\]$/, "") }),
);
const SET = new Set(PARSED.map(({ path }) => path));

/** What the format declares: the type of each name. */
const DECLARED = new Map(
  [...read("sekoia/_meta/fields.yml").matchAll(/^([\w.]+):\n  name: \1\n  description: "[^"]+"\n  type: (\w+)$/gm)].map(
    ([, name, type]) => [name, type],
  ),
);

const LEFT_OUT = tablesUnder(SEKOIA, "What the parser leaves out")[0].flatMap(([fields]) => codeIn(fields));

test("SEKOIA.IO's parser sets every field from the one of the same name, but for event.hash", () => {
  const lines = read("sekoia/ingest/parser.yml").match(/^ {10}\S/gm);
  assert.equal(PARSED.length, lines.length, "a line is not understood");
  assert.equal(SET.size, PARSED.length, "a field is set twice");
  for (const { path, from } of PARSED) assert.equal(from, path === "event.hash" ? "event.id" : path);
  assert.match(read("sekoia/ingest/parser.yml"), /source\.ip: .*\n {8}filter: .*source\.ip \| is_ipaddress\}\}"\n/);
});

test("every name under cloudflare that SEKOIA.IO's parser sets is declared, and no other", () => {
  const blocks = read("sekoia/_meta/fields.yml").match(/^cloudflare\./gm);
  assert.equal(DECLARED.size, blocks.length, "a declaration is not understood");
  assert.deepEqual([...DECLARED.keys()].sort(), [...SET].filter((path) => path.startsWith("cloudflare.")).sort());
});

test("the smart descriptions use fields that an event has", () => {
  const isThere = (path) => SET.has(path) || LEFT_OUT.includes(path);
  const descriptions = JSON.parse(read("sekoia/_meta/smart-descriptions.json"));
  assert.ok(descriptions.length > 0);
  for (const { value, conditions, relationships = [] } of descriptions) {
    const shown = [...value.matchAll(/\{([\w.]+)\}/g)].map(([, path]) => path);
    const asked = conditions.map(({ field }) => field);
    for (const path of shown) assert.ok(asked.includes(path), `${value}: ${path} may be missing`);
    for (const path of [...asked, ...relationships.flatMap(({ source, target }) => [source, target])]) {
      assert.ok(isThere(path), `${value}: ${path}`);
    }
  }
});

test("the manifest has what a format needs", () => {
  const manifest = read("sekoia/_meta/manifest.yml");
  for (const key of [/^uuid: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/m, /^name: \S/m, /^slug: [a-z][a-z\d-]*$/m, /^description: /m]) {
    assert.match(manifest, key);
  }
  assert.match(manifest, /^data_sources:\n {2}Web application firewall logs: \S/m);
});

/** The leaves of a document; a dictionary that is declared as one is a leaf. */
function leavesOf(value, path = "") {
  const isLeaf = typeof value !== "object" || value === null || Array.isArray(value);
  if (isLeaf || DECLARED.get(path) === "dict" || path === "labels") return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, path ? `${path}.${name}` : name));
}

const TYPES = {
  keyword: (value) => typeof value === "string",
  long: Number.isInteger,
  float: Number.isFinite,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  dict: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

test("SEKOIA.IO's parser takes every field of real events, with the declared type", async () => {
  const records = [...recordsOf({ records: 300, seed: 90 })];
  assertTaken(await worker.push(records.map(lineOf).join("\n")), records.length);
  for (const { document } of intake.events) {
    for (const [path, value] of leavesOf(document)) {
      assert.ok(SET.has(path) || LEFT_OUT.includes(path), path);
      const type = DECLARED.get(path);
      if (type) assert.ok(TYPES[type](value), `${path} is declared ${type}: ${JSON.stringify(value)}`);
    }
  }
});
