// The reader of `use` lines, on files that are made up.

import assert from "node:assert/strict";
import { test } from "node:test";

import { circleIn } from "./graph.mjs";
import { Crate } from "./rust.mjs";

/** What `a.rs` uses of these files, by its text. */
const FILES = [
  ["b.rs", "pub struct B;"],
  ["c/mod.rs", "mod d;\npub(crate) use self::d::D;\npub struct C;"],
  ["c/d.rs", "pub struct D;"],
  ["lib.rs", "mod a;\nmod b;\nmod c;\npub use b::B as Exported;"],
];

for (const [name, text, expected] of [
  ["nothing", "fn f() {}", []],
  ["another crate", "use serde::b::B;\nfn f() { std::b::c(); }", []],
  ["a path of the crate", "use crate::b::B;", ["b.rs"]],
  ["a path from above", "use super::b::B;", ["b.rs"]],
  ["a module", "use crate::b;", ["b.rs"]],
  ["a tree", "use crate::{\n    b::{self, B as Other},\n    c::C,\n};", ["b.rs", "c/mod.rs"]],
  ["all of a module", "use crate::b::*;", ["b.rs"]],
  ["a path without a use", "fn f() -> crate::b::B { todo() }", ["b.rs"]],
  ["a name that a facade passes on", "use crate::c::D;", ["c/d.rs"]],
  ["a name that the crate passes on", "use crate::Exported;", ["b.rs"]],
  ["a name of the facade itself", "use crate::c::C;", ["c/mod.rs"]],
  ["itself from a module within", "fn f() {}\nmod inner {\n    use super::f;\n}\n", []],
  ["another from a module within", "mod inner {\n    use super::super::b::B;\n    use crate::c::C;\n}\n", ["b.rs", "c/mod.rs"]],
  ["a comment", "// crate::b::B\n/// [`crate::b::B`]\nfn f() {}", []],
  ["a module of tests", "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}\n", []],
  ["a line for tests", "#[cfg(test)]\nuse crate::b::B;\nuse crate::c::C;\n", ["c/mod.rs"]],
]) {
  test(`a file that uses ${name}`, () => {
    const uses = new Crate([["a.rs", text], ...FILES]).uses();
    assert.deepEqual(uses.filter(([from]) => from === "a.rs").map(([, to]) => to), expected);
  });
}

test("a facade uses nothing of what it only passes on, and all else", () => {
  const text = "mod d;\npub(crate) use self::d::D;\nfn f() { d::g(); }";
  const passing = new Crate([["c/mod.rs", "mod d;\npub(crate) use self::d::D;"], ["c/d.rs", ""], ["lib.rs", ""]]);
  assert.deepEqual(passing.uses(), []);
  const using = new Crate([["c/mod.rs", text], ["c/d.rs", ""], ["lib.rs", ""]]);
  assert.deepEqual(using.uses(), [["c/mod.rs", "c/d.rs"]]);
  const naming = new Crate([["c/mod.rs", "mod d;\npub(crate) use self::d::D;\nstruct S(D);"], ["c/d.rs", ""], ["lib.rs", ""]]);
  assert.deepEqual(naming.uses(), [["c/mod.rs", "c/d.rs"]]);
});

for (const [pairs, expected] of [
  [[], undefined],
  [["ab", "bc", "ac"], undefined],
  [["ab", "ba"], "aba"],
  [["ab", "bc", "ca", "cd", "dc"], "cdc"],
  [["ab", "bc", "cd", "db"], "bcdb"],
]) {
  test(`the shortest circle in ${pairs.join(" ") || "nothing"} is ${expected}`, () => {
    assert.equal(circleIn(pairs.map((pair) => [...pair]))?.join(""), expected);
  });
}
