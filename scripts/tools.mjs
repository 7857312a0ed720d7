// wasm-bindgen and its test runner, which cargo builds from source into the cache: the slowest step, once per machine.
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { cargoEnvironment } from "./environment.mjs";
import { say } from "./log.mjs";
import { cache } from "./paths.mjs";
import { exitCode, read, run } from "./run.mjs";
import { locked } from "./versions.mjs";

const NAME = "wasm-bindgen-cli";
const PROGRAMS = ["wasm-bindgen", "wasm-bindgen-test-runner"];

/** It outlives an interrupted set-up: the next one resumes. */
const scratch = join(cache, "cargo-target");

/** Its programs run for seconds: compiled without optimising, they are there in a third of the time. */
const QUICKLY = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
  CARGO_TARGET_DIR: scratch,
};

/** Installs the programs, of the version that the crate `wasm-bindgen` has; resolves to their folder. */
export async function installTools(toolchain) {
  const version = locked("wasm-bindgen");
  const bin = join(cache, "tools", `${NAME}-${version}`, "bin");
  if (!(await holds(bin, version))) await install(version, bin, cargoEnvironment(toolchain));
  rmSync(scratch, { recursive: true, force: true });
  return bin;
}

async function install(version, bin, env) {
  say(`${NAME} ${version}: compiling, about three minutes on two cores with the Worker beside it, once per machine`);
  // The default features fetch by TLS, for browsers that tests might drive: four tenths of what would be compiled, some of it C.
  const args = ["install", NAME, "--version", `=${version}`, "--no-default-features", "--root", dirname(bin)];
  args.push(...PROGRAMS.flatMap((program) => ["--bin", program]));
  const options = { env: { ...env, ...QUICKLY }, output: "progress" };
  if ((await exitCode("cargo", [...args, "--locked"], options)) !== 0) {
    say(`${NAME}: its own lock file does not install (a registry mirror may lag behind it): trying without the lock file`);
    const otherwise = "Is crates.io reachable, and is there space on the disk? Starting again resumes.";
    await run("cargo", args, { ...options, otherwise });
  }
  say(`${NAME} ${version}: installed`);
}

async function holds(dir, version) {
  if (!PROGRAMS.every((program) => existsSync(join(dir, program)))) return false;
  const said = await Promise.all(PROGRAMS.map((program) => read(join(dir, program), ["--version"])));
  return said.every((line) => line?.split(" ").at(-1) === version);
}
