// README.md and wrangler.toml name settings that there are, as the table of settings has them.
// docs/configuration.md is generated from the table.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { filesBelow } from "../support/pages.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");

/** The table: `{ name, scope, kind, default, values, required, secret, by_dataset, about }`. */
const SETTINGS = JSON.parse(
  execFileSync("cargo", ["run", "--quiet", "-p", "logpush-ecs-docs", "--", "settings"], { cwd: root, encoding: "utf8" }),
);
const BY_NAME = new Map(SETTINGS.map((setting) => [setting.name, setting]));
const REQUIRED = SETTINGS.filter(({ required }) => required);

const [SECRETS_OF_WRANGLER, VARS_OF_WRANGLER] = read("wrangler.toml").split(/^\[vars\]$/m);

test("README.md has settings that there are, and all that must be set", () => {
  const section = read("README.md").split("\n## Configuration\n")[1].split("\n## ")[0];
  const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].map(([, name, kind]) => ({ name, kind }));
  for (const { name, kind } of rows) {
    const setting = BY_NAME.get(name);
    assert.ok(setting, name);
    const required = setting.kind ? `, required for \`${setting.kind}\`` : ", required";
    assert.equal(kind, `${setting.secret ? "secret" : "variable"}${setting.required ? required : ""}`, name);
  }
  for (const { name } of REQUIRED) assert.ok(rows.some((row) => row.name === name), name);
});

test("the variables of wrangler.toml have their defaults, and none is a secret", () => {
  const vars = [...VARS_OF_WRANGLER.split(/^\[/m)[0].matchAll(/^(\w+) = "(.*)"$/gm)];
  assert.notEqual(vars.length, 0);
  for (const [, name, value] of vars) {
    assert.equal(value, BY_NAME.get(name)?.default, name);
    assert.ok(!BY_NAME.get(name).secret, name);
  }
});

test("what wrangler.toml lists as secrets are secrets, and all that must be set", () => {
  const listed = [...SECRETS_OF_WRANGLER.matchAll(/^# {3}([A-Z]+(?:_[A-Z]+)+) /gm)].map(([, name]) => name);
  for (const name of listed) assert.equal(BY_NAME.get(name)?.secret, true, name);
  for (const { name } of REQUIRED.filter(({ secret }) => secret)) assert.ok(listed.includes(name), name);
});

test("every setting that a page names is there", () => {
  const groups = new Set(SETTINGS.map(({ name }) => name.split("_")[0]));
  let named = 0;
  for (const page of ["README.md", "sekoia/README.md", "splunk/README.md", ...filesBelow("docs")]) {
    for (const [, name] of read(page).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)) {
      if (!groups.has(name.split("_")[0])) continue;
      const isOfDataset = SETTINGS.some((setting) => setting.by_dataset && name.startsWith(`${setting.name}_`));
      assert.ok(BY_NAME.has(name) || isOfDataset, `${page}: ${name}`);
      named += 1;
    }
  }
  assert.ok(named > SETTINGS.length, `${named} are named`);
});
