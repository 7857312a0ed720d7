// npm run bench [-- --quick] [-- --json] [-- --write]: what bench/README.md describes, side by side in one run.

import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { build } from "../scripts/build.mjs";
import { say } from "../scripts/log.mjs";
import { root } from "../scripts/paths.mjs";
import { main, read } from "../scripts/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { gzipChunks, uploadOf } from "../tests/support/generate.mjs";
import { seal } from "../tests/support/matched_data.mjs";
import { STAND_INS } from "../tests/support/stand_ins.mjs";
import { PEER_FLAGS, coreModule, coreProgram, inflateModules, ourModules, peerModules } from "./artefacts.mjs";
import { uploadOfDataset } from "./records.mjs";
import { fixed, median, spread, table } from "./statistics.mjs";
import { Core } from "./wasm.mjs";

/** Of the generator: the same uploads in every run on every machine. */
const SEED = 1;

const FULL = { rounds: 15, sizes: [20_000, 200_000], largeRounds: 5, flat: [1_000, 10_000, 100_000, 1_000_000], coreRounds: 25 };
const QUICK = { rounds: 5, sizes: [20_000], largeRounds: 0, flat: [1_000, 10_000, 100_000], coreRounds: 7 };

const TURNS = 3;
const RECORDS_A_TURN = 200_000;

/** As many bytes as 20,000 firewall events have: a record of http_requests has three times as many fields. */
const HTTP_RECORDS = 8_000;

/** What is measured of the core beside firewall_events: the widest, a middling and the narrowest. */
const DATASETS = { firewall_events: 20_000, http_requests: HTTP_RECORDS, gateway_http: 12_000, dns_logs: 120_000 };

/** Kinds of destinations, each with its encoding. */
const KINDS = Object.keys(STAND_INS);

/** Everything printed, for --write. */
const printed = [];

const exec = promisify(execFile);

await main(import.meta.url, async (args) => {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" }, quick: { type: "boolean" }, write: { type: "boolean" } } });
  const plan = values.quick ? QUICK : FULL;
  const machine = machineShape();
  const env = await setup();
  const dir = await build({ bench: true, env });
  say("building the core alone, for wasm and natively (two minutes from nothing)");
  const core = await coreModule(env);
  const program = await coreProgram(env);

  print(`logpush-ecs, npm run bench${values.quick ? " -- --quick" : ""}`, [
    machine,
    `Node ${process.versions.node} (V8 ${process.versions.v8}), workerd ${workerdVersion()}, ${await read("rustc", ["--version"], { env })}`,
  ]);

  const results = {};
  for (const records of plan.sizes) {
    Object.assign(results, await sideBySide(records, records === plan.sizes[0] ? plan.rounds : plan.largeRounds, { dir, core }));
  }
  Object.assign(results, await sideBySide(HTTP_RECORDS, plan.rounds, { dir, core, dataset: "http_requests" }));
  Object.assign(results, coreInWasm(core, plan));
  Object.assign(results, datasetsInWasm(core, plan));
  Object.assign(results, rulesInWasm(core, plan));
  Object.assign(results, matchedDataInWasm(core, plan));
  const largest = await largeUpload(plan.flat.at(-1));
  Object.assign(results, await flatness(core, plan.flat, largest));
  Object.assign(results, await oneIsolate(dir, plan.flat.at(-1), largest));
  Object.assign(results, await native(program));
  Object.assign(results, await startUpAndSize(dir));
  if (values.write) writeResults();
  if (values.json) process.stdout.write(`${JSON.stringify(round(results))}\n`);
});

/** Ours, the peer and the floor, with the same upload, one after the other in every round. */
async function sideBySide(records, rounds, { dir, core, dataset = "firewall_events" }) {
  const { startInWorkerd, startSink } = await import("./workerd.mjs");
  const name = dataset === "firewall_events" ? "events" : `records of ${dataset}`;
  say(`${records} ${name} in workerd, ${rounds} rounds`);
  const upload = uploadOfDataset({ dataset, records, seed: SEED });
  const sink = await startSink();
  const vars = (destination) => ({
    DESTINATION: destination,
    SEKOIA_INTAKE_URL: sink.url,
    SEKOIA_INTAKE_KEY: "key-of-the-benchmark",
    INTAKE_TIMEOUT_MS: "120000",
  });
  const peer = await peerModules();
  const contestants = [
    { name: "inflate only", options: { modules: inflateModules(core) } },
    { name: "ours, discard", options: { modules: ourModules(dir), vars: vars("discard") } },
    { name: "peer, discard", options: { modules: peer, vars: vars("discard"), flags: PEER_FLAGS } },
    { name: "ours, delivery", options: { modules: ourModules(dir), vars: vars("sekoia") }, delivers: true },
    { name: "peer, delivery", options: { modules: peer, vars: vars("sekoia"), flags: PEER_FLAGS }, delivers: true },
  ];
  for (const contestant of contestants) {
    contestant.worker = await startInWorkerd(contestant.options);
    contestant.times = [];
    contestant.cpu = [];
  }
  for (let number = 0; number <= rounds; number += 1) {
    for (const { name, worker, times, cpu, delivers } of contestants) {
      const { ms, cpuMs, answer } = await worker.push(upload, dataset);
      const arrived = await sink.take();
      const expected = delivers ? records : 0;
      if (arrived.events !== expected || (answer.records ?? records) !== records) {
        throw new Error(`${name}: ${answer.records} of ${records} records read, ${arrived.events} of ${expected} arrived`);
      }
      // The first round warms up.
      if (number === 0) continue;
      times.push(ms);
      cpu.push(cpuMs);
    }
  }
  const by = Object.fromEntries(contestants.map(({ name, times }) => [name, median(times)]));
  const cpuBy = Object.fromEntries(contestants.map(({ name, cpu }) => [name, mean(cpu)]));
  const ratio = by["peer, discard"] / by["ours, discard"];
  const ratioDelivery = by["peer, delivery"] / by["ours, delivery"];
  const cpuRatio = cpuBy["peer, discard"] / cpuBy["ours, discard"];
  const cpuRatioDelivery = cpuBy["peer, delivery"] / cpuBy["ours, delivery"];
  print(
    `${records} ${name} in workerd, ${megabytes(upload.length)} gzip: ms for an upload, median (fastest to slowest) of ${rounds}`,
    table([
      ["", "wall clock", "CPU of the process, mean", "MiB resident at most"],
      ...contestants.map(({ name, times, worker }) => [name, spread(times), fixed(cpuBy[name]), fixed(worker.peakResidentMib() ?? NaN)]),
    ]),
    `the peer takes ${fixed(ratio)} times as long as ours without delivery, ${fixed(ratioDelivery)} times with it; in CPU time ${fixed(cpuRatio)} and ${fixed(cpuRatioDelivery)} times`,
  );
  for (const { worker } of contestants) await worker.stop();
  sink.stop();
  if (dataset !== "firewall_events") {
    return { [`peer_ratio_${dataset}`]: ratio, [`peer_ratio_delivery_${dataset}`]: ratioDelivery };
  }
  if (records !== FULL.sizes[0]) return { [`peer_ratio_${records}`]: ratio, [`peer_ratio_delivery_${records}`]: ratioDelivery };
  return {
    peer_ratio: ratio,
    peer_ratio_delivery: ratioDelivery,
    peer_ratio_cpu: cpuRatio,
    peer_ratio_delivery_cpu: cpuRatioDelivery,
    ours_ms: by["ours, discard"],
    ours_delivery_ms: by["ours, delivery"],
    peer_ms: by["peer, discard"],
    peer_delivery_ms: by["peer, delivery"],
    inflate_only_ms: by["inflate only"],
  };
}

/** Inflating, normalising and compressing in V8, with nothing around it. */
function coreInWasm(bytes, { coreRounds }) {
  say("the core in wasm, under Node");
  const upload = uploadOf({ records: FULL.sizes[0], seed: SEED });
  const start = performance.now();
  const core = new Core(new WebAssembly.Module(bytes));
  const startMs = performance.now() - start;
  const inflating = [];
  const normalizing = [];
  let plainBytes;
  // V8 compiles what runs often a second time, and better: the first rounds are slower.
  for (let number = -5; number < coreRounds; number += 1) {
    const inflated = core.inflate(upload);
    const normalized = core.normalize(upload);
    plainBytes = inflated.plainBytes;
    if (number < 0) continue;
    inflating.push(inflated.ms);
    normalizing.push(normalized.ms);
  }
  const speed = (ms) => plainBytes / 1000 / ms;
  const multiple = median(normalizing) / median(inflating);
  print(
    `the core in wasm under Node, ${FULL.sizes[0]} events, ${megabytes(plainBytes)} plain: ms, median (fastest to slowest) of ${coreRounds}`,
    table([
      ["", "ms", "MB/s of plain NDJSON"],
      ["inflate", spread(inflating), fixed(speed(median(inflating)))],
      ["inflate and normalise", spread(normalizing), fixed(speed(median(normalizing)))],
    ]),
    `inflating and normalising takes ${fixed(multiple)} times as long as inflating; wasm memory ${fixed(core.memoryMib)} MiB; its module is compiled and started in ${fixed(startMs)} ms`,
  );

  core.normalize(upload, { keep: true });
  const levels = [undefined, 1, 2, 3, 4, 6].map((level) => {
    const rounds = Array.from({ length: 5 }, () => core.compress(level));
    return { level: level ?? "ours", ms: median(rounds.map(({ ms }) => ms)), bytes: rounds[0].bytes };
  });
  const documents = core.exports.kept();
  print(
    `compressing their documents, ${megabytes(documents)} in batches, in wasm, ours and the library's levels: median of 5`,
    table([
      ["", "ms", "MB/s", "MB left", "ratio"],
      ...levels.map(({ level, ms, bytes: left }) => [level, fixed(ms), fixed(documents / 1000 / ms), fixed(left / 1e6), fixed(documents / left)]),
    ]),
  );
  const encoded = encodings(core, documents);
  return {
    encode_mb_per_s: encoded,
    wasm_mb_per_s: speed(median(normalizing)),
    wasm_inflate_mb_per_s: speed(median(inflating)),
    inflate_multiple: multiple,
    deflate: levels.map(({ level, ms, bytes: left }) => ({ level, mb_per_s: documents / 1000 / ms, ratio: documents / left })),
  };
}

/** What each kind of destination costs to encode for, framing and compression, in turns. */
function encodings(core, documents) {
  const rows = KINDS.map((kind) => ({ kind, rounds: [] }));
  // As above, the first rounds are slower.
  for (let number = -2; number < 5; number += 1) {
    for (const { kind, rounds } of rows) {
      const round = core.encode(kind);
      if (number >= 0) rounds.push(round);
    }
  }
  const speeds = Object.fromEntries(rows.map(({ kind, rounds }) => [kind, documents / 1000 / median(rounds.map(({ ms }) => ms))]));
  print(
    `encoding the same batches for each kind of destination, in wasm: median of 5`,
    table([
      ["", "MB/s of documents", "MB left", "of http's speed"],
      ...rows.map(({ kind, rounds }) => [kind, fixed(speeds[kind]), fixed(rounds[0].bytes / 1e6), fixed(speeds[kind] / speeds.http)]),
    ]),
  );
  const slow = Object.entries(speeds).filter(([, speed]) => speed < speeds.http / 2);
  if (slow.length > 0) throw new Error(`slower than half of http: ${slow.map(([kind]) => kind).join(", ")}`);
  return speeds;
}

/** Inflating and normalising by dataset, in turns: what a table costs for a byte. */
function datasetsInWasm(bytes, { coreRounds }) {
  say("the core in wasm, by dataset");
  const rows = Object.entries(DATASETS).map(([dataset, records]) => ({
    dataset,
    records,
    upload: uploadOfDataset({ dataset, records, seed: SEED }),
    core: new Core(new WebAssembly.Module(bytes), dataset),
    inflating: [],
    normalizing: [],
  }));
  // As above, the first rounds are slower.
  for (let number = -5; number < coreRounds; number += 1) {
    for (const row of rows) {
      const inflated = row.core.inflate(row.upload);
      const normalized = row.core.normalize(row.upload);
      row.plainBytes = inflated.plainBytes;
      if (normalized.records !== row.records) throw new Error(`${row.dataset}: ${normalized.records} of ${row.records} records read`);
      if (number < 0) continue;
      row.inflating.push(inflated.ms);
      row.normalizing.push(normalized.ms);
    }
  }
  const speed = ({ plainBytes, normalizing }) => plainBytes / 1000 / median(normalizing);
  print(
    `the core in wasm under Node, by dataset: ms to inflate and normalise, median (fastest to slowest) of ${coreRounds}`,
    table([
      ["", "records", "bytes a record", "ms", "MB/s of plain NDJSON", "ns a record", "times inflating"],
      ...rows.map((row) => [
        row.dataset,
        row.records,
        Math.round(row.plainBytes / row.records),
        spread(row.normalizing),
        fixed(speed(row)),
        Math.round((median(row.normalizing) * 1e6) / row.records),
        fixed(median(row.normalizing) / median(row.inflating)),
      ]),
    ]),
  );
  return { dataset_mb_per_s: Object.fromEntries(rows.map((row) => [row.dataset, speed(row)])) };
}

/** What rules cost on `http_requests`, in turns: the sets of core/src/rules.rs. */
function rulesInWasm(bytes, { coreRounds }) {
  say("the core in wasm, with rules");
  const records = DATASETS.http_requests;
  const upload = uploadOfDataset({ dataset: "http_requests", records, seed: SEED });
  const rows = ["without rules", "ten rules", "ten rules, two of them change fields", "one rule that drops all"].map((name, rules) => ({
    name,
    core: new Core(new WebAssembly.Module(bytes), "http_requests", { rules }),
    ms: [],
  }));
  const inflating = [];
  for (let number = -5; number < coreRounds; number += 1) {
    const inflated = rows[0].core.inflate(upload);
    if (number >= 0) inflating.push(inflated.ms);
    for (const row of rows) {
      const normalized = row.core.normalize(upload);
      if (normalized.records !== records) throw new Error(`${row.name}: ${normalized.records} of ${records} records read`);
      if (number >= 0) row.ms.push(normalized.ms);
    }
  }
  const without = median(rows[0].ms);
  print(
    `rules on ${records} records of http_requests, in wasm: ms to inflate and normalise, median (fastest to slowest) of ${coreRounds}`,
    table([
      ["", "ms", "times without rules", "beyond inflating"],
      ...rows.map(({ name, ms }) => [name, spread(ms), fixed(median(ms) / without), fixed((median(ms) - median(inflating)) / (without - median(inflating)))]),
    ]),
  );
  return { rules_multiple: Object.fromEntries(rows.slice(1).map(({ name, ms }) => [name, median(ms) / without])) };
}

/** What the decryption of a payload of a WAF rule costs: the same records with the key and without it, in turns. */
function matchedDataInWasm(bytes, { coreRounds }) {
  say("the core in wasm, decrypting payloads");
  const records = 1_000;
  const payload = JSON.stringify({ "http.request.uri.query": { Before: "id=", Content: "1 OR 1=1", After: "&x" } });
  const lines = Array.from({ length: records }, (_, number) =>
    JSON.stringify({ Action: "block", Datetime: 1_767_225_600_000_000_000 + number, Metadata: { encrypted_matched_data: seal(payload) } }),
  );
  const upload = gzipSync(`${lines.join("\n")}\n`);
  const rows = [false, true].map((decrypts) => ({
    core: new Core(new WebAssembly.Module(bytes), "firewall_events", { decrypts }),
    ms: [],
  }));
  for (let number = -5; number < coreRounds; number += 1) {
    for (const { core, ms } of rows) {
      const normalized = core.normalize(upload);
      if (normalized.records !== records) throw new Error(`${normalized.records} of ${records} records read`);
      if (number >= 0) ms.push(normalized.ms);
    }
  }
  const [without, decrypting] = rows.map(({ ms }) => median(ms));
  const micros = ((decrypting - without) * 1000) / records;
  print(`decrypting the payloads of WAF rules, in wasm, ${records} records of one each, median of ${coreRounds}`, [
    `${fixed(micros)} us a payload: ${fixed(decrypting)} ms with the key, ${fixed(without)} ms without it`,
  ]);
  return { decrypt_us: micros };
}

/** An upload of so many records of 28 fields, as Logpush sends it when it has a backlog. */
async function largeUpload(records) {
  say(`generating an upload of ${records} records`);
  const chunks = [];
  for await (const chunk of gzipChunks({ records, seed: SEED, sparse: true })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Whether a record costs the same in an upload of any size. */
async function flatness(bytes, sizes, largest) {
  say("cost per record, by size of the upload");
  const core = new Core(new WebAssembly.Module(bytes));
  const rows = sizes.map((records) => ({
    records,
    upload: records === sizes.at(-1) ? largest : uploadOf({ records, seed: SEED, sparse: true }),
    nanos: [],
  }));
  // The sizes take turns, so that a busy moment of the machine is not that of one size alone.
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { records, upload, nanos } of rows) {
      const rounds = Math.max(1, Math.round(RECORDS_A_TURN / records));
      for (let number = 0; number < rounds; number += 1) nanos.push((core.normalize(upload).ms * 1e6) / records);
    }
  }
  print(
    "the core in wasm, records of 28 fields: ns for a record, by size of the upload",
    table([
      ["records", "median (fastest to slowest)", "rounds"],
      ...rows.map(({ records, nanos }) => [records, spread(nanos), nanos.length]),
    ]),
    `wasm memory after all of them ${fixed(core.memoryMib)} MiB`,
  );
  return { ns_per_record: Object.fromEntries(rows.map(({ records, nanos }) => [records, median(nanos)])) };
}

/** The largest upload through our Worker, with delivery: what memory it takes. */
async function oneIsolate(dir, records, upload) {
  const { startInWorkerd, startSink } = await import("./workerd.mjs");
  say(`${records} records through one isolate`);
  const sink = await startSink();
  const worker = await startInWorkerd({
    modules: ourModules(dir),
    vars: {
      DESTINATION: "sekoia",
      SEKOIA_INTAKE_URL: sink.url,
      SEKOIA_INTAKE_KEY: "key-of-the-benchmark",
      INTAKE_TIMEOUT_MS: "120000",
    },
  });
  const { ms, answer, log } = await worker.push(upload);
  const arrived = await sink.take();
  if (arrived.events !== records || answer.records !== records) {
    throw new Error(`${answer.records} of ${records} records read, ${arrived.events} arrived`);
  }
  const line = await log();
  const mib = line.wasm_memory_bytes / 2 ** 20;
  print(
    `${records} records through one isolate, with delivery`,
    [
      `${megabytes(upload.length)} gzip, ${megabytes(line.bytes_plain)} plain, ${megabytes(line.bytes_documents)} of documents, ${megabytes(line.bytes_sent)} sent`,
      `${fixed(ms / 1000)} s, ${fixed((ms * 1e6) / records)} ns a record; wasm memory ${fixed(mib)} MiB, process ${fixed(worker.peakResidentMib() ?? NaN)} MiB resident at most`,
    ],
  );
  await worker.stop();
  sink.stop();
  return { peak_wasm_mib: mib, one_isolate_records: records, one_isolate_s: ms / 1000 };
}

/** The core as a native program, in time and, where valgrind is there, in instructions. */
async function native(program) {
  say("the core natively");
  const files = [2_000, 4_000, 20_000].map((records) => {
    const path = join(root, `target/bench/${records}.ndjson.gz`);
    writeFileSync(path, uploadOf({ records, seed: SEED }));
    return { records, path };
  });
  const { stdout } = await exec(program, [files.at(-1).path]);
  const { records, plain_bytes: plainBytes, inflate_ns: inflateNs, normalize_ns: normalizeNs } = JSON.parse(stdout);
  const counts = await Promise.all(files.slice(0, 2).map(({ path }) => instructions(program, path)));
  const perRecord = counts.every(Number.isFinite) ? (counts[1] - counts[0]) / (files[1].records - files[0].records) : undefined;
  for (const { path } of files) rmSync(path);
  const megabytesPerSecond = (ns) => (plainBytes * 1000) / ns;
  print("the core natively, fastest of 15", [
    `inflate ${fixed(inflateNs / 1e6)} ms, ${fixed(megabytesPerSecond(inflateNs))} MB/s; inflate and normalise ${fixed(normalizeNs / 1e6)} ms, ${fixed(megabytesPerSecond(normalizeNs))} MB/s, ${fixed(normalizeNs / records)} ns a record`,
    perRecord ? `${Math.round(perRecord)} instructions a record, by callgrind` : "instructions a record: not counted, valgrind is not installed",
  ]);
  return { native_mb_per_s: megabytesPerSecond(normalizeNs), ...(perRecord && { instructions_per_record: Math.round(perRecord) }) };
}

/** Instructions of one run, or NaN without valgrind. */
async function instructions(program, path) {
  try {
    const { stderr } = await exec("valgrind", ["--tool=callgrind", "--callgrind-out-file=/dev/null", program, path, "0"]);
    return Number(/Collected : (\d+)/.exec(stderr)?.[1] ?? NaN);
  } catch (error) {
    if (error.code === "ENOENT") return NaN;
    throw error;
  }
}

/** What our Worker adds to the start of workerd, and what is uploaded to Cloudflare. */
async function startUpAndSize(dir) {
  const { startInWorkerd } = await import("./workerd.mjs");
  say("start-up");
  const nothing = [{ type: "ESModule", path: "worker.mjs", contents: 'export default { fetch: () => new Response("ok") };' }];
  const starts = { ours: [], nothing: [] };
  for (let number = 0; number < 5; number += 1) {
    for (const [name, modules] of Object.entries({ ours: ourModules(dir), nothing })) {
      const worker = await startInWorkerd({ modules });
      starts[name].push(worker.startMs);
      await worker.stop();
    }
  }
  const startMs = median(starts.ours) - median(starts.nothing);
  const wasm = readFileSync(join(dir, "index_bg.wasm"));
  const gzipped = gzipSync(wasm, { level: 9 }).length;
  print("our Worker's module", [
    `${(wasm.length / 1000).toFixed(0)} kB, ${(gzipped / 1000).toFixed(0)} kB gzipped`,
    `start of workerd to the first answer: ${spread(starts.ours)} ms, with a Worker of one line ${spread(starts.nothing)} ms, of 5: ours adds ${fixed(startMs)} ms`,
  ]);
  return { wasm_bytes: wasm.length, wasm_gzip_bytes: gzipped, start_ms: startMs };
}

function machineShape() {
  const date = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  const system = `${platform()} ${release()} ${arch()}`;
  return `${date}, ${cpus().length} x ${cpus()[0].model.trim()}, ${memory} GiB, ${system}, load average ${fixed(loadavg()[0])} before the start`;
}

function workerdVersion() {
  return JSON.parse(readFileSync(join(root, "node_modules/workerd/package.json"), "utf8")).version;
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function megabytes(bytes) {
  return `${fixed(bytes / 1e6)} MB`;
}

function print(title, lines, last) {
  printed.push([title, ...lines.map((line) => `  ${line}`), ...(last ? [`  ${last}`] : [])].join("\n"));
  process.stdout.write(`\n${printed.at(-1)}\n`);
}

/** Puts what was printed into bench/README.md, in place of the last results. */
function writeResults() {
  const path = join(root, "bench/README.md");
  const [before] = readFileSync(path, "utf8").split(/(?<=^## Results\n)/m);
  writeFileSync(path, `${before}\n\`\`\`text\n${printed.join("\n\n")}\n\`\`\`\n`);
}

/** Numbers to four digits: more would be noise. */
function round(value) {
  if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toPrecision(4));
  if (Array.isArray(value)) return value.map(round);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, round(inner)]));
  return value;
}
