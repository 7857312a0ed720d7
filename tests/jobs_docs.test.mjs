// What docs/jobs.md and its Terraform file say of the jobs is what the command does.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";

import { root } from "../scripts/paths.mjs";
import { build, run } from "./cli.mjs";
import { filesBelow } from "./pages.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");
const JOBS = read("docs/jobs.md");
const TERRAFORM = read("docs/logpush_job.tf");
const PAGES = ["README.md", ...filesBelow("docs")];

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

test("docs/jobs.md has every link of check, and no other", () => {
  const sources = ["chain", "check"].map((name) => read(`crates/cli/src/jobs/${name}.rs`).split("#[cfg(test)]")[0]);
  const code = sources.join("");
  const links = [...code.matchAll(/(?:Link::\w+\(|skip\(|const NAME: &str = )\s*"([\w ]+)"/g)].map(([, name]) => name);
  assert.deepEqual(firstCells("Create and check").sort(), [...new Set(links)].sort());
});

test("every jobs command in the documents has options that there are", async () => {
  const commands = PAGES.flatMap((page) => [...read(page).matchAll(/logpush-ecs(?:-cli --)? jobs (\w+)([^`\n]*)/g)]);
  assert.ok(commands.length >= 6);
  for (const [command, subcommand, rest] of commands) {
    const known = await help(subcommand);
    for (const [, option] of rest.matchAll(/(--[\w-]+)/g)) assert.ok(known.includes(option), `${command}: ${option}`);
  }
});

test("the options that docs/jobs.md names are there", async () => {
  const known = (await Promise.all(["create", "list", "check"].map((name) => help(name)))).join("");
  for (const [, option] of JOBS.matchAll(/`[^`\n]*?(--[\w-]+)[^`\n]*`/g)) assert.ok(known.includes(option) || option === "--help", option);
});

test("the Terraform file is the job that create makes", () => {
  const table = read("crates/normalizer/src/datasets/firewall_events.rs").split("// Not in Cloudflare's list")[0];
  const fields = [...table.matchAll(/(?:row|kept)\(\s*"(\w+)"/g)].map(([, name]) => name).sort();
  const list = /field_names = \[(.*?)\]/s.exec(TERRAFORM)[1];
  assert.deepEqual([...list.matchAll(/"(\w+)"/g)].map(([, name]) => name), fields);
  assert.ok(fields.length >= 47);

  const create = read("crates/cli/src/jobs/create.rs");
  const constant = (name) => new RegExp(`const ${name}: [^=]+= "?([\\w-]+)"?;`).exec(create)[1].replaceAll("_", "");
  const value = (name) => new RegExp(`^ +${name} += "?([^"\\n]+)"?$`, "m").exec(TERRAFORM)[1];
  assert.equal(value("max_upload_bytes"), constant("MAX_UPLOAD_BYTES"));
  assert.equal(value("max_upload_records"), constant("MAX_UPLOAD_RECORDS"));
  assert.equal(value("timestamp_format"), constant("TIMESTAMPS"));
  assert.equal(value("name"), `${constant("NAME_PREFIX")}firewall-events`);
  assert.equal(value("enabled"), "true");
  assert.match(TERRAFORM, /variable "logpush_secret" \{[^}]*sensitive +=\s*true/);
  assert.match(TERRAFORM, /\/logpush\/firewall_events\?header_X-Logpush-Secret=\$\{urlencode\(var\.logpush_secret\)\}/);
});
