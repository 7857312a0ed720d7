// What the benchmark runs beside our Worker: the peer, the inflating Worker, and the core alone.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { OPTIMISE } from "../scripts/module.mjs";
import { root } from "../scripts/paths.mjs";
import { run } from "../scripts/run.mjs";

const BUILD = ["build", "--profile", "worker", "--package", "bench-core", "--target-dir", join(root, "target")];

/** The modules of a build of our Worker. */
export function ourModules(dir) {
  return [
    { type: "ESModule", path: "index.js", contents: readFileSync(join(dir, "index.js"), "utf8") },
    { type: "CompiledWasm", path: "index_bg.wasm", contents: readFileSync(join(dir, "index_bg.wasm")) },
  ];
}

/** The modules of the Worker that only inflates. */
export function inflateModules(core) {
  return [
    { type: "ESModule", path: "worker.mjs", contents: readFileSync(join(root, "bench/inflate/worker.mjs"), "utf8") },
    { type: "CompiledWasm", path: "core.wasm", contents: core },
  ];
}

/** The modules of the peer. It has the names of countries from our table. */
export async function peerModules() {
  // Not an import: the packages may be installed only after this module was loaded.
  const { build } = createRequire(import.meta.url)("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(root, "bench/peer/worker.mjs")],
    bundle: true,
    format: "esm",
    target: "esnext",
    external: ["node:*"],
    plugins: [{ name: "countries", setup: countries }],
    write: false,
  });
  return [{ type: "ESModule", path: "worker.mjs", contents: outputFiles[0].text }];
}

/** What the peer needs to run. */
export const PEER_FLAGS = ["nodejs_compat"];

function countries(build) {
  const name = "logpush-ecs:countries";
  build.onResolve({ filter: new RegExp(`^${name}$`) }, ({ path }) => ({ path, namespace: name }));
  build.onLoad({ filter: /.*/, namespace: name }, () => {
    const lines = readFileSync(join(root, "crates/normalizer/data/countries.txt"), "utf8").trimEnd().split("\n");
    const pairs = lines.map((line) => [line.slice(0, 2), line.slice(3)]);
    return { contents: `export const COUNTRIES = ${JSON.stringify(pairs)};` };
  });
}

/** The core as a plain wasm module, built and optimised like the Worker. */
export async function coreModule(env) {
  const target = "wasm32-unknown-unknown";
  await run("cargo", [...BUILD, "--lib", "--target", target], { env, output: "progress" });
  const dir = join(root, "target/bench");
  mkdirSync(dir, { recursive: true });
  const optimised = join(dir, "core.wasm");
  const compiled = join(root, "target", target, "worker/bench_core.wasm");
  await run(env.WASM_OPT_BIN, [...OPTIMISE, compiled, "-o", optimised], { env, output: "hide" });
  return readFileSync(optimised);
}

/** The path of the core as a native program. */
export async function coreProgram(env) {
  await run("cargo", [...BUILD, "--bin", "bench-native"], { env, output: "progress" });
  return join(root, "target/worker/bench-native");
}
