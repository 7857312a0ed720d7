// What can be said of the dependencies without a network: where they come from, what may not be among them, and
// which are there twice. CONTRIBUTING.md has the commands that ask for known vulnerabilities.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { root } from "../../scripts/paths.mjs";

const CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index";

/** Nowhere: they need a C library of the machine, or another way to do what is there already. */
const BANNED = ["aws-lc-sys", "git2", "libssh2-sys", "native-tls", "openssl", "openssl-sys", "reqwest"];

/** In the Worker alone: threads, sockets, the system's randomness, or hundreds of kilobytes for little. */
const BANNED_IN_THE_WORKER = ["aes-gcm", "chrono-tz", "getrandom", "jiff", "psl", "rand", "regex", "ring", "rustls", "ureq", "woothee"];

/** More than one version of these is known; each is one more to compile and to watch. */
const TWICE = {
  base64: "ureq has the newer one",
  getrandom: "ring has the older one",
  syn: "some macros have not moved to 3 yet",
  "windows-sys": "ring has the older one",
};

/** npm packages that run a script when they are installed: it chooses the platform's program. */
const WITH_SCRIPTS = ["esbuild", "workerd"];

for (const file of ["Cargo.lock", "fuzz/Cargo.lock"]) {
  describe(file, () => {
    const crates = cratesOf(readFileSync(join(root, file), "utf8"));

    test("every crate that is not ours is from crates.io, with its checksum", () => {
      const others = crates.filter(({ name }) => !isOurs(name));
      assert.ok(others.length > 20, String(others.length));
      assert.deepEqual(others.filter(({ source, checksum }) => source !== CRATES_IO || !/^[0-9a-f]{64}$/.test(checksum)), []);
      assert.deepEqual(crates.filter(({ name, source }) => isOurs(name) && source), []);
    });

    test("none is banned", () => {
      assert.deepEqual(crates.filter(({ name }) => BANNED.includes(name)), []);
    });
  });
}

test("the crates that are there in two versions are known", () => {
  const names = cratesOf(readFileSync(join(root, "Cargo.lock"), "utf8")).map(({ name }) => name);
  assert.deepEqual([...new Set(names.filter((name, at) => names.indexOf(name) < at))], Object.keys(TWICE));
});

test("the Worker has nothing that it does not need", () => {
  const args = ["tree", "--package", "logpush-ecs-module", "--target", "wasm32-unknown-unknown", "--edges", "normal", "--prefix", "none", "--locked"];
  const names = execFileSync("cargo", args, { cwd: root, encoding: "utf8" }).split("\n").map((line) => line.split(" ")[0]);
  assert.ok(names.includes("worker"));
  assert.deepEqual(names.filter((name) => BANNED_IN_THE_WORKER.includes(name)), []);
});

describe("package-lock.json", () => {
  const { lockfileVersion, packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const { "": ours, ...others } = packages;

  test("every package is the registry's, by its checksum; none comes by git, a link or another address", () => {
    assert.equal(lockfileVersion, 3);
    assert.ok(Object.keys(others).length > 50);
    // Without `resolved` npm asks the registry that it is configured for.
    const odd = Object.entries(others).filter(
      ([, { integrity, resolved, link }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) || resolved !== undefined || link,
    );
    assert.deepEqual(odd, []);
  });

  test("what is asked for has one exact version", () => {
    for (const [name, version] of Object.entries(ours.devDependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
    assert.deepEqual([ours.dependencies, ours.optionalDependencies], [undefined, undefined]);
  });

  test("the packages that run a script at their installation are known", () => {
    const found = Object.entries(others).filter(([, { hasInstallScript }]) => hasInstallScript);
    assert.deepEqual(found.map(([path]) => path.replace("node_modules/", "")), WITH_SCRIPTS);
  });
});

function isOurs(name) {
  return name.startsWith("logpush-") || name === "bench-core";
}

function cratesOf(lock) {
  return lock.split("[[package]]\n").slice(1).map((text) => {
    const value = (key) => new RegExp(`^${key} = "(.+)"$`, "m").exec(text)?.[1];
    return { name: value("name"), version: value("version"), source: value("source"), checksum: value("checksum") };
  });
}
