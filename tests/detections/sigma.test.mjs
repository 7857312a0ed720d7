// The evaluator of Sigma rules: what it understands, and that it throws at the rest.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { compile, readPipeline } from "./sigma.mjs";

const PIPELINE = readPipeline(readFileSync(join(root, "detections/logpush-ecs.yml"), "utf8"));

const RULE = (detection, logsource = "{category: webserver}") =>
  `title: t\nlogsource: ${logsource}\ndetection: ${detection}\n`;

test("a rule that cannot be understood, or cannot fire, is an error", () => {
  for (const [detection, words] of [
    ["{a: {cs-cookie|contains: x}, condition: a}", /cs-cookie cannot be searched: the events show no cookies/],
    ["{a: {cs-method|base64: x}, condition: a}", /unknown modifiers: cs-method\|base64/],
    ["{a: {cs-method|re|i: x}, condition: a}", /unknown modifiers/],
    ["{a: [x, 1], condition: a}", /1 is no text/],
    ["{a: {cs-method: x}, condition: b}", /no detection b/],
    ["{a: {cs-method: x}, condition: 1 of b*}", /nothing is named b\*/],
    ["{a: {cs-method: x}, condition: 2 of a*}", /unknown count 2/],
    ["{a: {cs-method: x}, condition: a | count() > 5}", /not understood from \|/],
    ["{a: {cs-method: x}, condition: (a}", /a bracket is open/],
    ["{a: {sc-status|gte: x}, condition: a}", /x is no number/],
  ]) {
    assert.throws(() => compile(RULE(detection), PIPELINE), words, detection);
  }
  const drop = [{ id: "i", type: "drop", rule_conditions: [] }];
  assert.throws(() => compile(RULE("{a: {b: x}, condition: a}"), drop), /unknown transformation drop/);
  assert.throws(() => compile(RULE("{a: {b: x}, condition: a}", "{category: webserver, x: y}"), []), /unknown key x/);
  assert.throws(() => compile(RULE("{a: [x, y], condition: a}"), []), /keywords without a field/);
});

test("keywords are searched for in the fields that the pipeline names", () => {
  const mapping = [{ id: "i", type: "field_name_mapping", mapping: { "": ["a", "b"] }, rule_conditions: [] }];
  for (const [keywords, expected] of [
    ["[x, no]", true],
    ["no", false],
    ["{'|all': [x, y]}", true],
    ["{'|all': [x, no]}", false],
  ]) {
    const rule = compile(RULE(`{k: ${keywords}, condition: k}`), mapping);
    assert.equal(rule.fires([{ a: "-", b: "-X-y-", c: "no" }]), expected, keywords);
  }
});

test("a value that stands for none compares with none", () => {
  const conditions = [{ type: "match_string", cond: "all", pattern: "-?$" }];
  const empty = [{ id: "i", type: "set_value", value: null, detection_item_conditions: conditions, rule_conditions: [] }];
  for (const [items, expected] of [
    ["{b: ''}", true],
    ["{b: '-'}", true],
    ["{b: ['', '-']}", true],
    ["{a: ''}", false],
    ["{a: '-x'}", false],
    ["{b: ['-', x]}", false],
    ["{b|contains: '-'}", false],
  ]) {
    const rule = compile(RULE(`{s: ${items}, condition: s}`), empty);
    assert.equal(rule.fires([{ a: "x-" }]), expected, items);
  }
});

test("detections, modifiers and conditions mean what Sigma says", () => {
  const event = { a: { b: "Some Text*", n: 5, t: true, l: ["x", "yz"], o: [{ p: "q" }, { p: "r" }] }, ip: "192.0.2.9" };
  for (const [items, condition, expected] of [
    ["s: {a.b: some text*}", "s", true],
    ["s: {a.b: some}", "s", false],
    ["s: {a.b: '?ome text\\*'}", "s", true],
    ["s: {a.b|contains: 'text\\?'}", "s", false],
    ["s: {a.b|startswith: SOME}", "s", true],
    ["s: {a.b|endswith: some}", "s", false],
    ["s: {a.b|contains: [no, text]}", "s", true],
    ["s: {a.b|contains|all: [no, text]}", "s", false],
    ["s: {a.b|contains|all: [some, text]}", "s", true],
    ["s: {a.b|re: 'T..t'}", "s", true],
    ["s: {a.b|re: 't..T'}", "s", false],
    ["s: {a.b|re: '(?i)t..T'}", "s", true],
    ["s: {a.n: 5}", "s", true],
    ["s: {a.n: [4, 6]}", "s", false],
    ["s: {a.n|gte: 5}", "s", true],
    ["s: {a.n|gt: 5}", "s", false],
    ["s: {a.n|lte: 5}", "s", true],
    ["s: {a.n|lt: 5}", "s", false],
    ["s: {a.t: true}", "s", true],
    ["s: {a.l: yz}", "s", true],
    ["s: {a.o.p: r}", "s", true],
    ["s: {a.c: null}", "s", true],
    ["s: {a.b: null}", "s", false],
    ["s: {ip|cidr: [10.0.0.0/8, 192.0.2.0/28]}", "s", true],
    ["s: {ip|cidr: 2001:db8::/32}", "s", false],
    ["s: {a.n: 5, a.t: false}", "s", false],
    ["s: [{a.n: 4}, {a.t: true}]", "s", true],
    ["x: {a.n: 5}, y: {a.n: 6}", "x and not y", true],
    ["x: {a.n: 5}, y: {a.n: 6}", "y or x and x", true],
    ["x: {a.n: 5}, y: {a.n: 6}", "not (x or y)", false],
    ["x: {a.n: 5}, y: {a.n: 6}", "1 of them", true],
    ["x: {a.n: 5}, y: {a.n: 6}", "all of them", false],
    ["x: {a.n: 5}, _y: {a.n: 6}", "all of them", true],
    ["x_1: {a.n: 5}, x_2: {a.t: true}, y: {a.n: 6}", "all of x_*", true],
  ]) {
    const rule = compile(RULE(`{${items}, condition: ${condition}}`), []);
    assert.equal(rule.fires([event]), expected, `${items}: ${condition}`);
  }
});
