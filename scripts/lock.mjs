// One set-up, and one build, at a time. The holder touches its lock, so that a dead process does not hold it for ever.
import { mkdirSync, rmSync, statSync, utimes } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { say } from "./log.mjs";

const TOUCHED_EVERY_MS = 2_000;
const DEAD_AFTER_MS = 20_000;

export async function withLock(path, work) {
  await take(path);
  const release = () => rmSync(path, { recursive: true, force: true });
  const touch = setInterval(() => utimes(path, new Date(), new Date(), () => {}), TOUCHED_EVERY_MS);
  process.on("exit", release);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    process.off("exit", release);
    release();
  }
}

async function take(path) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      return mkdirSync(path);
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (ageMs(path) > DEAD_AFTER_MS) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    if (!told) say(`another run is at it (${path}): waiting`);
    await sleep(500);
  }
}

function ageMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? Date.now() - stat.mtimeMs : 0;
}
