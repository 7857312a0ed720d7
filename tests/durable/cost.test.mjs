// What an upload costs in operations of the platform: counted in workerd, and held against docs/cost.md,
// dollars included.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";

import { root } from "../../scripts/paths.mjs";
import { Queue, startDurable } from "../support/durable/harness.mjs";
import { uploadOf } from "../support/generate.mjs";
import { startIntake } from "../support/intake.mjs";

const SIZES = [1_000, 10_000, 100_000];
const PAGE = readFileSync(join(root, "docs/cost.md"), "utf8");
const ACK = { ack: true };

/** What docs/cost.md calls what is counted here, and the operations that each stands for. */
const OPERATIONS = {
  "Worker requests": ["invocation"],
  "R2, class A": ["r2.put", "r2.list", "r2.createMultipartUpload", "r2.uploadPart", "r2.complete"],
  "R2, class B": ["r2.get", "r2.head"],
  "Queue operations": ["queue.send", "queue.read", "queue.delete"],
  "Ledger requests": ["ledger"],
  "Ledger rows written": ["rows.written"],
  "Ledger rows read, at most": ["rows.read"],
};
/** The row of an upload is deleted in the end: one more that is written. */
const FORGOTTEN = { "rows.written": 1 };
/** Of the last batches that are under way, each may be noted, or the end be told in its place. */
const MAY_BE_ONE_MORE = ["Ledger requests", "Ledger rows written"];
/** Free of charge. */
const FREE = ["r2.delete", "r2.abort"];
/** A shard of the ledger reports to the overview once a minute, however many uploads it has. */
const ONCE_A_MINUTE = ["overview", "overview.rows.read", "overview.rows.written"];
const INTAKE = "Requests to the intake";
/** Stated in the page, with its source, and not held against anything: no two machines agree. */
const CPU = "CPU milliseconds";

let intake;
let route;
let taken = 0;

before(async () => {
  intake = await startIntake({ keep: false, onBatch: ({ events }) => (taken += events.length) });
  // As it is deployed, but for the retries of requests that a busy machine delays.
  route = await startDurable({ intake, vars: { INTAKE_TIMEOUT_MS: "60000" } });
  // What an object of the ledger does once, when it is made, is not an upload's.
  for (let shard = 0; shard < 16; shard += 1) {
    const name = `firewall_events/${shard.toString(16)}`;
    await route.ledger(name, { op: "look", id: "none" });
    // An upload's question reads the row behind its own too: one that sorts last is behind every upload's.
    await route.sql(name, `INSERT INTO uploads VALUES ('~', 'default', ${Date.now()}, ${Date.now()}, '{}')`);
  }
});

after(async () => {
  await route?.stop();
  await intake?.close();
});

beforeEach(async () => {
  await intake.reset();
  Object.assign(route.queue, new Queue());
  route.counts = {};
  taken = 0;
});

/** How often each operation of the page was asked for; every one that was must be one of the page. */
function counted(later = {}) {
  const timesOf = (op) => (route.counts[op] ?? 0) + (later[op] ?? 0);
  const named = Object.entries(OPERATIONS).map(([name, ops]) => [name, ops.reduce((sum, op) => sum + timesOf(op), 0)]);
  const known = [...Object.values(OPERATIONS).flat(), ...FREE, ...ONCE_A_MINUTE];
  assert.deepEqual(Object.keys(route.counts).filter((op) => !known.includes(op)), []);
  return { ...Object.fromEntries(named), [INTAKE]: intake.requests.length };
}

/** The table under a heading: the first cell of each row, and the others. */
function tableUnder(heading) {
  const [, section] = PAGE.split(new RegExp(`^## ${heading}$`, "m"));
  assert.ok(section, `docs/cost.md has no heading ${heading}`);
  const rows = section
    .split(/^## /m)[0]
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("*", "")));
  return { head: rows[0].slice(1), rows: new Map(rows.slice(2).map(([name, ...cells]) => [name, cells])) };
}

const number = (cell) => Number(cell.replace(/[$,]/g, ""));

const ROUTES = {
  "Operations of an upload": async (body) => {
    const answer = await route.push(body);
    assert.equal(answer.status, 200, answer.text);
    return route.drain();
  },
  "Operations of an upload, R2 first": async (body) => {
    const key = `logpush/firewall_events/20260512/${body.length}.log.gz`;
    const { size, etag } = await route.put(key, body);
    // The two that are Logpush's and R2's doing, on the same bill.
    route.counts = { "r2.put": 1, "queue.send": 1 };
    const notification = {
      account: "3f4b7e3dcab231cbfdaa90a6a28bd548",
      action: "PutObject",
      bucket: "logpush-ecs",
      object: { key, size, eTag: etag },
      eventTime: "2026-05-12T08:30:31.379Z",
    };
    return route.consume([{ id: key, body: notification, attempts: 1 }]);
  },
};

for (const [heading, bring] of Object.entries(ROUTES)) {
  describe(heading, () => {
    const { head, rows } = tableUnder(heading);

    test("the table has the sizes and the operations that are counted", () => {
      assert.deepEqual(head.map(number), SIZES);
      assert.deepEqual([...rows.keys()].filter((name) => name !== CPU), [...Object.keys(OPERATIONS), INTAKE]);
    });

    for (const [column, records] of SIZES.entries()) {
      test(`${records} records`, async (t) => {
        const body = uploadOf({ records, seed: 4000 + records, sparse: true });
        const cpu = route.cpuMillis();
        assert.deepEqual(await bring(body), [ACK]);
        t.diagnostic(`${route.cpuMillis() - cpu} ms of CPU time in workerd, ${body.length} bytes`);
        assert.equal(taken, records);
        const documented = Object.fromEntries([...rows].map(([name, cells]) => [name, number(cells[column])]));
        delete documented[CPU];
        const operations = counted(FORGOTTEN);
        for (const [name, times] of Object.entries(operations)) {
          if (name.endsWith("at most") && times <= documented[name]) operations[name] = documented[name];
          if (MAY_BE_ONE_MORE.includes(name) && times === documented[name] + 1) operations[name] -= 1;
        }
        assert.deepEqual(operations, documented);
      });
    }
  });
}

test("each further destination adds what the page says", async () => {
  const { rows } = tableUnder("Operations of each further destination");
  const lake = await startIntake({ keep: false });
  const vars = { INTAKE_TIMEOUT_MS: "60000", DESTINATIONS: { lake: { kind: "http", url: `${lake.url}/sink` } } };
  const both = await startDurable({ intake, vars });
  const one = route;
  try {
    for (let shard = 0; shard < 16; shard += 1) await both.ledger(`firewall_events/${shard.toString(16)}`, { op: "look", id: "none" });
    both.counts = {};
    route = both;
    assert.equal((await both.push(uploadOf({ records: SIZES[0], seed: 4999, sparse: true }))).status, 200);
    assert.deepEqual(await both.drain(), [ACK, ACK]);
    // The row of an upload at each destination is deleted in the end.
    const operations = counted({ "rows.written": 2 });
    operations[INTAKE] += lake.requests.length;
    const { rows: first } = tableUnder("Operations of an upload");
    const more = Object.fromEntries([...rows.keys()].map((name) => [name, operations[name] - number(first.get(name)[0])]));
    assert.deepEqual(more, Object.fromEntries([...rows].map(([name, cells]) => [name, number(cells[0])])));
  } finally {
    route = one;
    await both.stop();
    await lake.close();
  }
});

describe("dollars", () => {
  const prices = tableUnder("Prices").rows;

  test("every operation has a price", () => {
    assert.deepEqual([...prices.keys()], [...tableUnder("Operations of an upload").rows.keys()]);
  });

  test("a million events cost what their operations do", () => {
    const { head, rows } = tableUnder("Dollars per million events");
    assert.deepEqual(head.map(number), SIZES);
    const expected = Object.keys(ROUTES).map((heading) => {
      const { rows: operations } = tableUnder(heading);
      const dollarsFor = (column) => {
        const each = [...operations].map(([name, cells]) => number(cells[column]) * number(prices.get(name)[0]));
        return each.reduce((sum, dollars) => sum + dollars) / SIZES[column];
      };
      return SIZES.map((_, column) => dollarsFor(column).toFixed(4));
    });
    assert.deepEqual([...rows.values()], expected);
  });

  test("the plan includes the uploads that the page says", () => {
    const { rows: operations } = tableUnder("Operations of an upload");
    const included = [...prices]
      .filter(([, [, amount]]) => amount !== "")
      .map(([name, [, amount]]) => number(amount) / number(operations.get(name)[0]));
    const stated = number(/includes ([\d,]+) uploads a month/.exec(PAGE)[1]);
    const least = Math.min(...included);
    assert.ok(stated <= least && stated > 0.8 * least, `${stated} of ${least}`);
  });
});

test("a sweep with nothing to do", async () => {
  await route.sweep();
  const [, classA, classB] = /sweep with nothing to do takes (\d+) operations of class A and (\d+) of class B/.exec(PAGE);
  const { "R2, class A": a, "R2, class B": b, ...others } = counted();
  assert.deepEqual([a, b], [Number(classA), Number(classB)]);
  assert.deepEqual(Object.entries(others).filter(([, times]) => times > 0), [["Worker requests", 1]]);
});
