// Builds the Worker if any of its inputs has changed. Also the [build] command of wrangler.toml.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";

import { withLock } from "./lock.mjs";
import { say, size } from "./log.mjs";
import { assemble, compile } from "./module.mjs";
import { root } from "./paths.mjs";
import { Stop, main, read } from "./run.mjs";
import { setup } from "./setup.mjs";
import { simdPairs } from "./wasm.mjs";

/** Crates that are no part of the Worker. */
const HOST_CRATES = ["cli", "docs"];

/** package-lock.json names the versions of wasm-opt and esbuild. */
const INPUTS = [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "package-lock.json", "scripts/build.mjs", "scripts/module.mjs", "src", ...crates()];
const OUTPUTS = ["index.js", "index_bg.wasm"];
const FEWEST_SIMD_PAIRS = 10;

/** Cargo's profiles for the Worker: what is deployed and tested, and what `npm start` does not wait long for. */
export const PROFILES = {
  worker: { optimised: true, time: "three to four minutes on two cores from nothing" },
  start: { optimised: false, time: "about a minute and a half on two cores from nothing" },
};

/** Names the profile to `wrangler dev`, whose [build] command this script is. */
export const PROFILE_VARIABLE = "WORKER_PROFILE";

/**
 * Returns the directory that holds index.js and index_bg.wasm; `bench` adds what only the benchmark needs.
 * Where `env` is not given, the set-up is done as well.
 */
export async function build({ bench = false, profile = "worker", env } = {}) {
  env ??= await setupBeside({ bench, profile });
  const dir = join(root, folder({ bench, profile }));
  return withLock(join(dir, ".lock"), async () => {
    const inputs = await fingerprint(env);
    const found = upToDate({ bench, profile }, inputs);
    if (found) {
      say(`${relative(root, found)}: up to date`);
      return found;
    }
    rmSync(stampOf(dir), { force: true });
    say(`${relative(root, dir)}: building the Worker (${PROFILES[profile].time})`);
    await compile({ env, profile, features: features(bench) });
    await assemble({ env, profile, dir, optimised: PROFILES[profile].optimised });
    check(dir, profile);
    writeFileSync(stampOf(dir), inputs);
    return dir;
  });
}

/** The profile of what stands in a directory. */
export function profileOf(dir) {
  return Object.keys(PROFILES).find((profile) => join(root, folder({ profile })) === dir) ?? "worker";
}

/** The set-up, and the Worker's crates compiled while it compiles a tool: both have steps that use one core alone. */
export function setupBeside({ bench = false, profile = "worker" } = {}) {
  return setup({
    beside: async (env) => {
      if (upToDate({ bench, profile }, await fingerprint(env))) return;
      say("the Worker's crates: compiling at the same time");
      await compile({ env, profile, features: features(bench), output: "hide" });
    },
  });
}

function check(dir, profile) {
  const wasm = readFileSync(join(dir, "index_bg.wasm"));
  if (PROFILES[profile].optimised && simdPairs(wasm) < FEWEST_SIMD_PAIRS) {
    throw new Stop(`${dir}/index_bg.wasm was built without simd128: what replaces the rustflags of .cargo/config.toml?`);
  }
  say(`${relative(root, dir)}/index_bg.wasm: ${size(wasm.length)}, ${size(gzipSync(wasm, { level: 9 }).length)} gzipped`);
}

/** The directory that needs no building: of the profile, or what is optimised, which serves in its place. */
function upToDate({ bench, profile }, inputs) {
  const dirs = ["worker", profile].map((name) => join(root, folder({ bench, profile: name })));
  return dirs.find(
    (dir) =>
      [...OUTPUTS, ".inputs"].every((file) => existsSync(join(dir, file))) && readFileSync(stampOf(dir), "utf8") === inputs,
  );
}

function stampOf(dir) {
  return join(dir, ".inputs");
}

/** wrangler.toml and the tests name `build`: nothing there is less than what is deployed. */
function folder({ bench, profile }) {
  if (bench) return "build/bench";
  return profile === "worker" ? "build" : `build/${profile}`;
}

function features(bench) {
  return bench ? ["bench"] : [];
}

async function fingerprint(env) {
  const hash = createHash("sha256").update((await read("rustc", ["-vV"], { env })) ?? "");
  for (const file of INPUTS.flatMap(files).sort()) hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

function crates() {
  return readdirSync(join(root, "crates"))
    .filter((name) => !HOST_CRATES.includes(name))
    .flatMap((name) => ["Cargo.toml", "data", "src"].map((part) => `crates/${name}/${part}`))
    .filter((path) => existsSync(join(root, path)));
}

function files(path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(`${path}/${entry.name}`) : [`${path}/${entry.name}`],
  );
}

await main(import.meta.url, (args) => {
  const profile = process.env[PROFILE_VARIABLE] || undefined;
  if (profile && !Object.hasOwn(PROFILES, profile)) throw new Stop(`${PROFILE_VARIABLE} is one of ${Object.keys(PROFILES).join(", ")}.`);
  return build({ bench: args.includes("--bench"), profile });
});
