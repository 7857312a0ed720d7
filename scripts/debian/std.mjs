// std for WebAssembly, which Debian does not package for this compiler, from Debian's own sources.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { say } from "../log.mjs";
import { Stop, run } from "../run.mjs";
import { asRoot } from "./apt.mjs";

/** An empty crate of type cdylib: building it builds std, and no other dependency. */
const EMPTY_CRATE = `[package]
name = "std-for-wasm"
version = "0.0.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[workspace]
`;

/** Builds std for `target` and copies it into the toolchain at `sysroot`. */
export async function buildStd(env, target, sysroot) {
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
        // Every build with LTO fails if std has no bitcode. A stable compiler accepts -Z with RUSTC_BOOTSTRAP only.
        env: { ...env, RUSTFLAGS: "-Cembed-bitcode=yes", RUSTC_BOOTSTRAP: "1", CARGO_TARGET_DIR: join(dir, "target") },
        output: "progress",
      },
    );
    const lib = join(sysroot, "lib/rustlib", target, "lib");
    // The folder is emptied first: rustc refuses two builds of core side by side (E0464).
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
