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
  worker: { optimised: true, time: "one to two minutes from nothing" },
  start: { optimised: false, time: "less than a minute from nothing" },
};

/** Names the profile to `wrangler dev`, whose [build] command this script is. */
export const PROFILE_VARIABLE = "WORKER_PROFILE";

/**
 * Returns the directory that holds index.js and index_bg.wasm; `bench` adds what only the benchmark needs.
 * Where `env` is not given, the set-up is done as well.
 */
export async function build({ bench = false, profile = "worker", env } = {}) {
  env ??= await setupBeside({ bench, profile });
  const dir = join(root, folder(bench));
  return withLock(join(dir, ".lock"), async () => {
    const inputs = await fingerprint(env);
    if (isUpToDate(dir, profile, inputs)) {
      say(`${folder(bench)}: up to date`);
      return dir;
    }
    rmSync(stampOf(dir), { force: true });
    say(`${folder(bench)}: building the Worker (${PROFILES[profile].time})`);
    await compile({ env, profile, features: features(bench) });
    await assemble({ env, profile, dir, optimised: PROFILES[profile].optimised });
    check(dir, profile);
    writeFileSync(stampOf(dir), `${profile} ${inputs}`);
    return dir;
  });
}

/** The set-up, and the Worker's crates compiled while it compiles tools: both have steps that use one core alone. */
export function setupBeside({ bench = false, profile = "worker" } = {}) {
  return setup({
    beside: async (env) => {
      if (isUpToDate(join(root, folder(bench)), profile, await fingerprint(env))) return;
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

/** What is optimised serves where less is asked for. */
function isUpToDate(dir, profile, inputs) {
  if (![...OUTPUTS, ".inputs"].every((file) => existsSync(join(dir, file)))) return false;
  const built = readFileSync(stampOf(dir), "utf8");
  return [profile, "worker"].some((name) => built === `${name} ${inputs}`);
}

function stampOf(dir) {
  return join(dir, ".inputs");
}

function folder(bench) {
  return bench ? "build/bench" : "build";
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
