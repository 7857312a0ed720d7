// npm test [-- --only native|wasm|e2e]: the set-up, then every test; the last line sums them up.
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { installBrowser } from "./browser.mjs";
import { root } from "./paths.mjs";
import { Stop, exitCode, main } from "./run.mjs";
import { setup } from "./setup.mjs";

/**
 * Each suite has a command, and a function that counts passed and failed tests in its output. One that is `early`
 * runs beside those before it, in another folder of cargo's: the Worker's last steps use one core alone.
 */
const SUITES = [
  {
    part: "native",
    title: "native tests",
    command: ["cargo", "test", "--workspace", "--no-fail-fast"],
    count: countCargo,
  },
  {
    part: "wasm",
    title: "the core's tests in wasm",
    // The native suite runs the documentation's examples.
    command: [
      "cargo",
      "test",
      "-p",
      "logpush-gzip",
      "-p",
      "logpush-normalizer",
      "--target",
      "wasm32-unknown-unknown",
      "--tests",
      "--no-fail-fast",
      // At level 1 what is small is called, not inlined, which engines pay for: the tests take four times as long.
      "--config",
      "profile.dev.package.logpush-normalizer.opt-level=2",
    ],
    count: countCargo,
  },
  {
    part: "e2e",
    title: "the Worker builds, with SIMD",
    early: true,
    command: ["node", "scripts/build.mjs"],
    count: (output, code) => one(code === 0),
  },
  {
    part: "e2e",
    title: "npm start prints a first event",
    command: ["node", "scripts/start.mjs", "--once"],
    count: (output, code) => one(code === 0 && output.includes('"@timestamp"')),
  },
  {
    part: "e2e",
    title: "npm start -- --to elasticsearch finds its events again",
    command: ["node", "scripts/start.mjs", "--once", "--to", "elasticsearch"],
    count: (output, code) => one(code === 0 && output.includes("Found again: 1000 events")),
  },
  {
    part: "e2e",
    title: "end-to-end tests in workerd",
    // By default node leaves a core free: of two, half the time.
    command: ["node", "--test", "--test-reporter=spec", `--test-concurrency=${availableParallelism()}`, ...endToEndTests()],
    count: countNode,
  },
];

await main(import.meta.url, async (args) => {
  const only = option(args);
  const suites = SUITES.filter(({ part }) => !only || part === only);
  const env = await setup();
  const noBrowser = suites.some(({ part }) => part === "e2e") && (await installBrowser());
  const total = { passed: 0, failed: 0 };
  const early = new Map(suites.filter(({ early }) => early).map((suite) => [suite, start(suite, env)]));
  for (const suite of suites) {
    const { passed, failed } = await outcome(suite, early.get(suite) ?? start(suite, env));
    total.passed += passed;
    total.failed += failed;
  }
  if (noBrowser) {
    console.log(`\nNOT RUN: the tests of the status page in a browser: ${noBrowser}`);
    // CI must have a browser.
    if (process.env.CI) total.failed += 1;
  }
  console.log(`\ntests: ${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
});

function option(args) {
  try {
    const { only } = parseArgs({ args, options: { only: { type: "string" } } }).values;
    if (only && !SUITES.some(({ part }) => part === only)) throw new Error(`--only ${only}: there is no such part`);
    return only;
  } catch (error) {
    throw new Stop(`${error.message}\nusage: npm test [-- --only native|wasm|e2e]`);
  }
}

/** Starts a suite, whose output is kept, and shown from `show()` on. */
function start({ command: [program, ...args] }, env) {
  const chunks = [];
  let isShown = false;
  const output = (chunk) => {
    chunks.push(chunk);
    if (isShown) process.stdout.write(chunk);
  };
  const show = () => {
    isShown = true;
    process.stdout.write(Buffer.concat(chunks));
  };
  const ended = exitCode(program, args, { env, output });
  // One that does not start is reported in its turn.
  ended.catch(() => {});
  return { chunks, show, ended };
}

/** A suite that ends with an error, or without a single test, counts as one failure at least. */
async function outcome({ title, count }, { chunks, show, ended }) {
  console.log(`\n== ${title} ==`);
  show();
  const code = await ended;
  const { passed, failed } = count(Buffer.concat(chunks).toString(), code);
  const sound = code === 0 && passed > 0;
  if (code === 0 && passed === 0) console.log(`${title}: no test ran`);
  return { passed, failed: sound ? failed : Math.max(failed, 1) };
}

function one(passed) {
  return passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function countCargo(output) {
  return sum(output, /^test result: \w+\. (?<passed>\d+) passed; (?<failed>\d+) failed/gm);
}

function countNode(output) {
  return sum(output, /^\S+ pass (?<passed>\d+)$|^\S+ (?:fail|cancelled) (?<failed>\d+)$/gm);
}

function sum(output, pattern) {
  const total = { passed: 0, failed: 0 };
  for (const { groups } of output.matchAll(pattern)) {
    total.passed += Number(groups.passed ?? 0);
    total.failed += Number(groups.failed ?? 0);
  }
  return total;
}

function endToEndTests() {
  return ["tests", "bench"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .filter((name) => name.endsWith(".test.mjs"))
      .map((name) => join(folder, name))
      .sort(),
  );
}
