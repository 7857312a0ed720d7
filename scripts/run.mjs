// Child processes, and the entry point of every script.
import { execFile, spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

import { heartbeat } from "./log.mjs";
import { root } from "./paths.mjs";

/** A failure that the user can do something about: shown without a stack. */
export class Stop extends Error {}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

const children = new Set();

/** Calls `script` with the arguments when the module at `url` is the one that node was started with. */
export async function main(url, script) {
  if (!process.argv[1] || realpathSync(process.argv[1]) !== fileURLToPath(url)) return;
  for (const signal of SIGNALS) process.on(signal, () => process.exit(128 + constants.signals[signal]));
  process.on("exit", () => children.forEach((child) => child.kill()));
  try {
    await script(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Resolves at the next signal, which no longer ends the process. */
export function interruption() {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.removeAllListeners(signal).on(signal, resolve);
  });
}

/**
 * Runs a command to its end and returns its exit code.
 * output: "pass" (as it is), "progress" (all of it to standard error), "hide" (shown only if it fails),
 * or a function that gets each chunk to show.
 */
export async function exitCode(command, args, { env = process.env, cwd = root, output = "pass" } = {}) {
  // A terminal is passed on, since cargo draws a progress bar there.
  const streams =
    output === "progress" && process.stderr.isTTY
      ? [2, 2]
      : output === "pass"
        ? ["inherit", "inherit"]
        : ["pipe", "pipe"];
  const child = spawn(command, args, { env, cwd, stdio: ["inherit", ...streams] });
  children.add(child);
  const hidden = [];
  const beat = child.stdout && heartbeat([command, ...args.slice(0, 2)].join(" "));
  const take = (chunk) => {
    if (output === "hide") return hidden.push(chunk);
    beat.heard();
    return output === "progress" ? process.stderr.write(chunk) : output(chunk);
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  try {
    const code = await new Promise((resolve, reject) => {
      child.on("error", (error) => reject(new Stop(`${command} does not start: ${error.message}`)));
      child.on("close", (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
    });
    if (code !== 0) process.stderr.write(Buffer.concat(hidden));
    return code;
  } finally {
    beat?.stop();
    children.delete(child);
  }
}

/** Runs a command that must succeed; `otherwise` says what to do if it does not. */
export async function run(command, args, { otherwise = "", ...options } = {}) {
  const code = await exitCode(command, args, options);
  if (code !== 0) throw new Stop(`${command} ${args.join(" ")}: exit code ${code}\n${otherwise}`.trim());
}

/** The output of a command, or undefined if the command is missing or fails. */
export function read(command, args, { env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = execFile(command, args, { env, cwd: root }, (error, stdout) =>
      resolve(error ? undefined : stdout.trim()),
    );
    child.stdin.on("error", () => {});
    child.stdin.end();
  });
}
