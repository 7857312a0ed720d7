// Command line tools that cargo builds from source into the cache: the slowest step, once per machine.
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { cargoEnvironment } from "./environment.mjs";
import { say } from "./log.mjs";
import { cache } from "./paths.mjs";
import { exitCode, read, run } from "./run.mjs";
import { locked } from "./versions.mjs";

/**
 * The programs of each tool, and the crate whose version it must share. Minutes are of two cores that do nothing else.
 */
const TOOLS = {
  "wasm-bindgen-cli": { crate: "wasm-bindgen", programs: ["wasm-bindgen", "wasm-bindgen-test-runner"], minutes: 2 },
  "worker-build": { crate: "worker", programs: ["worker-build"], minutes: 2 },
};

/** Installs the tools; resolves to the folder of each tool's programs: `{ "worker-build": "/.../bin", ... }`. */
export async function installTools(toolchain) {
  const dirs = {};
  for (const name of Object.keys(TOOLS)) {
    const version = locked(TOOLS[name].crate);
    dirs[name] = join(cache, "tools", `${name}-${version}`, "bin");
    if (!(await holds(dirs[name], TOOLS[name].programs, version)))
      await install(name, version, dirs[name], cargoEnvironment(toolchain));
  }
  rmSync(scratch, { recursive: true, force: true });
  return dirs;
}

/** Both tools are built here, since they share crates. It outlives an interrupted set-up: the next one resumes. */
const scratch = join(cache, "cargo-target");

/** They run for seconds: compiled without optimising, they are there in 3.4 minutes instead of 9. */
const QUICKLY = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
};

async function install(name, version, bin, env) {
  say(`${name} ${version}: compiling, about ${TOOLS[name].minutes} minutes on two cores, once per machine`);
  const args = ["install", name, "--version", `=${version}`, "--root", dirname(bin)];
  const options = { env: { ...env, ...QUICKLY, CARGO_TARGET_DIR: scratch }, output: "progress" };
  if ((await exitCode("cargo", [...args, "--locked"], options)) !== 0) {
    say(`${name}: its own lock file does not install (a registry mirror may lag behind it): trying without the lock file`);
    const otherwise = "Is crates.io reachable, and is there space on the disk? Starting again resumes.";
    await run("cargo", args, { ...options, otherwise });
  }
  say(`${name} ${version}: installed`);
}

async function holds(dir, programs, version) {
  if (!programs.every((program) => existsSync(join(dir, program)))) return false;
  const said = await Promise.all(programs.map((program) => read(join(dir, program), ["--version"])));
  return said.every((line) => line?.split(" ").at(-1) === version);
}
