// node scripts/exec.mjs node scripts/page-speed.mjs: how long the status page of 37 datasets and five destinations
// takes, with a week behind it: the Worker's answer in workerd, and the page in Chromium. Times, and no test of them.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { startBrowser } from "../tests/support/browser.mjs";
import { OPERATOR_SECRET, startDurable } from "../tests/support/durable/harness.mjs";
import { startIntake } from "../tests/support/intake.mjs";
import { size } from "./log.mjs";
import { root } from "./paths.mjs";
import { main } from "./run.mjs";

const DATASETS = Object.keys(JSON.parse(readFileSync(join(root, "crates/normalizer/tests/documented.json"), "utf8")));
const OTHERS = ["archive", "lake", "second-siem", "soc"];
const ROUNDS = 21;
const HOUR_MS = 3_600_000;
const HOURS = 168;

await main(import.meta.url, async () => {
  const intake = await startIntake();
  const tables = Object.fromEntries(OTHERS.map((name) => [name, { kind: "http", url: `${intake.url}/sink` }]));
  const route = await startDurable({ intake, vars: { DESTINATIONS: tables } });
  try {
    const now = Date.now();
    for (const [place, dataset] of DATASETS.entries()) {
      for (let hour = HOURS - 1; hour >= 0; hour -= 1) await route.pretend(`${dataset}/0`, statsOf(dataset, place, HOURS - hour, now - hour * HOUR_MS));
    }
    const answers = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const started = performance.now();
      const { status, text } = await route.operator("GET", "/");
      if (status !== 200) throw new Error(`status ${status}: ${text}`);
      answers.push({ ms: performance.now() - started, bytes: Buffer.byteLength(text) });
    }
    const loads = await inBrowser(route);
    const destinations = OTHERS.length + 1;
    console.log(`The status page, ${DATASETS.length} datasets, ${destinations} destinations, medians of ${ROUNDS}:`);
    console.log(`  the Worker's answer        ${median(answers.map(({ ms }) => ms)).toFixed(1)} ms, ${size(answers[0].bytes)}`);
    console.log(`  DOMContentLoaded           ${median(loads.map(({ ready }) => ready)).toFixed(1)} ms after the navigation began`);
    console.log(`  the load event             ${median(loads.map(({ loaded }) => loaded)).toFixed(1)} ms`);
  } finally {
    await route.stop();
    await intake.close();
  }
});

async function inBrowser(route) {
  const { page, stop } = await startBrowser({ baseURL: route.worker.url.href, viewport: { width: 1280, height: 900 } });
  try {
    await page.goto("/");
    await page.getByLabel("Operator's secret").fill(OPERATOR_SECRET);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { level: 2 }).first().waitFor();
    const loads = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.goto("/", { waitUntil: "load" });
      loads.push(
        await page.evaluate(() => {
          const [{ domContentLoadedEventEnd, loadEventStart }] = performance.getEntriesByType("navigation");
          return { ready: domContentLoadedEventEnd, loaded: loadEventStart };
        }),
      );
    }
    return loads;
  } finally {
    await stop();
  }
}

/** What a shard reports after so many hours, each with nine uploads to every destination. */
function statsOf(dataset, place, hours, at) {
  const scale = 10 ** (place % 7);
  const records = hours * scale * 1_000;
  const counted = [9 * hours, records, 250 * records, 0, 0, 9 * hours, 0, 0, 0, 0, 9 * hours * 20_000, 0, records];
  const lags = Array(11).fill(0);
  const destination = { totals: counted, lags, last_delivery: at };
  return {
    totals: counted,
    lags,
    destinations: Object.fromEntries([...OTHERS, "default"].map((name) => [name, destination])),
    worst: { [Math.floor(at / 60_000)]: 30_000 + 4_000 * (hours % 24) },
    latest: [
      {
        key: `uploads/${dataset}/2026/05/12/08/20260512T083000219Z-${"0".repeat(32)}.gz`,
        outcome: "delivered", arrived: at, at, bytes: 1_234_567, records: 4_200, attempts: 1, lag_ms: 42_000,
      },
    ],
    last_arrival: at,
    last_delivery: at,
    at,
    revision: hours,
  };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
