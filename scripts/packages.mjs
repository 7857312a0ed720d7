// The npm packages: wrangler with workerd and esbuild, miniflare, binaryen.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { say } from "./log.mjs";
import { root } from "./paths.mjs";
import { run } from "./run.mjs";

export async function installPackages() {
  if (installed()) return;
  say("npm packages: installing (about 300 MB on disk)");
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    output: "progress",
    otherwise: "npm could not install the packages of package-lock.json: is its registry reachable (npm ping)?",
  });
  say("npm packages: installed");
}

/** npm leaves a copy of the lock with what it installed. File times would lie after a checkout. */
function installed() {
  const copy = join(root, "node_modules/.package-lock.json");
  if (!existsSync(copy)) return false;
  const present = packagesOf(copy);
  return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) => path === "" || optional || present[path]?.version === version,
  );
}

function packagesOf(lock) {
  return JSON.parse(readFileSync(lock, "utf8")).packages;
}
