// node scripts/licences.mjs: writes docs/licences.md, the licences of everything that is used. A test holds it.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./paths.mjs";
import { main } from "./run.mjs";

export const PAGE = "docs/licences.md";

/** What the Worker and the command line may contain: nothing that asks more than to be named. */
export const ALLOWED = [
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CDLA-Permissive-2.0",
  "ISC",
  "MIT",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
];

/** The crates of Cargo.lock that are not ours: `{ name, licence }`, by name. */
export function crates() {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 };
  const metadata = JSON.parse(execFileSync("cargo", ["metadata", "--format-version", "1", "--locked"], options));
  return named(metadata.packages.filter(({ source }) => source !== null).map(({ name, license }) => [name, license]));
}

/** The npm packages, which build, run and test the Worker, and are no part of it. */
export function packages() {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const entries = Object.entries(lock).filter(([path]) => path !== "");
  return named(entries.map(([path, { license }]) => [path.split("node_modules/").at(-1), license]));
}

/** Whether a licence expression can be fulfilled with the allowed ones. */
export function isAllowed(expression) {
  const alternatives = expression.replaceAll("/", " OR ").replace(/[()]/g, " ");
  return alternatives.split(" AND ").every((part) => part.split(" OR ").some((licence) => ALLOWED.includes(licence.trim())));
}

export function page() {
  return `# Licences

What is in the Worker and the command line, or builds and tests them. Written by \`node scripts/licences.mjs\`.

## Crates

${table(crates())}
## npm packages

They build, run and test the Worker; none is part of it.

${table(packages())}`;
}

function named(pairs) {
  const byName = new Map(pairs.map(([name, licence]) => [name, licence ?? "none stated"]));
  return [...byName].map(([name, licence]) => ({ name, licence })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One row a licence. */
function table(used) {
  const licences = [...new Set(used.map(({ licence }) => licence))].sort();
  const rows = licences.map((licence) => {
    const names = used.filter((one) => one.licence === licence).map(({ name }) => `\`${name}\``);
    return `| ${licence} | ${names.join(", ")} |\n`;
  });
  return `| Licence | What |\n|---|---|\n${rows.join("")}`;
}

await main(import.meta.url, () => writeFileSync(join(root, PAGE), page()));
