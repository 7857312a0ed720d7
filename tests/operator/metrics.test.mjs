// /metrics: the names that docs/metrics.md promises, the values of what was uploaded, and files for
// Prometheus and Grafana that ask for nothing else.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { startDurable } from "../support/durable/harness.mjs";
import { nonEmpty } from "../support/expect.mjs";
import { startIntake } from "../support/intake.mjs";
import { uploadOfNow } from "../support/operator.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");
const PAGE = read("docs/metrics.md");

let intake;
let route;
let persist;

before(async () => {
  persist = mkdtempSync(join(tmpdir(), "logpush-ecs-metrics-"));
  intake = await startIntake();
  route = await startDurable({ intake, persist });
});

after(async () => {
  await route?.stop();
  await intake?.close();
  rmSync(persist, { recursive: true, force: true });
});

async function delivered(options) {
  const answer = await route.push(uploadOfNow(options));
  assert.equal(answer.status, 200, answer.text);
  await route.drain();
}

/** The samples, by name and labels, and the types of the families. */
async function scraped() {
  await route.report();
  const { status, headers, text } = await route.operator("GET", "/metrics");
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  const types = new Map();
  const helps = new Map();
  const samples = new Map();
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind) (kind === "TYPE" ? types : helps).set(name, rest);
    else {
      const [, series, value] = /^(\w+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? assert.fail(line);
      assert.ok(!samples.has(series), `twice: ${series}`);
      assert.ok(Number.isFinite(Number(value)), line);
      samples.set(series, Number(value));
    }
  }
  assert.deepEqual([...helps.keys()], [...types.keys()]);
  for (const [name, help] of nonEmpty([...helps], "families")) assert.ok(help.endsWith("."), name);
  return { types, samples };
}

const DATASET = '{dataset="firewall_events"}';

test("names, types and labels are those of docs/metrics.md", async () => {
  await delivered({ records: 3, seed: 50_001 });
  await route.sweep();
  const { types, samples } = await scraped();
  const ran = samples.get("logpush_ecs_last_cron_run_timestamp_seconds");
  assert.ok(Math.abs(ran - Date.now() / 1000) < 60, `the cron ran at ${ran}`);
  const documented = PAGE.split("\n")
    .filter((line) => line.startsWith("| `logpush_ecs_"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
  assert.deepEqual([...types], documented.map(([name, type]) => [name, type]));
  for (const [name, type, labels] of documented) {
    const own = [...samples.keys()].filter((series) => series.replace(/\{.*/, "").replace(/_(bucket|sum|count)$/, type === "histogram" ? "" : "$&") === name);
    const used = new Set(own.flatMap((series) => [...series.matchAll(/(\w+)="/g)].map(([, label]) => label)));
    // There is no problem just now, no rule, and nothing is held.
    if (!/_(problem|rule_\w+|held_since_timestamp_seconds)$/.test(name)) assert.deepEqual([...used].sort(), labels.split(", ").filter(Boolean).sort(), name);
  }
});

test("values are those of what was uploaded", async () => {
  const { samples: before } = await scraped();
  await delivered({ records: 20, seed: 50_002, ago: 7_000 });
  await delivered({ records: 5, seed: 50_003, ago: 7_000 });
  const { samples: now } = await scraped();
  const more = (name) => now.get(name + DATASET) - before.get(name + DATASET);
  assert.equal(more("logpush_ecs_uploads_total"), 2);
  assert.equal(more("logpush_ecs_records_total"), 25);
  assert.equal(more("logpush_ecs_intake_requests_total"), 2);
  assert.equal(more("logpush_ecs_delivery_lag_seconds_count"), 2);
  const lag = more("logpush_ecs_delivery_lag_seconds_sum");
  assert.ok(lag >= 14 && lag < 60, `two uploads of events 7 s old: ${lag} s`);
  const bucket = (le) => now.get(`logpush_ecs_delivery_lag_seconds_bucket{dataset="firewall_events",le="${le}"}`);
  const bounds = [5, 10, 30, 60, 120, 300, 600, 1800, 3600, 21600, "+Inf"];
  const counts = bounds.map(bucket);
  assert.deepEqual(counts, counts.toSorted((a, b) => a - b));
  assert.equal(counts.at(-1), now.get(`logpush_ecs_delivery_lag_seconds_count${DATASET}`));
  assert.equal(now.get(`logpush_ecs_waiting_uploads${DATASET}`), 0);
  assert.equal(now.get("logpush_ecs_healthy"), 1);
  for (const name of ["arrival", "delivery"]) {
    const at = now.get(`logpush_ecs_last_${name}_timestamp_seconds${DATASET}`);
    assert.ok(Math.abs(at - Date.now() / 1000) < 60, `${name}: ${at}`);
  }
});

test("counters go on after the end of the process", async () => {
  const { samples: before, types } = await scraped();
  await route.kill();
  const { samples: woken } = await scraped();
  await delivered({ records: 4, seed: 50_004 });
  const { samples: now } = await scraped();
  const counters = [...before].filter(([series]) => types.get(series.replace(/\{.*/, "")) === "counter");
  for (const [series, value] of nonEmpty(counters, "counters")) {
    assert.equal(woken.get(series), value, series);
    assert.ok(now.get(series) >= value, series);
  }
  assert.equal(now.get(`logpush_ecs_records_total${DATASET}`), before.get(`logpush_ecs_records_total${DATASET}`) + 4);
});

test("the alert rules and the dashboard ask for metrics that there are", async () => {
  const { types } = await scraped();
  for (const path of ["docs/alerts.rules.yml", "docs/grafana.json"]) {
    const names = new Set(read(path).match(/logpush_ecs_\w+/g));
    assert.ok(names.size > 8, path);
    for (const name of names) {
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
      assert.ok(types.has(family), `${path}: ${name}`);
      const isRate = new RegExp(`(rate|increase)\\(${name}\\b`).test(read(path));
      if (isRate) assert.ok(["counter", "histogram"].includes(types.get(family)), `${path}: the rate of ${name}`);
    }
  }
  const { panels } = JSON.parse(read("docs/grafana.json"));
  for (const { title, targets } of nonEmpty(panels, "panels")) {
    for (const { expr } of nonEmpty(targets, title)) assert.match(expr, /logpush_ecs_/, title);
  }
  // The limits of the rules are those of the Worker: a cron away for fifteen minutes, a dataset silent for a day,
  // and for no more than 14 days.
  assert.match(read("docs/alerts.rules.yml"), /last_cron_run_timestamp_seconds > 900\n/);
  assert.match(read("docs/alerts.rules.yml"), /last_arrival_timestamp_seconds > 86400\) < 1209600\n/);
  const rules = read("docs/alerts.rules.yml").match(/^ {6}- alert: (\w+)$/gm);
  assert.equal(nonEmpty(rules, "rules").length, new Set(rules).size);
});
