// The Rust toolchain of Debian's packages: see README.md beside this file.
import { join } from "node:path";

import { cargoEnvironment } from "../environment.mjs";
import { Stop, read, run } from "../run.mjs";
import { olderThan } from "../versions.mjs";
import { aptCache, aptObstacle, install, isInstalled, updateLists } from "./apt.mjs";
import { buildStd } from "./std.mjs";

/** The name by which rustup knows Debian's toolchain. */
export const NAME = "debian";

const SYSROOT = "/usr";
const PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy", "rustfmt-web"];

/**
 * Installs the toolchain as far as it is missing.
 * @param inspect tells what a toolchain lacks, see scripts/toolchain.mjs
 */
export async function debianToolchain(inspect, target, minimum) {
  const reason = await obstacle();
  if (reason) return { problem: reason };
  if (!(await hasCompiler(minimum))) {
    const outdated = await updatePackageLists(minimum);
    if (outdated) return { problem: outdated };
    await installPackages();
  }
  const name = (await read("rustup", ["--version"])) ? NAME : undefined;
  if (name) await run("rustup", ["toolchain", "link", name, SYSROOT], { output: "hide" });
  const env = cargoEnvironment({ name });
  if ((await read("rustc", ["--print", "sysroot"], { env })) !== SYSROOT) {
    return { problem: `installed, but another rustc comes before that of ${SYSROOT}/bin in PATH` };
  }
  if ((await inspect(name)).problem) await buildStd(env, target, SYSROOT);
  return inspect(name);
}

/** Installs clippy and rustfmt, which are among the packages, where that is possible. */
export async function addDebianLinters(minimum) {
  if (await obstacle()) return;
  await updatePackageLists(minimum);
  await installPackages();
}

/** Why these packages cannot be installed here, or undefined. */
async function obstacle() {
  const reason = await aptObstacle();
  if (reason) return reason;
  if (await isInstalled("rustup"))
    return "its packages conflict with Debian's package rustup, which is installed: use rustup, or remove it";
  return undefined;
}

/** Whether all packages are installed, with a compiler that is new enough. */
async function hasCompiler(minimum) {
  const installed = await Promise.all(PACKAGES.map(isInstalled));
  const version = (await read(join(SYSROOT, "bin/rustc"), ["--version"]))?.split(" ")[1];
  return installed.every(Boolean) && version !== undefined && !olderThan(version, minimum);
}

/** Updates Debian's lists, which may still name an older rustc-web; resolves to why the new ones do not help, if so. */
async function updatePackageLists(minimum) {
  await updateLists();
  const policy = await aptCache("policy", "rustc-web");
  const candidate = policy?.match(/Candidate: (\d+\.\d+)/)?.[1];
  if (!candidate) return "this release has no rustc-web";
  return olderThan(candidate, minimum) ? `its rustc-web is ${candidate}, older than ${minimum}` : undefined;
}

/** The packages replace the distribution's own rustc and cargo, if those are installed. */
async function installPackages() {
  // rust-lld, the linker for wasm, is a link to the lld of the LLVM of rust-web-llvm. No package depends on it.
  const depends = await aptCache("depends", "rust-web-llvm");
  const linker = depends?.match(/Depends: llvm-(\d+)$/m)?.[1];
  const failed = await install(linker ? [...PACKAGES, `lld-${linker}`] : PACKAGES);
  if (failed) throw new Stop(`Debian's packages could not be installed:\n  ${failed}`);
}
