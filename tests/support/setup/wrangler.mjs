// A stand-in for wrangler: run as a program, it hands what it was called with to the platform of the
// test, and says and does what that answers.

import { appendFileSync } from "node:fs";

const { WRANGLER_STAND_IN, WRANGLER_OUTPUT_FILE_PATH, ...env } = process.env;

async function text(stream) {
  let all = "";
  for await (const chunk of stream.setEncoding("utf8")) all += chunk;
  return all;
}

// A terminal has no end.
const stdin = process.stdin.isTTY ? "" : await text(process.stdin);
const call = { args: process.argv.slice(2), stdin, env, cwd: process.cwd(), caller: process.ppid };
const answer = await fetch(WRANGLER_STAND_IN, { method: "POST", body: JSON.stringify(call) });
const { code, stdout, stderr, output } = await answer.json();
if (output) appendFileSync(WRANGLER_OUTPUT_FILE_PATH, `${JSON.stringify(output)}\n`);
process.stderr.write(stderr);
process.stdout.write(stdout, () => process.exit(code));
