// What a block of shell code would send: documents and the command line show `curl` commands.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs it with a `curl` that sends nothing: its arguments, and the JSON of its body. */
export function callOf(block, variables) {
  const dir = mkdtempSync(join(tmpdir(), "logpush-ecs-curl-"));
  try {
    writeFileSync(join(dir, "curl"), '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.arguments"\ncat > "$0.body"\n');
    chmodSync(join(dir, "curl"), 0o755);
    const env = { ...variables, PATH: `${dir}:${process.env.PATH}` };
    execFileSync("sh", ["-eu", "-c", block], { env, stdio: ["ignore", "pipe", "inherit"] });
    const words = readFileSync(join(dir, "curl.arguments"), "utf8").trimEnd().split("\n");
    return { words, body: JSON.parse(readFileSync(join(dir, "curl.body"), "utf8")) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
