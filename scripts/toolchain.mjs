// A Rust toolchain that can build for wasm32: an installed one, else rustup's, else Debian's (scripts/debian).
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { NAME as DEBIAN, addDebianLinters, debianToolchain } from "./debian/toolchain.mjs";
import { cargoEnvironment } from "./environment.mjs";
import { say } from "./log.mjs";
import { Stop, exitCode, read } from "./run.mjs";
import { minimumRust, olderThan } from "./versions.mjs";

export const TARGET = "wasm32-unknown-unknown";

/** The toolchain to use; it has a `name` only if it is not the one that the user selected. */
export async function chooseToolchain() {
  const selected = await inspect();
  if (!selected.problem) return selected;
  const linked = (await isListed(DEBIAN)) ? await inspect(DEBIAN) : undefined;
  if (linked && !linked.problem) return linked;

  const tried = [selected, linked].filter(Boolean).map(({ label, problem }) => `${label}: ${problem}`);
  tried.forEach(say);
  for (const [way, attempt] of [
    ["rustup", byRustup],
    ["Debian's packages", () => debianToolchain(inspect, TARGET, minimumRust())],
  ]) {
    const toolchain = await attempt(selected);
    if (!toolchain.problem) return toolchain;
    tried.push(`${way}: ${toolchain.problem}`);
    say(tried.at(-1));
  }
  throw new Stop(
    `No Rust toolchain can build for ${TARGET}:\n${tried.map((line) => `  - ${line}\n`).join("")}` +
      `Install Rust ${minimumRust()} or newer with std for ${TARGET}: with rustup (https://rustup.rs)\n` +
      `  rustup toolchain install stable --target ${TARGET}\n` +
      "or from your distribution, and start again.",
  );
}

/** Installs clippy and rustfmt, which only CI needs. */
export async function addLinters(toolchain) {
  const env = cargoEnvironment(toolchain);
  const present = async () =>
    (await read("cargo", ["clippy", "--version"], { env })) && (await read("cargo", ["fmt", "--version"], { env }));
  if (await present()) return;
  say("clippy and rustfmt: installing");
  if (toolchain.name !== DEBIAN && (await read("rustup", ["--version"]))) {
    if (rustupMayDownload())
      await exitCode("rustup", ["component", "add", "clippy", "rustfmt"], { env, output: "progress" });
    else say("rustup: RUSTUP_AUTO_INSTALL=0 forbids it to download");
  } else await addDebianLinters(minimumRust());
  if (!(await present()))
    throw new Stop(`clippy or rustfmt of the ${toolchain.label} is missing: install them and start again.`);
}

/** Describes a toolchain, with the `problem` that keeps it from building for wasm32, if there is one. */
async function inspect(name) {
  const env = cargoEnvironment({ name });
  const title = name ? `toolchain ${name}` : "selected toolchain";
  const version = (await read("rustc", ["--version"], { env }))?.split(" ")[1];
  if (!version) return { name, label: title, problem: "no rustc runs" };
  const toolchain = { name, version, label: `${title} (rustc ${version})` };
  if (olderThan(version, minimumRust()))
    return { ...toolchain, problem: `older than ${minimumRust()}, which Cargo.toml asks for` };
  if (!(await read("cargo", ["--version"], { env }))) return { ...toolchain, problem: "no cargo runs" };
  const libdir = await read("rustc", ["--print", "target-libdir", "--target", TARGET], { env });
  if (!libdir || !holdsCore(libdir)) return { ...toolchain, problem: `no std for ${TARGET}` };
  if (!(await compiles(env))) return { ...toolchain, problem: `its std for ${TARGET} belongs to another rustc` };
  return toolchain;
}

function holdsCore(libdir) {
  try {
    return readdirSync(libdir).some((file) => /^libcore-.*\.rlib$/.test(file));
  } catch {
    return false;
  }
}

/** Compiling reads std's metadata: it fails after an update of rustc alone, and if a copy of std was interrupted. */
async function compiles(env) {
  const dir = mkdtempSync(join(tmpdir(), "logpush-ecs-"));
  try {
    const args = [
      "--target",
      TARGET,
      "--crate-type=lib",
      "--crate-name=empty",
      "--emit=metadata",
      "--out-dir",
      dir,
      "-",
    ];
    return (await read("rustc", args, { env })) !== undefined;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function byRustup(selected) {
  if (!(await read("rustup", ["--version"]))) return { problem: "not installed" };
  if (!rustupMayDownload()) return { problem: "RUSTUP_AUTO_INSTALL=0 forbids it to download" };
  if (selected.version && olderThan(selected.version, minimumRust()))
    return { problem: "not used: `rustup update` brings a newer compiler" };
  const args = selected.version
    ? ["target", "add", TARGET]
    : ["toolchain", "install", "stable", "--profile", "minimal", "--target", TARGET, "--no-self-update"];
  say(`rustup ${args.join(" ")}`);
  if ((await exitCode("rustup", args, { output: "progress" })) !== 0) return { problem: "the download failed" };
  return inspect();
}

function rustupMayDownload() {
  return process.env.RUSTUP_AUTO_INSTALL !== "0";
}

async function isListed(name) {
  const list = await read("rustup", ["toolchain", "list"]);
  return (list ?? "").split("\n").some((line) => line.split(" ")[0] === name);
}
