// The flags in wrangler.toml, as the runtime takes them: what is declined is not there.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Miniflare } from "miniflare";

import { setUp, worker } from "../support/direct.mjs";
import { assertTaken } from "../support/expect.mjs";
import { uploadOf } from "../support/generate.mjs";
import { compatibility } from "../support/worker.mjs";

setUp();

/** Modules and globals of Node, since 2026-08-04 the default; a Worker that does not need them has less to load. */
const PROBE = `export default {
  async fetch() {
    const modules = {};
    for (const name of ["node:buffer", "node:crypto", "node:fs", "node:stream"])
      modules[name] = await import(name).then(() => true, () => false);
    return Response.json({ modules, globals: ["Buffer", "process"].filter((name) => name in globalThis) });
  },
};`;

for (const [name, flags, expected] of [
  ["the flags of wrangler.toml", compatibility().compatibilityFlags, false],
  ["none", [], true],
]) {
  test(`with ${name}, Node's modules are ${expected ? "" : "not "}there`, async () => {
    const probe = new Miniflare({ modules: [{ type: "ESModule", path: "probe.mjs", contents: PROBE }], ...compatibility(), compatibilityFlags: flags });
    try {
      const { modules, globals } = await (await probe.dispatchFetch("http://probe/")).json();
      assert.deepEqual(Object.values(modules), Object.keys(modules).map(() => expected));
      assert.deepEqual(globals, expected ? ["Buffer", "process"] : []);
    } finally {
      await probe.dispose();
    }
  });
}

test("the Worker needs none of them", async () => {
  const upload = { records: 10, seed: 81 };
  assertTaken(await worker.push(uploadOf(upload)), upload.records);
});
