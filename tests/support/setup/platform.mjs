// A stand-in for what wrangler manages at Cloudflare: sign-in, buckets, queues, Workers with their
// secrets. A Worker that is deployed here runs, in workerd, with its real bindings.
//
// It takes the commands that wrangler of the pinned version takes, and refuses others as that does;
// a test holds COMMANDS against wrangler's own help.

import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Miniflare } from "miniflare";

import { ACCOUNT, TOKEN } from "../cloudflare.mjs";
import { Logs, workerOptions } from "../worker.mjs";

const PROGRAM = fileURLToPath(new URL("wrangler.mjs", import.meta.url));
const SHIM = fileURLToPath(new URL("shim.mjs", import.meta.url));
const PROJECT = fileURLToPath(new URL("../../../wrangler.toml", import.meta.url));

/** Each command with its positional arguments and its options, true for one that has a value. */
export const COMMANDS = {
  whoami: { positionals: 0, options: { json: false } },
  "r2 bucket info": { positionals: 1, options: { json: false, jurisdiction: true } },
  "r2 bucket create": { positionals: 1, options: { jurisdiction: true } },
  "r2 bucket notification create": { positionals: 1, options: { "event-type": true, queue: true, prefix: true, jurisdiction: true } },
  "queues info": { positionals: 1, options: {} },
  "queues create": { positionals: 1, options: {} },
  "secret list": { positionals: 0, options: {} },
  "secret put": { positionals: 1, options: {} },
  deploy: { positionals: 0, options: {} },
};

/** What wrangler prints, and ends with 1. */
class Refusal extends Error {}

/** Starts the platform, with a program `wrangler` in `bin`. */
export async function startPlatform() {
  const platform = new Platform();
  await platform.start();
  return platform;
}

class Platform {
  constructor() {
    this.reset();
    this.logs = new Logs();
    this.server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request.setEncoding("utf8")) text += chunk;
      response.end(JSON.stringify(this.#call(JSON.parse(text))));
    });
  }

  /** As it was in the beginning: somebody is signed in, and nothing is there. */
  reset() {
    this.isLoggedIn = true;
    this.accounts = [{ id: ACCOUNT, name: "Example" }];
    this.buckets = new Set();
    this.queues = new Set();
    /** The Worker: its secrets, and its vars once it is deployed. */
    this.worker = undefined;
    /** Every call: args, stdin, env. */
    this.calls = [];
    /** What the real wrangler has asked for. */
    this.api = [];
    /** `(call) => "..."`: the words of a failure, before anything is done. */
    this.fault = () => undefined;
    /** Called with each call, before it is answered and after. */
    this.onCall = () => {};
    this.onAnswer = () => {};
  }

  async start() {
    this.dir = mkdtempSync(join(tmpdir(), "logpush-ecs-platform-"));
    this.bin = join(this.dir, "bin");
    mkdirSync(this.bin);
    const program = join(this.bin, "wrangler");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`);
    chmodSync(program, 0o755);
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    this.miniflare = new Miniflare({
      handleStructuredLogs: (entry) => this.logs.add(entry.message),
      workers: [
        workerOptions("worker", SHIM, {}, {
          r2Buckets: { UPLOADS: "logpush-ecs" },
          queueProducers: { WORK: { queueName: "logpush-ecs" } },
          queueConsumers: { "logpush-ecs": { maxBatchSize: 1, maxBatchTimeout: 0, maxRetries: 100 } },
          durableObjects: { LEDGER: { className: "Ledger", useSQLite: true } },
          serviceBindings: { TEST: () => this.#environment() },
        }),
      ],
    });
    this.workerUrl = (await this.miniflare.unsafeGetDirectURL("worker")).origin;
  }

  async stop() {
    await this.miniflare.dispose();
    this.server.close();
    this.server.closeAllConnections();
    rmSync(this.dir, { recursive: true });
  }

  /** A new clone: a directory with the project's wrangler.toml, delivering to `intake`, and soon again. */
  clone(intake) {
    const clone = mkdtempSync(join(this.dir, "clone-"));
    const project = readFileSync(PROJECT, "utf8");
    const vars = `SEKOIA_INTAKE_URL = "${intake.url}"\nREDELIVERY_BASE_SECONDS = "1"`;
    const own = project.replace(/^SEKOIA_INTAKE_URL = ".*"$/m, vars);
    writeFileSync(join(clone, "wrangler.toml"), own);
    return clone;
  }

  /** What a command that calls wrangler needs in its environment. */
  variables() {
    return { PATH: `${this.bin}:${process.env.PATH}`, WRANGLER_STAND_IN: this.url };
  }

  /** The calls that were to change something, and did. */
  get changes() {
    const changing = this.calls.filter(({ args, done }) => done && /\b(create|put|deploy)\b/.test(args.join(" ")));
    return changing.map(({ args }) => args.join(" "));
  }

  #environment() {
    if (!this.worker?.vars) return new Response("", { status: 404 });
    return Response.json({ ...this.worker.vars, ...Object.fromEntries(this.worker.secrets) });
  }

  #call(call) {
    this.calls.push(call);
    this.onCall(call);
    const answer = { code: 0, stdout: "", stderr: "", output: undefined };
    try {
      const fault = this.fault(call);
      if (fault) throw new Refusal(fault);
      const { command, positionals, options } = parse(call.args);
      Object.assign(answer, this.#run(command, positionals, options, call));
      call.done = true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer.code = 1;
      if (error.message.startsWith("{")) answer.stdout = `${error.message}\n`;
      else answer.stderr = `✘ [ERROR] ${error.message}\n\n🪵  Logs were written to "/home/me/.wrangler.log"\n`;
    }
    this.onAnswer(call);
    return answer;
  }

  #run(command, [name], options, { stdin, env, cwd }) {
    const isTokenSound = env.CLOUDFLARE_API_TOKEN === TOKEN;
    const isSignedIn = env.CLOUDFLARE_API_TOKEN ? isTokenSound : this.isLoggedIn;
    if (command === "whoami") {
      if (!isSignedIn) throw new Refusal('{"loggedIn":false}');
      const who = { loggedIn: true, authType: "OAuth Token", email: "me@example.com", accounts: this.accounts };
      return { stdout: JSON.stringify(who, null, 2) };
    }
    if (!isSignedIn) {
      throw new Refusal("In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to work.");
    }
    if (this.accounts.length > 1 && !env.CLOUDFLARE_ACCOUNT_ID) {
      throw new Refusal("More than one account available but unable to select one in non-interactive mode.");
    }
    switch (command) {
      case "r2 bucket info":
        if (!this.buckets.has(name)) throw new Refusal("A request to the Cloudflare API failed. The specified bucket does not exist. [code: 10006]");
        return { stdout: JSON.stringify({ name, object_count: "0" }) };
      case "r2 bucket create":
        if (this.buckets.has(name)) throw new Refusal("A request to the Cloudflare API failed. The bucket you tried to create already exists, and you own it. [code: 10004]");
        this.buckets.add(name);
        return { stdout: `Creating bucket '${name}'...\n✅ Created bucket '${name}' with default storage class of Standard.` };
      case "r2 bucket notification create":
        if (!this.buckets.has(name)) throw new Refusal("A request to the Cloudflare API failed. The specified bucket does not exist. [code: 10006]");
        if (!this.queues.has(options.queue)) throw new Refusal(`Queue "${options.queue}" does not exist. To create it, run: wrangler queues create ${options.queue}`);
        return { stdout: "Creating event notification rule for object creation and update (PutObject,CompleteMultipartUpload,CopyObject)\nEvent notification rule created successfully!" };
      case "queues info":
        if (!this.queues.has(name)) throw new Refusal(`Queue "${name}" does not exist. To create it, run: wrangler queues create ${name}`);
        return { stdout: `Queue Name: ${name}` };
      case "queues create":
        if (this.queues.has(name)) throw new Refusal(`A request to the Cloudflare API failed. Queue name '${name}' is already taken. Please use a different name and try again. [code: 11009]`);
        this.queues.add(name);
        return { stdout: `🌀 Creating queue '${name}'\n✅ Created queue '${name}'` };
      case "secret list":
        if (!this.worker) throw new Refusal('Worker "logpush-ecs" not found.\n\nIf this is a new Worker, run `wrangler deploy` first to create it.');
        return { stdout: JSON.stringify([...this.worker.secrets.keys()].map((secret) => ({ name: secret, type: "secret_text" })), null, 2) };
      case "secret put":
        // It makes a Worker that does nothing, where there is none.
        this.worker ??= { secrets: new Map() };
        this.worker.secrets.set(name, stdin.trimEnd());
        return { stdout: `🌀 Creating the secret for the Worker "logpush-ecs"\n✨ Success! Uploaded secret ${name}` };
      default:
        return this.#deploy(cwd);
    }
  }

  #deploy(cwd) {
    const project = readFileSync(join(cwd, "wrangler.toml"), "utf8");
    for (const [, queue] of project.matchAll(/^queue = "(.+)"$/gm)) {
      if (!this.queues.has(queue)) throw new Refusal(`Queue "${queue}" does not exist. To create it, run: wrangler queues create ${queue}`);
    }
    for (const [, bucket] of project.matchAll(/^bucket_name = "(.+)"$/gm)) {
      if (!this.buckets.has(bucket)) throw new Refusal(`R2 bucket '${bucket}' not found. [code: 10085]`);
    }
    const [, vars] = project.split(/^\[vars\]$/m);
    const found = [...vars.split(/^\[/m)[0].matchAll(/^(\w+) = "(.*)"$/gm)].map(([, name, value]) => [name, value]);
    this.worker ??= { secrets: new Map() };
    this.worker.vars = Object.fromEntries(found);
    const targets = [this.workerUrl, "schedule: */5 * * * *", "Producer for logpush-ecs", "Consumer for logpush-ecs"];
    const output = { type: "deploy", version: 1, worker_name: "logpush-ecs", targets };
    return { stdout: `Uploaded logpush-ecs\n  ${targets.join("\n  ")}\n`, output };
  }
}

/** Refuses what wrangler refuses: unknown commands and options, and missing or left-over arguments. */
function parse(args) {
  const command = Object.keys(COMMANDS)
    .filter((name) => args.join(" ").startsWith(name))
    .sort((one, other) => other.length - one.length)[0];
  if (!command) throw new Refusal(`Unknown argument: ${args[0]}`);
  const { positionals: count, options: known } = COMMANDS[command];
  const rest = args.slice(command.split(" ").length);
  const [positionals, options] = [[], {}];
  while (rest.length > 0) {
    const word = rest.shift();
    if (!word.startsWith("-")) positionals.push(word);
    else if (!word.startsWith("--") || known[word.slice(2)] === undefined) throw new Refusal(`Unknown argument: ${word}`);
    else options[word.slice(2)] = known[word.slice(2)] ? rest.shift() : true;
  }
  if (positionals.length !== count) throw new Refusal("Not enough non-option arguments, or too many");
  return { command, positionals, options };
}
