// npm start [-- --port N] [-- --once] [-- --to KIND]: an upload from end to end, on this machine.
// The Worker in workerd, a stand-in for its destination, one sample upload; then it stays up.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { uploadOf } from "../tests/support/generate.mjs";
import { STAND_INS } from "../tests/support/stand_ins.mjs";
import { build, setupBeside } from "./build.mjs";
import { say, size } from "./log.mjs";
import { Stop, interruption, main } from "./run.mjs";
import { freePort, wranglerDev } from "./wrangler-dev.mjs";

/** The quickest to build: what is sent here by hand needs no speed. */
const PROFILE = "start";

const DEFAULT_PORT = 8787;
const HIGHEST_PORT = 65_535;
const SAMPLE_RECORDS = 1_000;
const SAMPLE_SPAN_MS = 60_000;
const DELIVERED_WITHIN_MS = 60_000;
const POLL_MS = 20;
/** Lines of the first request's body that are shown, and how much of each. */
const BODY_LINES = 4;
const LINE_SHOWN = 300;

const USAGE = `npm start [-- OPTIONS]
  --port N   where the Worker listens (${DEFAULT_PORT}, or any free port if that is taken)
  --once     stop after the sample upload
  --to KIND  which destination the stand-in is: ${Object.keys(STAND_INS).join(", ")} (sekoia)`;

await main(import.meta.url, async (args) => {
  const { port, once, to } = options(args);
  const kind = STAND_INS[to];
  const env = await setupBeside({ profile: PROFILE });
  const dir = await build({ env, profile: PROFILE });

  const sample = [];
  let onBatch = (batch) => sample.push(batch);
  const standIn = await kind.start({ onBatch: (batch) => onBatch(batch) });
  try {
    const secret = randomBytes(16).toString("hex");
    const operatorSecret = randomBytes(8).toString("hex");
    const vars = {
      LOGPUSH_SECRET: secret,
      OPERATOR_SECRET: operatorSecret,
      DESTINATION: to,
      SHAPE: "ecs",
      ...kind.vars(standIn),
    };
    say("wrangler dev: starting the Worker");
    const worker = await wranglerDev({ env, dir, port: await choosePort(port), vars });
    try {
      const event = await pushSample(worker.url, secret, sample);
      console.log(firstRequest(standIn));
      await findAgain(kind, standIn, event);
      if (once) return;
      onBatch = showDelivery;
      console.log(nextStep(worker.url, secret, operatorSecret));
      const failed = worker.ended.then(() => Promise.reject(new Stop(`wrangler dev ended: see ${worker.log}`)));
      await Promise.race([interruption(), failed]);
    } finally {
      say("stopping");
      await worker.stop();
    }
  } finally {
    await standIn.close();
  }
});

function options(args) {
  try {
    const { port, once, to } = parseArgs({
      args,
      options: { port: { type: "string" }, once: { type: "boolean" }, to: { type: "string", default: "sekoia" } },
    }).values;
    if (port !== undefined && !(/^\d+$/.test(port) && port <= HIGHEST_PORT))
      throw new Error(`--port ${port}: not a port`);
    if (!Object.hasOwn(STAND_INS, to)) throw new Error(`--to ${to}: there is no such kind with a stand-in`);
    return { port: port && Number(port), once, to };
  } catch (error) {
    throw new Stop(`${error.message}\n${USAGE}`);
  }
}

async function choosePort(wanted) {
  const port = await freePort(wanted ?? DEFAULT_PORT);
  if (port) return port;
  if (wanted) throw new Stop(`Port ${wanted} is taken.\n${USAGE}`);
  return freePort(0);
}

async function pushSample(url, secret, batches) {
  // Of this moment: the status page would warn of events that come months late.
  const body = uploadOf({ records: SAMPLE_RECORDS, seed: 1, from: Date.now() - SAMPLE_SPAN_MS });
  const started = performance.now();
  const answer = await fetch(`${url}/logpush/firewall_events`, {
    method: "POST",
    headers: { "X-Logpush-Secret": secret, "Content-Encoding": "gzip" },
    body,
  });
  const text = (await answer.text()).trim();
  const stored = performance.now() - started;
  // The answer says that the upload is stored; the queue's consumer delivers it afterwards.
  const arrived = () => batches.reduce((sum, batch) => sum + batch.events.length, 0);
  while (answer.ok && arrived() < SAMPLE_RECORDS && performance.now() - started < DELIVERED_WITHIN_MS) await sleep(POLL_MS);
  const delivered = performance.now() - started;
  const events = batches.flatMap((batch) => batch.events);
  if (!answer.ok || events.length !== SAMPLE_RECORDS) {
    throw new Stop(
      `The sample upload failed: ${answer.status} ${text}\n${events.length} of ${SAMPLE_RECORDS} events reached the destination.`,
    );
  }
  const sent = batches.reduce((sum, batch) => sum + batch.bytes, 0);
  console.log(`\nThe first event at the destination:\n\n${JSON.stringify(JSON.parse(events[0]), null, 2)}\n`);
  console.log(`The Worker answered ${answer.status} ${text}`);
  console.log(
    `Sample: ${SAMPLE_RECORDS} records in (${size(body.length)}), ${events.length} events out (${size(sent)}), ` +
      `batches: ${batches.length}; stored in ${stored.toFixed(0)} ms, delivered after ${delivered.toFixed(0)} ms`,
  );
  return JSON.parse(events[0]);
}

/** The first request as it went out, its body decompressed. */
function firstRequest({ requests: [{ method, path, query, headers, text }] }) {
  const lines = text.split("\n");
  const shown = lines.slice(0, BODY_LINES).map((line) => (line.length > LINE_SHOWN ? `${line.slice(0, LINE_SHOWN)}...` : line));
  const rest = lines.length > BODY_LINES ? [`(${lines.length - BODY_LINES} more lines)`] : [];
  const names = Object.keys(headers).filter((name) => !/^(cf-|host$|accept|user-agent|connection)/.test(name));
  return [
    "\nThe first request, its body decompressed:\n",
    `${method} ${path}${query ? `?${query}` : ""}`,
    ...names.map((name) => `${name}: ${headers[name]}`),
    "",
    ...shown,
    ...rest,
  ].join("\n");
}

/** Looks for an event of the sample where it was delivered. */
async function findAgain(kind, standIn, event) {
  const { id } = event.event;
  const { question, total, found } = await kind.find(standIn, id);
  if (total !== SAMPLE_RECORDS || found !== 1) {
    throw new Stop(`${total} of ${SAMPLE_RECORDS} events are found at the destination, ${found} with the id ${id}.`);
  }
  console.log(`\nFound again: ${total} events; of the first one's id, ${found}\n  ${question}`);
}

function nextStep(url, secret, operatorSecret) {
  const record = JSON.stringify({
    Datetime: new Date().toISOString(),
    Action: "block",
    ClientIP: "203.0.113.7",
    ClientRequestHost: "www.example.com",
    ClientRequestPath: "/login",
    RayID: "713d477539b55c29",
  });
  return `
Status page: ${url}/
  Secret to log in with: ${operatorSecret}
  The sample is on it already.

Send a record of your own:

  echo '${record}' |
    curl -sS ${url}/logpush/firewall_events -H 'X-Logpush-Secret: ${secret}' --data-binary @-

Each delivery is one line below. Ctrl-C stops everything and leaves nothing running.
Next, to deploy: npm run setup:cloudflare -- --zone YOUR.ZONE --dataset firewall_events
`;
}

function showDelivery({ events, bytes }) {
  const count = events.length === 1 ? "1 event" : `${events.length} events`;
  console.log(`${new Date().toLocaleTimeString("sv")}  delivery of ${count}, ${size(bytes)}`);
}
