// The command `logpush-ecs`, built as cargo builds it, and run as a user runs it.

import { execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

let program;

/** Builds the command, if that was not done yet, and returns its path. */
export function build() {
  program ??= executable();
  return program;
}

function executable() {
  const args = ["build", "--quiet", "-p", "logpush-ecs-cli", "--message-format=json"];
  const output = execFileSync("cargo", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  const found = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find(({ executable: path, target }) => path && target.name === "logpush-ecs");
  if (!found) throw new Error("cargo built no logpush-ecs");
  return found.executable;
}

/** Runs the command with these variables added to an environment that has nothing to say to it. */
export async function run(args, variables = {}, { cwd } = {}) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...variables };
  const child = spawn(build(), args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve, reject) => child.once("close", resolve).once("error", reject)),
  ]);
  return { code, stdout, stderr };
}

async function text(stream) {
  let all = "";
  for await (const chunk of stream.setEncoding("utf8")) all += chunk;
  return all;
}
