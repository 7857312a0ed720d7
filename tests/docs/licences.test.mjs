// Everything that is used may be used, and docs/licences.md lists it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { PAGE, crates, isAllowed, page } from "../../scripts/licences.mjs";
import { root } from "../../scripts/paths.mjs";

test("a licence expression is allowed where one alternative of each part is", () => {
  for (const [expression, expected] of [
    ["MIT", true],
    ["MIT/Apache-2.0", true],
    ["MIT OR GPL-3.0-only", true],
    ["(MIT OR Apache-2.0) AND Unicode-3.0", true],
    ["Apache-2.0 WITH LLVM-exception", true],
    ["GPL-3.0-only", false],
    ["MIT AND GPL-3.0-only", false],
    ["none stated", false],
  ]) {
    assert.equal(isAllowed(expression), expected, expression);
  }
});

test("every crate has a licence that is allowed", () => {
  const used = crates();
  assert.ok(used.length > 100, String(used.length));
  assert.deepEqual(
    used.filter(({ licence }) => !isAllowed(licence)),
    [],
  );
});

test("docs/licences.md lists what is used: node scripts/licences.mjs writes it anew", () => {
  assert.equal(readFileSync(join(root, PAGE), "utf8"), page());
});
