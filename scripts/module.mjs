// From the crates to the two files that are deployed: cargo, wasm-bindgen, wasm-opt, esbuild.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./paths.mjs";
import { Stop, run } from "./run.mjs";
import { TARGET } from "./toolchain.mjs";

/** What the runtime calls. */
const ENTRY = "crates/module/src/worker.js";

/** wasm-opt's arguments for a build that is for speed. */
export const OPTIMISE = [
  "-O3",
  // All in one, a record's functions are too large for the compilers of engines.
  "--one-caller-inline-max-function-size=100",
  // By name: not all that wasm-opt can write is known to workerd.
  ...[
    "simd",
    "bulk-memory",
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "multivalue",
    "reference-types",
    "exception-handling",
  ].map((feature) => `--enable-${feature}`),
];

/** Compiles the crates, which needs none of the tools; `features`: those of crates/module. */
export function compile({ env, profile, features = [], output = "progress" }) {
  const args = ["build", "--lib", "--package", "logpush-ecs-module", "--target", TARGET, "--profile", profile];
  return run("cargo", [...args, "--target-dir", join(root, "target"), ...features.flatMap((name) => ["--features", name])], { env, output });
}

/** Makes index.js and index_bg.wasm of what was compiled, in `dir`. */
export async function assemble({ env, profile, dir, optimised }) {
  const staged = join(dir, ".tmp");
  const at = (name) => join(staged, name);
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  const bindings = ["--target", "module", "--out-name", "index", "--no-typescript", "--remove-name-section"];
  // For worker.js, which starts the module anew after a panic.
  const recovery = ["--experimental-reset-state-function", "--force-enable-abort-handler"];
  const compiled = join(root, "target", TARGET, profile, "logpush_ecs_module.wasm");
  await run(env.WASM_BINDGEN_BIN, [compiled, "--out-dir", staged, ...bindings, ...recovery], { env, output: "hide" });
  if (optimised) await run(env.WASM_OPT_BIN, [...OPTIMISE, at("index_bg.wasm"), "-o", at("index_bg.wasm")], { env, output: "hide" });
  importAsWorkersDo(at("index.js"));
  copyFileSync(join(root, ENTRY), at("worker.js"));
  await bundle(env, staged);
  renameSync(at("bundle.js"), join(dir, "index.js"));
  renameSync(at("index_bg.wasm"), join(dir, "index_bg.wasm"));
  rmSync(staged, { recursive: true });
}

/** In workerd the import of a wasm file is its module; wasm-bindgen writes what is to become the standard for that. */
function importAsWorkersDo(path) {
  const written = readFileSync(path, "utf8");
  const source = written.replaceAll("import source ", "import ");
  if (source === written) throw new Stop(`${path}: wasm-bindgen imports the module in a way that scripts/module.mjs does not know.`);
  writeFileSync(path, source);
}

async function bundle(env, dir) {
  const args = ["worker.js", "--bundle", "--minify", "--format=esm", "--outfile=bundle.js", "--log-level=warning"];
  const externals = ["--external:./index_bg.wasm", "--external:cloudflare:*"];
  // A handler that the module does not export is an error, and not undefined when it is called.
  await run(env.ESBUILD_BIN, [...args, ...externals, "--log-override:import-is-undefined=error"], { env, cwd: dir, output: "hide" });
}
