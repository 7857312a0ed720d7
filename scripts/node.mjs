// A Node that today's wrangler, miniflare and the tests run on: the user's own, or one from npm's registry.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { say } from "./log.mjs";
import { cache } from "./paths.mjs";
import { read, run } from "./run.mjs";
import { fetchedNode, olderThan, toolsNode } from "./versions.mjs";

/** Resolves to the folder of a `node` that is new enough; undefined where that is the running one. */
export async function installNode() {
  if (!olderThan(process.versions.node, toolsNode())) return undefined;
  const version = fetchedNode();
  const home = join(cache, "tools", `node-${version}`);
  // The npm package `node` is one line about these: a package for each platform, with the program alone.
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const program = join(home, "node_modules", name, "bin/node");
  if (!(existsSync(program) && (await read(program, ["--version"])) === `v${version}`)) {
    say(`Node ${process.versions.node} is older than ${toolsNode()}: fetching ${version} from npm (130 MB on disk, once)`);
    await run("npm", ["install", "--prefix", home, "--no-save", "--no-audit", "--no-fund", "--loglevel=error", `${name}@${version}`], {
      output: "progress",
      otherwise: `Is npm's registry reachable (npm ping)? Or install Node ${toolsNode()} or newer yourself, and start again.`,
    });
  }
  return dirname(program);
}
