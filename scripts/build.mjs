// Builds the Worker if any of its inputs has changed. Also the [build] command of wrangler.toml.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { say, size } from "./log.mjs";
import { root } from "./paths.mjs";
import { Stop, main, read, run } from "./run.mjs";
import { setup } from "./setup.mjs";
import { simdPairs, withoutNames } from "./wasm.mjs";

/** Crates that are no part of the Worker. */
const HOST_CRATES = ["cli", "docs"];

/** package-lock.json names the versions of wasm-opt and esbuild. */
const INPUTS = [".cargo/config.toml", "Cargo.lock", "Cargo.toml", "package-lock.json", "scripts/build.mjs", "src", ...crates()];
const OUTPUTS = ["index.js", "index_bg.wasm"];
const FEWEST_SIMD_PAIRS = 10;

/** Returns the directory that holds index.js and index_bg.wasm; `bench` adds what only the benchmark needs. */
export async function build({ bench = false, env } = {}) {
  env ??= await setup();
  const dir = bench ? "build/bench" : "build";
  const stamp = join(root, dir, ".inputs");
  const inputs = await fingerprint(env);
  if (
    [...OUTPUTS, ".inputs"].every((file) => existsSync(join(root, dir, file))) &&
    readFileSync(stamp, "utf8") === inputs
  ) {
    say(`${dir}: up to date`);
    return join(root, dir);
  }
  rmSync(stamp, { force: true });
  say(`${dir}: building the Worker (one to two minutes from nothing)`);
  const features = bench ? ["--", "--features", "bench"] : [];
  // Without it the runtime drops the handler of a sender that disconnects, and the memory of a half-done
  // upload is never freed. With it, the handler runs to its end.
  env = { ...env, RUN_TO_COMPLETION: "1" };
  await run("worker-build", ["crates/module", "--profile", "worker", "--out-dir", join(root, dir), ...features], { env, output: "progress" });
  finish(dir);
  writeFileSync(stamp, inputs);
  return join(root, dir);
}

/** Trims the built module to the form in which it is deployed. */
function finish(dir) {
  const path = join(root, dir, "index_bg.wasm");
  // The names are a tenth of the module. worker-build keeps them, whatever options wasm-opt gets.
  const wasm = withoutNames(readFileSync(path));
  writeFileSync(path, wasm);
  if (simdPairs(wasm) < FEWEST_SIMD_PAIRS) {
    throw new Stop(
      `${dir}/index_bg.wasm was built without simd128: what replaces the rustflags of .cargo/config.toml?`,
    );
  }
  say(`${dir}/index_bg.wasm: ${size(wasm.length)}, ${size(gzipSync(wasm, { level: 9 }).length)} gzipped`);
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

await main(import.meta.url, (args) => build({ bench: args.includes("--bench") }));
