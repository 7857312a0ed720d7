// The Worker in workerd, on this machine, through `wrangler dev`.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { PROFILE_VARIABLE, profileOf } from "./build.mjs";
import { root } from "./paths.mjs";
import { Stop } from "./run.mjs";

const STATE = join(root, ".wrangler");
const READY_WITHIN_MS = 120_000;
const STOPPED_WITHIN_MS = 5_000;
const POLL_MS = 100;

/** wrangler fetches no sample of `request.cf`, and reads the file of vars whatever the user's settings are. */
const ENVIRONMENT = { CLOUDFLARE_CF_FETCH_ENABLED: "false", CLOUDFLARE_LOAD_DEV_VARS_FROM_DOT_ENV: "true" };

/**
 * Resolves when the Worker in `dir` answers: its `url`, the `log` of wrangler, `ended` when it ends by itself, and `stop()`.
 * `vars` win over wrangler.toml, and .dev.vars is not read.
 */
export async function wranglerDev({ env, dir, port, vars }) {
  mkdirSync(STATE, { recursive: true });
  const log = join(STATE, `dev-${port}.log`);
  const varsFile = join(STATE, `dev-${port}.env`);
  const storage = join(STATE, `dev-${port}`);
  // An earlier run may have left uploads here.
  rmSync(storage, { recursive: true, force: true });
  const lines = Object.entries(vars).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(varsFile, lines.join(""), { mode: 0o600 });
  const output = openSync(log, "w");
  const options = {
    "--ip": "127.0.0.1",
    "--port": port,
    "--inspector-port": await freePort(0),
    "--env-file": varsFile,
    "--persist-to": storage,
    "--show-interactive-dev-session": "false",
  };
  const child = spawn(
    "wrangler",
    ["dev", join(dir, "index.js"), "--local", ...Object.entries(options).map(([name, value]) => `${name}=${value}`)],
    {
      cwd: root,
      // Its [build] command builds this one anew after a change.
      env: { ...env, ...ENVIRONMENT, [PROFILE_VARIABLE]: profileOf(dir), WRANGLER_LOG_PATH: join(STATE, "logs") },
      stdio: ["ignore", output, output],
      // A process group of its own: wrangler and workerd are stopped together.
      detached: true,
    },
  );
  closeSync(output);
  const ended = new Promise((resolve) => child.on("error", resolve).on("exit", resolve));
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // They are gone already.
    }
  };
  const kill = () => signal("SIGKILL");
  process.on("exit", kill);
  const stop = async () => {
    signal("SIGTERM");
    await Promise.race([ended, sleep(STOPPED_WITHIN_MS, undefined, { ref: false })]);
    kill();
    process.off("exit", kill);
    rmSync(varsFile, { force: true });
  };

  const url = `http://127.0.0.1:${port}`;
  const problem = await healthy(url, ended);
  if (problem) {
    await stop();
    throw new Stop(
      `${readFileSync(log, "utf8")}\nThe Worker did not start: ${problem}. The output of wrangler is above, and in ${log}.`,
    );
  }
  return { url, log, ended, stop };
}

/** `port` if it is free, and any free one for 0; undefined if it is taken. */
export function freePort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const found = server.address().port;
      server.close(() => resolve(found));
    });
  });
}

/** Resolves to undefined once GET /health answers 200, or to the problem if time runs out or wrangler ends. */
async function healthy(url, ended) {
  let problem = "no answer";
  let over = false;
  ended.then(() => (over = true));
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end && !over; await sleep(POLL_MS)) {
    try {
      const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(READY_WITHIN_MS) });
      if (answer.ok) return undefined;
      problem = `GET /health answers ${answer.status} ${await answer.text()}`;
    } catch (error) {
      problem = error.cause?.code ?? error.message;
    }
  }
  return over ? "wrangler dev ended" : problem;
}
