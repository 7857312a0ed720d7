// Which file of a crate uses which: read from `use` lines and paths, not compiled.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What is behind `#[cfg(test)]` is no part of the product: a module at the end of the file, or one line. */
const TESTS = /^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n|\/\/[^\n]*\n)*(?:pub(?:\([^)]*\))? )?mod \w+ \{.*/ms;
const TEST_LINE = /^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*[^\n{]*;\n/gm;
/** A module within a file: what it calls `super` is the file itself. */
const INNER = /^mod \w+ \{\n.*?^\}/gms;
const COMMENT = /^\s*\/\/.*$/gm;
const USE = /^ *(?<visible>pub(?:\([^)]*\))? )?use (?<tree>[^;]+);/gm;
const PATH = /(?<![\w:"'])(?<path>[a-z_]\w*(?:::\w+)+)/g;

/** The files below a folder `src`, which are its modules. */
export class Crate {
  /** @param {[string, string][]} files names below `src`, and texts */
  constructor(files) {
    this.modules = new Map();
    for (const [name, text] of files) {
      const path = name.replace(/\.rs$/, "").split("/");
      if (["mod", "lib", "main"].includes(path.at(-1))) path.pop();
      this.modules.set(path.join("::"), { name, path, ...contents(text) });
    }
    for (const module of this.modules.values()) this.#reexports(module);
  }

  /** @param {string} folder with lib.rs or main.rs in it */
  static read(folder) {
    const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".rs"));
    return new Crate(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  }

  get files() {
    return [...this.modules.values()].map(({ name }) => name);
  }

  /** Pairs of files, the first of which uses the second, each once. */
  uses() {
    const pairs = new Map();
    for (const module of this.modules.values()) {
      for (const path of module.paths) {
        const target = this.#fileOf(module, path);
        if (target && target !== module) pairs.set(`${module.name} ${target.name}`, [module.name, target.name]);
      }
    }
    return [...pairs.values()];
  }

  /** Makes paths of a module begin at the crate, those that lead out of it undefined. */
  #absolute(module, path) {
    const [first, ...rest] = path;
    if (first === "crate") return rest;
    if (first === "self") return [...module.path, ...rest];
    if (first === "super") {
      const up = [...module.path];
      let left = path;
      for (; left[0] === "super"; left = left.slice(1)) up.pop();
      return [...up, ...left];
    }
    const child = [...module.path, first].join("::");
    return this.modules.has(child) ? [...module.path, ...path] : undefined;
  }

  /** A facade passes names on: who uses them uses the file behind it. */
  #reexports(module) {
    module.passedOn = new Map();
    for (const { path, name } of module.reexported) module.passedOn.set(name, this.#absolute(module, path));
  }

  /** The file that a path leads to. */
  #fileOf(module, path, seen = new Set()) {
    const absolute = this.#absolute(module, path);
    if (!absolute) return undefined;
    let length = absolute.length;
    while (length > 0 && !this.modules.has(absolute.slice(0, length).join("::"))) length -= 1;
    const found = this.modules.get(absolute.slice(0, length).join("::"));
    const [item, ...rest] = absolute.slice(length);
    const behind = found?.passedOn.get(item) ?? found?.passedOn.get("*");
    if (!behind || seen.has(`${found.name} ${item}`)) return found;
    seen.add(`${found.name} ${item}`);
    const isGlob = !found.passedOn.has(item);
    const next = this.#fileOf(found, ["crate", ...behind, ...(isGlob ? [item] : rest)], seen);
    return next ?? found;
  }
}

/** What a file uses, and what it only passes on. */
function contents(text) {
  const code = text.replace(TESTS, "").replace(TEST_LINE, "").replace(COMMENT, "").replace(INNER, withoutItself);
  const body = code.replace(USE, "");
  const paths = [...body.matchAll(PATH)].map(({ groups }) => groups.path.split("::"));
  const reexported = [];
  for (const { groups } of code.matchAll(USE)) {
    for (const leaf of leavesOf(groups.tree)) {
      if (groups.visible) reexported.push(leaf);
      // A name that is only passed on is not used here.
      if (!groups.visible || new RegExp(`\\b${leaf.name.replace("*", "\\*")}\\b`).test(body)) paths.push(leaf.path);
    }
  }
  return { paths, reexported };
}

/** An inner module's text as if it stood in the file itself: one `super` less. */
function withoutItself(inner) {
  return inner.replaceAll(/\bsuper::((?:super::)*)/g, (whole, further) => further || "self::");
}

/** The paths of a tree such as `a::{b, c::{self, d as e}}`, each with the name that it gets. */
function leavesOf(tree, prefix = []) {
  const text = tree.trim();
  const open = text.indexOf("{");
  if (open >= 0) {
    const begin = text.slice(0, open).split("::").map((part) => part.trim()).filter(Boolean);
    return split(text.slice(open + 1, text.lastIndexOf("}"))).flatMap((branch) => leavesOf(branch, [...prefix, ...begin]));
  }
  const [whole, alias] = text.split(/\s+as\s+/);
  const path = [...prefix, ...whole.split("::").map((part) => part.trim())];
  if (path.at(-1) === "self" && path.length > 1) path.pop();
  const name = alias ?? path.at(-1);
  return [{ path: name === "*" ? path.slice(0, -1) : path, name }];
}

/** The branches between commas that are in no brackets. */
function split(text) {
  const branches = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (at < text.length && (text[at] !== "," || depth > 0)) continue;
    const branch = text.slice(from, at).trim();
    if (branch !== "") branches.push(branch);
    from = at + 1;
  }
  return branches;
}
