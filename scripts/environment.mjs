// The environment in which everything is built and run.
import { delimiter, join } from "node:path";

import { root } from "./paths.mjs";

/** For cargo alone: the chosen toolchain, and the flags of .cargo/config.toml instead of the user's. */
export function cargoEnvironment(toolchain) {
  const env = { ...process.env };
  // They would replace the file's rustflags, and simd128 would be lost without any message.
  delete env.RUSTFLAGS;
  delete env.CARGO_ENCODED_RUSTFLAGS;
  if (toolchain.name) env.RUSTUP_TOOLCHAIN = toolchain.name;
  return env;
}

/** For every command after the set-up; `tools`: the folder of wasm-bindgen. */
export function environment(toolchain, tools, node) {
  const bin = join(root, "node_modules/.bin");
  const dirs = [node, bin, tools].filter(Boolean);
  const others = (process.env.PATH ?? "").split(delimiter).filter((dir) => !dirs.includes(dir));
  return {
    ...cargoEnvironment(toolchain),
    PATH: [...dirs, ...others].join(delimiter),
    WASM_BINDGEN_BIN: join(tools, "wasm-bindgen"),
    WASM_OPT_BIN: join(root, "node_modules/binaryen/bin/wasm-opt"),
    ESBUILD_BIN: join(bin, "esbuild"),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: join(tools, "wasm-bindgen-test-runner"),
    WRANGLER_SEND_METRICS: "false",
  };
}
