// Versions are named once, in package.json, Cargo.toml and Cargo.lock.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./paths.mjs";
import { Stop } from "./run.mjs";

/** The oldest Node that these scripts run on. */
export function minimumNode() {
  return packageJson().engines.node.replace(">=", "");
}

/** The oldest Node that wrangler, miniflare and the tests run on. */
export function toolsNode() {
  return packageJson().config.toolsNode;
}

/** The Node that is fetched where the user's own is older than that. */
export function fetchedNode() {
  return packageJson().config.fetchedNode;
}

/** The oldest compiler that builds the project. */
export function minimumRust() {
  return readFileSync(join(root, "Cargo.toml"), "utf8").match(/^rust-version = "(.+)"$/m)[1];
}

/** The version of a crate in Cargo.lock. */
export function locked(crate) {
  let lock;
  try {
    lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  } catch {
    throw new Stop("Cargo.lock is missing: it is part of the repository (git checkout Cargo.lock).");
  }
  const version = lock.match(new RegExp(`^name = "${crate}"\nversion = "(.+)"$`, "m"))?.[1];
  if (!version) throw new Stop(`Cargo.lock names no ${crate}: it is part of the repository (git checkout Cargo.lock).`);
  return version;
}

/** By major and minor: "1.89.2" is older than "1.91". */
export function olderThan(version, other) {
  const [[major, minor], [otherMajor, otherMinor]] = [version, other].map((text) =>
    text.split(".").map((part) => Number.parseInt(part, 10)),
  );
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function packageJson() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}
