// A stand-in for the part of Cloudflare's API that Logpush jobs need: it takes what the real one takes,
// refuses what that refuses, in its words, and sends its test to a destination.
//
// Where it is not strict: a destination may be http on this machine, and Workers there stand for hosts.

import { once } from "node:events";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

/** A token that may do everything. */
export const TOKEN = "token-of-the-test-operator-0123456789abc";

export const ZONE = "0123456789abcdef0123456789abcdef";
export const ACCOUNT = "fedcba9876543210fedcba9876543210";

const PREFIX = "/client/v4";
/** The limit of most plans. */
const JOBS_MAX = 4;
const DESTINATION_MAX = 4096;
const FILTER_MAX = 1000;

const TIMESTAMPS = ["unixnano", "unix", "rfc3339", "rfc3339ms", "rfc3339ns"];
const ZERO_TRUST = ["access_requests", "gateway_dns", "gateway_http", "gateway_network"];
const SCHEMES = ["https:", "r2:", "s3:", "gs:", "azure:"];

const isText = (value) => typeof value === "string";
const isBoolean = (value) => typeof value === "boolean";
/** A number in a range, 0 for none, or null. */
const limit = (least, most) => (value) =>
  value === null || value === 0 || (Number.isInteger(value) && value >= least && value <= most);

/** The members of a job that can be sent, and what they may be. */
const JOB_SCHEMA = {
  dataset: isText,
  name: (value) => value === null || (isText(value) && value.length <= 512 && /^[a-zA-Z0-9.-]*$/.test(value)),
  enabled: isBoolean,
  kind: (value) => value === "" || value === "edge",
  destination_conf: (value) => isText(value) && value.length <= DESTINATION_MAX,
  output_options: (value) => value === null || typeof value === "object",
  logpull_options: (value) => value === null || isText(value),
  filter: (value) => value === null || value === "" || isFilter(value),
  frequency: (value) => ["high", "low"].includes(value),
  max_upload_bytes: limit(5_000_000, 1_000_000_000),
  max_upload_records: limit(1_000, 1_000_000),
  max_upload_interval_seconds: limit(30, 300),
  ownership_challenge: isText,
  filter_attack_traffic: isBoolean,
  transformer_id: isText,
};

const OUTPUT_SCHEMA = {
  field_names: (value) => Array.isArray(value) && value.every(isText),
  timestamp_format: (value) => TIMESTAMPS.includes(value),
  output_type: (value) => ["ndjson", "csv"].includes(value),
  sample_rate: (value) => typeof value === "number" && value > 0 && value <= 1,
  "CVE-2021-44228": isBoolean,
  merge_subrequests: isBoolean,
  batch_prefix: isText,
  batch_suffix: isText,
  record_prefix: isText,
  record_suffix: isText,
  record_template: isText,
  record_delimiter: isText,
  field_delimiter: isText,
};

function isFilter(text) {
  if (!isText(text) || Buffer.byteLength(text) > FILTER_MAX) return false;
  try {
    return typeof JSON.parse(text).where === "object";
  } catch {
    return false;
  }
}

/** An answer that is no success. */
export class Refusal extends Error {
  constructor(status, code, message, chain) {
    super(message);
    Object.assign(this, { status, errors: [{ code, message, ...(chain ? { error_chain: chain } : {}) }] });
  }
}

const invalidToken = () => new Refusal(401, 1000, "Invalid API Token");
const unauthenticated = () => new Refusal(403, 10000, "Authentication error");
const unroutable = (path) =>
  new Refusal(404, 7003, `Could not route to ${path}, perhaps your object identifier is invalid?`);
const invalid = (what) => new Refusal(400, 1002, `error parsing input: invalid value for ${what}`);

/**
 * Starts the API.
 * @param {{fields?: Record<string, string[]>}} options `fields`: what the subscription offers of each dataset.
 */
export async function startCloudflare(options = {}) {
  const cloudflare = new Cloudflare(options);
  cloudflare.server.listen(0, "127.0.0.1");
  await once(cloudflare.server, "listening");
  cloudflare.url = `http://127.0.0.1:${cloudflare.server.address().port}${PREFIX}`;
  return cloudflare;
}

class Cloudflare {
  constructor({ fields = { firewall_events: ["Action", "ClientIP", "ClientRequestHost", "Datetime", "RayID"] } }) {
    this.offers = fields;
    this.reset();
    this.server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        this.errors.push(error);
        response.destroy();
      });
    });
  }

  /** As it was in the beginning: one account, one zone, one token, no job. */
  reset() {
    this.fields = structuredClone(this.offers);
    this.zones = [{ id: ZONE, name: "example.com", status: "active", account: { id: ACCOUNT, name: "Example" } }];
    this.tokens = new Map([
      [TOKEN, { permissions: ["Logs Write", "Zone Read", "Zero Trust: PII Read"], scopes: undefined }],
    ]);
    /** How many jobs a dataset may have, where that is not the limit of all. */
    this.quota = {};
    this.jobs = [];
    this.lastId = 1000;
    /** Every request: method, path, body. */
    this.requests = [];
    /** What else there is at the API: `({method, path, query, text})` to a result, or undefined. */
    this.more = undefined;
    this.uploads = 0;
    this.faults = [];
    /** Failures of the stand-in itself: a test that ends with any is no proof. */
    this.errors = [];
  }

  /** Answers the next request that `when({method, path})` agrees to as told, whatever it is. */
  fault({ status, body, headers = {}, when = () => true }) {
    this.faults.push({ status, body, headers, when });
  }

  /** The requests that change something. */
  get changes() {
    return this.requests.filter(({ method, path }) => method !== "GET" && !path.includes("/validate/"));
  }

  /** A job that is there, however it came. */
  addJob(job, scope = `zones/${ZONE}`) {
    const added = { ...blankJob(), id: (this.lastId += 1), ...job, scope };
    this.jobs.push(added);
    return added;
  }

  job(id) {
    return this.jobs.find((job) => job.id === id);
  }

  /** Delivers an upload as Logpush does, and has the job tell what came of it. */
  async deliver(id, body) {
    const job = this.job(id);
    if (!job.enabled) return undefined;
    const { url, headers } = destinationOf(job.destination_conf);
    const answer = await fetch(url, { method: "POST", body: gzipSync(body), headers, redirect: "manual" });
    const words = await answer.text();
    const now = new Date().toISOString();
    Object.assign(
      job,
      answer.ok
        ? { last_complete: now, last_error: null, error_message: null }
        : {
            last_error: now,
            error_message: `error ${answer.status}: error pushing: error uploading to https: ${answer.status} ${words}`,
          },
    );
    return { status: answer.status, text: words };
  }

  async close() {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  async #serve(request, response) {
    const url = new URL(request.url, "http://api");
    const path = url.pathname.slice(PREFIX.length);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const seen = { method: request.method, path, query: url.search, headers: request.headers, text };
    this.requests.push(seen);
    const fault = this.faults.find(({ when }) => when(seen));
    if (fault) {
      this.faults.splice(this.faults.indexOf(fault), 1);
      const body = isText(fault.body) ? fault.body : JSON.stringify(fault.body);
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers }).end(body);
      return;
    }
    try {
      if (!url.pathname.startsWith(`${PREFIX}/`)) throw new Refusal(404, 7000, "No route for that URI");
      const token = this.#authenticate(request.headers);
      const { result, info, raw } = await this.#answer(seen, url.searchParams, token);
      const envelope = raw ?? { errors: [], messages: [], success: true, result, ...(info ? { result_info: info } : {}) };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(envelope));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const envelope = { errors: error.errors, messages: [], success: false, result: null };
      response.writeHead(error.status, { "content-type": "application/json" }).end(JSON.stringify(envelope));
    }
  }

  #authenticate(headers) {
    const bearer = /^Bearer ([\w.-]{38,})$/.exec(headers.authorization ?? "");
    if (!bearer) {
      const chain = [{ code: 6111, message: "Invalid format for Authorization header" }];
      throw new Refusal(400, 6003, "Invalid request headers", chain);
    }
    const token = this.tokens.get(bearer[1]);
    if (!token) throw invalidToken();
    return token;
  }

  async #answer({ method, path, text }, query, token) {
    const more = this.more?.({ method, path, query, text });
    if (more !== undefined) return more?.raw ? more : { result: more };
    if (path === "/zones") return this.#listZones(query, token);
    const zone = /^\/zones\/([^/]+)$/.exec(path);
    if (zone && method === "GET") return { result: this.#zone(zone[1], token, path) };
    const logpush = /^\/(zones|accounts)\/([^/]+)\/logpush\/(.+)$/.exec(path);
    if (!logpush) throw new Refusal(404, 7000, "No route for that URI");
    const [, kind, id, rest] = logpush;
    if (!this.#exists(kind, id)) throw unroutable(path);
    if (!token.permissions.includes("Logs Write")) throw unauthenticated();
    if (token.scopes && !token.scopes.includes(id)) throw unauthenticated();
    const body = this.#body(method, text, rest);
    return { result: await this.#logpush({ method, scope: `${kind}/${id}`, rest, body, token }) };
  }

  #body(method, text, rest) {
    if (!["POST", "PUT"].includes(method)) return undefined;
    try {
      const body = JSON.parse(text);
      if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
    } catch {
      // Told below.
    }
    throw invalid(`the body of ${rest}`);
  }

  #exists(kind, id) {
    return kind === "zones"
      ? this.zones.some((zone) => zone.id === id)
      : this.zones.some(({ account }) => account.id === id);
  }

  #zone(id, token, path) {
    if (!token.permissions.includes("Zone Read")) throw unauthenticated();
    const zone = this.zones.find((candidate) => candidate.id === id);
    if (!zone) throw unroutable(path);
    return zone;
  }

  #listZones(query, token) {
    if (!token.permissions.includes("Zone Read")) throw new Refusal(403, 9109, "Unauthorized to access requested resource");
    const perPage = Number(query.get("per_page") ?? 20);
    const page = Number(query.get("page") ?? 1);
    if (!(perPage >= 5 && perPage <= 50)) throw invalid("per_page");
    const found = this.zones.filter(
      ({ name, status }) =>
        name === (query.get("name") ?? name) && status === (query.get("status") ?? status),
    );
    const result = found.slice((page - 1) * perPage, page * perPage);
    const pages = Math.ceil(found.length / perPage);
    const info = { page, per_page: perPage, count: result.length, total_count: found.length, total_pages: pages };
    return { result, info };
  }

  async #logpush({ method, scope, rest, body, token }) {
    const here = this.jobs.filter((job) => job.scope === scope);
    const dataset = /^datasets\/(\w+)\/(fields|jobs)$/.exec(rest);
    if (dataset && method === "GET") {
      this.#mayRead(dataset[1], token);
      if (dataset[2] === "jobs") return here.filter((job) => job.dataset === dataset[1]).map(shown);
      const fields = this.#fieldsOf(dataset[1]);
      return Object.fromEntries(fields.map((name) => [name, `string; the ${name} of the event`]));
    }
    if (rest === "validate/destination" && method === "POST") {
      try {
        await this.#testDestination(body.destination_conf);
        return { valid: true, message: "" };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { valid: false, message: error.message };
      }
    }
    if (rest === "jobs" && method === "GET") {
      for (const job of here) this.#mayRead(job.dataset, token);
      return here.map(shown);
    }
    if (rest === "jobs" && method === "POST") return this.#create(scope, here, body, token);
    const id = /^jobs\/(\d+)$/.exec(rest)?.[1];
    if (!id) throw new Refusal(405, 10405, "Method not allowed for this authentication scheme");
    const job = here.find((candidate) => candidate.id === Number(id));
    if (!job) throw new Refusal(404, 1002, "job not found");
    this.#mayRead(job.dataset, token);
    if (method === "GET") return shown(job);
    if (method === "PUT") return this.#update(job, body);
    if (method === "DELETE") {
      this.jobs.splice(this.jobs.indexOf(job), 1);
      return {};
    }
    throw new Refusal(405, 10405, "Method not allowed for this authentication scheme");
  }

  #mayRead(dataset, token) {
    if (ZERO_TRUST.includes(dataset) && !token.permissions.includes("Zero Trust: PII Read")) {
      throw new Refusal(403, 1004, `reading job for product '${dataset}' is not allowed`);
    }
  }

  #fieldsOf(dataset) {
    const fields = this.fields[dataset];
    if (!fields) throw new Refusal(404, 1002, `unknown dataset ${dataset}`);
    return fields;
  }

  async #create(scope, here, body, token) {
    check(body, JOB_SCHEMA, "");
    if (!isText(body.destination_conf)) throw invalid("destination_conf");
    const dataset = body.dataset ?? "http_requests";
    this.#mayRead(dataset, token);
    this.#checkOutput(dataset, body.output_options);
    const most = this.quota[dataset] ?? JOBS_MAX;
    if (here.length >= most) {
      throw new Refusal(403, 1004, `creating a new job (for ${dataset} dataset) is not allowed: exceeded max jobs allowed`);
    }
    await this.#testDestination(body.destination_conf);
    const { scope: _, ...job } = this.addJob({ ...body, dataset }, scope);
    return job;
  }

  async #update(job, body) {
    check(body, JOB_SCHEMA, "");
    for (const fixed of ["dataset", "kind"]) {
      if (fixed in body && body[fixed] !== job[fixed]) throw new Refusal(400, 1002, `${fixed} is immutable`);
    }
    this.#checkOutput(job.dataset, body.output_options);
    if ("destination_conf" in body && body.destination_conf !== job.destination_conf) {
      await this.#testDestination(body.destination_conf);
    }
    // What is sent replaces what was there, output options as a whole.
    Object.assign(job, body);
    return shown(job);
  }

  #checkOutput(dataset, options) {
    if (!options) return;
    check(options, OUTPUT_SCHEMA, "output_options.");
    const fields = this.#fieldsOf(dataset);
    const unknown = (options.field_names ?? []).filter((name) => !fields.includes(name));
    if (unknown.length > 0) {
      throw new Refusal(403, 1004, `creating a new job is not allowed: ${unknown.join(", ")} fields are not allowed`);
    }
  }

  /** Uploads Cloudflare's test, with the headers that the destination asks for. */
  async #testDestination(text) {
    const failed = (words) => new Refusal(400, 1002, `error validating destination: ${words}`);
    if (!isText(text) || text.length > DESTINATION_MAX) throw failed("invalid destination_conf");
    let url;
    try {
      url = new URL(text);
    } catch {
      throw failed("invalid destination_conf");
    }
    const isLocal = url.protocol === "http:" && url.hostname === "127.0.0.1";
    if (!SCHEMES.includes(url.protocol) && !isLocal) throw failed(`unsupported scheme ${url.protocol}`);
    if (!isLocal && url.protocol !== "https:") {
      if (url.protocol === "r2:") {
        for (const name of ["account-id", "access-key-id", "secret-access-key"]) {
          if (!url.searchParams.get(name)) throw failed(`missing ${name}`);
        }
      }
      return;
    }
    this.uploads += 1;
    const uploading = "error writing object: error uploading to https:";
    let answer;
    try {
      const { url: target, headers } = destinationOf(text);
      const body = gzipSync('{"content":"tests"}');
      answer = await fetch(target, { method: "POST", body, headers, redirect: "manual" });
    } catch (error) {
      throw failed(`${uploading} ${error.cause?.code ?? "failed"}: no such host`);
    }
    const words = await answer.text();
    if (!answer.ok) throw failed(`${uploading} status:${answer.status} ${words}`);
  }
}

/** The URL of a destination, and the headers that are told in it. */
function destinationOf(text) {
  const url = new URL(text);
  const headers = { "content-type": "text/plain", "content-encoding": "gzip" };
  for (const [name, value] of [...url.searchParams]) {
    if (!name.startsWith("header_")) continue;
    headers[name.slice("header_".length).toLowerCase()] = value;
    url.searchParams.delete(name);
  }
  return { url, headers };
}

function blankJob() {
  return {
    dataset: "firewall_events",
    name: null,
    enabled: false,
    kind: "",
    destination_conf: "",
    output_options: null,
    logpull_options: null,
    max_upload_bytes: null,
    max_upload_records: null,
    max_upload_interval_seconds: null,
    last_complete: null,
    last_error: null,
    error_message: null,
  };
}

function shown({ scope: _, ...job }) {
  return job;
}

/** Refuses a member that the schema does not have, or a value that it does not allow. */
function check(value, schema, path) {
  for (const [name, member] of Object.entries(value)) {
    if (!schema[name]?.(member)) throw invalid(`${path}${name}`);
  }
}
