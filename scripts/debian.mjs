// Rust from Debian's packages, for machines that reach package registries but not rustup's servers.
// Debian has no std for wasm32 of this compiler: it is built from Debian's source package, once per machine.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { say } from "./log.mjs";
import { Stop, exitCode, read, run } from "./run.mjs";
import { olderThan } from "./versions.mjs";

/** The name under which rustup knows Debian's toolchain. */
export const NAME = "debian";
export const SYSROOT = "/usr";

const PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "rustfmt-web"];

/** Why nothing can be installed, or undefined. */
async function noApt() {
  if (!(await read("apt-get", ["--version"]))) return "not a system with apt";
  if (!isRoot() && (await read("sudo", process.stdin.isTTY ? ["--version"] : ["-n", "true"])) === undefined)
    return "needs root or sudo";
  return undefined;
}

/** Why this way is closed, or undefined. */
export async function obstacle() {
  const problem = await noApt();
  if (problem) return problem;
  if (await isInstalled("rustup")) return "they conflict with Debian's own package rustup: use rustup, or remove it";
  return undefined;
}

/** Whether all packages are there, with a compiler that is new enough. */
export async function hasCompiler(minimum) {
  const installed = await Promise.all(PACKAGES.map(isInstalled));
  const version = (await read(join(SYSROOT, "bin/rustc"), ["--version"]))?.split(" ")[1];
  return installed.every(Boolean) && version !== undefined && !olderThan(version, minimum);
}

/** Reads Debian's lists anew, since an older rustc-web may be in the old ones; says why they do not help, if so. */
export async function updateLists(minimum) {
  say("Debian: apt-get update");
  // Half a list may do, where one of several sources does not answer.
  await asRoot(["apt-get", "update"]);
  const policy = await read("apt-cache", ["policy", "rustc-web"], { env: { ...process.env, LC_ALL: "C" } });
  const candidate = policy?.match(/Candidate: (\d+\.\d+)/)?.[1];
  if (!candidate) return "this release has no rustc-web";
  return olderThan(candidate, minimum) ? `its rustc-web is ${candidate}, older than ${minimum}` : undefined;
}

/** They replace the distribution's own rustc and cargo, if those are installed. */
export async function installPackages() {
  // rust-lld, the linker for wasm, is a link into the lld of rust-web-llvm's LLVM, which nothing depends on.
  const depends = await read("apt-cache", ["depends", "rust-web-llvm"], { env: { ...process.env, LC_ALL: "C" } });
  const linker = depends?.match(/Depends: llvm-(\d+)$/m)?.[1];
  const packages = linker ? [...PACKAGES, `lld-${linker}`] : PACKAGES;
  const install = await aptInstall(packages);
  if (install) throw new Stop(`Debian's packages could not be installed:\n  ${install}`);
}

/** Installs one more package, if root is there without a password; resolves to why not, or undefined. */
export async function installPackage(name) {
  const problem = isRoot() || !process.stdin.isTTY ? await noApt() : "needs root";
  if (problem) return problem;
  await asRoot(["apt-get", "update"]);
  const install = await aptInstall([name]);
  return install && `${install} failed`;
}

/** Resolves to the command that failed, or undefined. */
async function aptInstall(packages) {
  say(`Debian: apt-get install ${packages.join(" ")}`);
  const install = [
    "apt-get",
    "install",
    "--yes",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=300",
    ...packages,
  ];
  const code = await asRoot(["env", "DEBIAN_FRONTEND=noninteractive", ...install]);
  return code === 0 ? undefined : install.join(" ");
}

/** The crate is empty and a cdylib, so that its dependencies are std's own files and nothing else. */
const EMPTY_CRATE = `[package]
name = "std-for-wasm"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[workspace]
`;

export async function buildStd(env, target) {
  say(`Debian: building std for ${target} (about a minute, once per machine and compiler)`);
  const dir = mkdtempSync(join(tmpdir(), "logpush-ecs-std-"));
  try {
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "src/lib.rs"), "");
    writeFileSync(join(dir, "Cargo.toml"), EMPTY_CRATE);
    // proc_macro and test: the harness of wasm-bindgen-test needs them.
    await run(
      "cargo",
      ["build", "--release", "--target", target, "-Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test"],
      {
        cwd: dir,
        // Without bitcode in std every build with LTO fails; -Z needs the bootstrap variable on a stable compiler.
        env: { ...env, RUSTFLAGS: "-Cembed-bitcode=yes", RUSTC_BOOTSTRAP: "1", CARGO_TARGET_DIR: join(dir, "target") },
        output: "progress",
      },
    );
    const lib = join(SYSROOT, "lib/rustlib", target, "lib");
    // Emptied first: two builds of core side by side are an error (E0464).
    const copy = [
      "sh",
      "-ec",
      'umask 022; rm -rf "$2"; mkdir -p "$2"; cp "$1"/*.rlib "$2"',
      "sh",
      join(dir, "target", target, "release/deps"),
      lib,
    ];
    if ((await asRoot(copy)) !== 0) throw new Stop(`std for ${target} could not be copied to ${lib}.`);
    say(`Debian: std for ${target} is in ${lib}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function asRoot(command) {
  const [program, ...args] = isRoot() ? command : ["sudo", ...(process.stdin.isTTY ? [] : ["-n"]), ...command];
  return exitCode(program, args, { output: process.stdin.isTTY ? "progress" : "hide" });
}

function isRoot() {
  return process.getuid?.() === 0;
}

async function isInstalled(name) {
  return (await read("dpkg-query", ["--show", "--showformat=${db:Status-Status}", name])) === "installed";
}
