// Who may use whom: no circle of files or folders in any crate, each folder uses only those below it,
// and each crate only those that it may know. The one place where sources are read as text.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { circleIn } from "./graph.mjs";
import { Crate } from "./rust.mjs";

/** The files and folders of each crate, from the roof to the ground: each uses only those behind it. */
const FLOORS = {
  "crates/gzip/src": ["lib", "decoder", "matches", "encoder", "huffman", "header", "crc32", "bits", "error"],
  "crates/normalizer/src": [
    ...["lib", "normalizer", "output", "error", "document", "input", "plan", "config", "summary"],
    ...["rules", "matched_data", "mapping", "convert", "record", "bytes"],
  ],
  "crates/delivery/src": [
    ...["machine", "sample", "configuration", "settings", "state", "work_item", "destination", "breaker", "backoff", "dead_letter", "jitter", "key", "owed"],
    ...["expected", "framing", "progress", "session", "setting", "verdict", "words", "header", "part", "password"],
    ...["request", "url", "lib"],
  ],
  "crates/status/src": [
    ...["metrics", "page", "model", "destination", "intake_format", "incident", "logpush_job", "health", "problem", "format", "overview", "shard", "counters"],
    "lib",
  ],
  "crates/cli/src": [
    ...["main", "setup", "config", "normalize", "decrypt", "push", "jobs", "progress", "worker_client", "worker_settings"],
    ...["dataset", "clock", "private_keys", "error", "mask", "project"],
    ...["input", "percent", "terminal"],
  ],
  "crates/docs/src": [
    ...["main", "configuration", "destinations", "elasticsearch", "overview", "sigma", "page", "peers", "sekoia", "sensitive"],
    ...["example", "sources", "conversion", "error", "markdown"],
  ],
  "crates/intake-format/src": ["lib", "declare", "format", "documented", "written"],
  src: [
    ...["lib", "cron", "operator", "consumer", "ingest", "dead_letters", "ended", "log", "pipeline", "send", "passage", "sessions", "waiting", "queue"],
    ...["random", "bindings", "body", "encoding", "rate_limit", "in_flight", "config", "ledger", "http", "clock"],
  ],
};

/** The packages and those of the repository that each may use. */
const PACKAGES = {
  "crates/gzip": [],
  "crates/normalizer": ["logpush-gzip"],
  "crates/delivery": ["logpush-gzip", "logpush-normalizer"],
  "crates/status": ["logpush-delivery"],
  ".": ["logpush-gzip", "logpush-normalizer", "logpush-delivery", "logpush-status"],
  "crates/intake-format": ["logpush-normalizer"],
  "crates/cli": ["logpush-normalizer", "logpush-delivery", "logpush-intake-format", "logpush-status"],
  "crates/docs": ["logpush-normalizer", "logpush-delivery", "logpush-intake-format"],
  "crates/module": ["logpush-ecs"],
};

for (const [folder, floors] of Object.entries(FLOORS)) {
  describe(folder, () => {
    const crate = Crate.read(join(root, folder));
    const uses = crate.uses();

    test("has files that use each other, and no circle of them", () => {
      assert.ok(uses.length > 0);
      assert.equal(circleIn(uses)?.join(" uses "), undefined);
    });

    test("has no circle of folders", () => {
      for (const inside of foldersOf(crate.files)) {
        const pairs = uses.flatMap((pair) => within(inside, pair));
        assert.equal(circleIn(pairs)?.join(" uses "), undefined, `in ${folder}/${inside}`);
      }
    });

    test("uses only what is below", () => {
      const entries = new Set(crate.files.map((file) => entryOf("", file)));
      assert.deepEqual([...entries].sort(), [...floors].sort());
      for (const [from, to] of uses) {
        const [upper, lower] = [from, to].map((file) => floors.indexOf(entryOf("", file)));
        assert.ok(upper <= lower, `${folder}: ${from} uses ${to}, which is above it`);
      }
    });
  });
}

test("each package uses only those that it may know", () => {
  const known = new Set(Object.values(PACKAGES).flat());
  for (const [folder, allowed] of Object.entries(PACKAGES)) {
    const manifest = readFileSync(join(root, folder, "Cargo.toml"), "utf8");
    const [, after] = manifest.split(/^\[dependencies\]$/m);
    const names = [...(after ?? "").split(/^\[/m)[0].matchAll(/^(logpush-[\w-]+?)(?:\.workspace)? *=/gm)].map(([, name]) => name);
    for (const name of names) assert.ok(allowed.includes(name), `${folder} uses ${name}`);
    for (const name of names) known.delete(name);
  }
  assert.deepEqual([...known], [], "nobody uses these");
});

test("every crate is in the lists", () => {
  const crates = readdirSync(join(root, "crates")).map((name) => `crates/${name}`);
  assert.deepEqual(Object.keys(PACKAGES).sort(), [".", ...crates].sort());
  // The Worker's module is one line.
  const listed = ["crates/module/src", ...Object.keys(FLOORS)];
  assert.deepEqual(listed.sort(), ["src", ...crates.map((name) => `${name}/src`)].sort());
});

/** The folders that a crate's files are in, the whole as "". */
function foldersOf(files) {
  const folders = new Set([""]);
  for (const file of files) {
    const parts = file.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) folders.add(`${parts.slice(0, depth).join("/")}/`);
  }
  return folders;
}

/** The file or folder of a folder that a file belongs to; `a.rs` is the head of the folder `a`. */
function entryOf(folder, file) {
  return file.startsWith(folder) ? file.slice(folder.length).split("/")[0].replace(/\.rs$/, "") : undefined;
}

/** What a use is between the files and folders of a folder, if it is any. */
function within(folder, pair) {
  const [from, to] = pair.map((file) => entryOf(folder, file));
  return from && to && from !== to ? [[from, to]] : [];
}
