// A stand-in for an Elasticsearch cluster on loopback, as strict as the real one about _bulk: data
// streams take only `create`, ids are known within a backing index, each document has its own answer.
// From the command line: node tests/support/elasticsearch.mjs --port 9200

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Exchange, Intake } from "./intake.mjs";

/** The key of a cluster that is started without one, as `id:key`. */
export const API_KEY = "stand-in-id:stand-in-key";

/** Elasticsearch's `http.max_content_length`, which counts before and after decompression. */
const BODY_MAX_BYTES = 100 * 1024 * 1024;

/** Elasticsearch's limit of an id. */
const ID_MAX_BYTES = 512;

/** What a name like this is, by Elasticsearch's own templates; others become indices. */
const IS_DATA_STREAM = /^(logs|metrics|traces)-[^-]+-[^-]+$/;

const ACTIONS = ["create", "delete", "index", "update"];

/** What the server says of an item, by its status: type and reason. */
const ITEM_ERRORS = {
  400: ["document_parsing_exception", "[1:25] failed to parse field [source.port] of type [long]"],
  403: ["cluster_block_exception", "index [x] blocked by: [FORBIDDEN/8/index write (api)];"],
  404: ["index_not_found_exception", "no such index [x]"],
  429: ["es_rejected_execution_exception", "rejected execution of coordinating operation"],
  500: ["exception", "something went wrong"],
  503: ["unavailable_shards_exception", "[x][0] primary shard is not active"],
};

/**
 * A fault for `fault()`: the documents for which `rule(document, text)` gives a status, or a status, a
 * type and a reason, are answered with that; all others are taken as usual.
 */
export const items = (rule) => {
  const strike = (exchange) => exchange.accept(() => true, rule);
  return Object.defineProperty(strike, "name", { value: "items" });
};

/**
 * A fault for `fault()`: taken as usual, and answered as a server of another make: in full whatever
 * `filter_path` says, with `index` for `create`, statuses as texts, empty errors, and without `errors`.
 */
export const inFull = (exchange) => {
  exchange.query.delete("filter_path");
  const { answer } = exchange;
  exchange.answer = (status, body) => {
    const { took, items } = JSON.parse(body);
    const others = items.map(({ create }) => ({ index: { error: "", ...create, status: `${create.status}` } }));
    answer.call(exchange, status, JSON.stringify({ took, items: others }), { "content-type": "text/plain" });
  };
  exchange.accept();
};

/** A fault for `fault()`: the whole request fails with a status, in Elasticsearch's words. */
export const whole = (status, type, reason) => (exchange) => {
  const { status: code, body } = failure(status, type, reason);
  exchange.answer(code, body);
};

/**
 * Starts a cluster.
 * @param {{port?: number, apiKey?: string, user?: string, bearer?: string, bodyMax?: number, wrongType?: number,
 *   mapping?: (index: string, document: object) => string | undefined, keep?: boolean, onBatch?: Function}} options
 *   `apiKey` and `user` (`name:password`): what is let in, beside `bearer`; `wrongType`: the status of a wrong
 *   content type, 400 or 406, as of today's versions; `mapping`: says what is wrong
 *   with a document, as `templates()` does
 */
export async function startElasticsearch(options = {}) {
  const cluster = new Cluster(options);
  await cluster.listen(options.port ?? 0);
  return cluster;
}

class Cluster extends Intake {
  constructor({ apiKey = API_KEY, user, bearer, bodyMax = BODY_MAX_BYTES, wrongType = 400, mapping = () => undefined, ...options } = {}) {
    super(options);
    const encoded = (text) => Buffer.from(text).toString("base64");
    this.authorizations = [
      `ApiKey ${encoded(apiKey)}`,
      ...(user ? [`Basic ${encoded(user)}`] : []),
      ...(bearer ? [`Bearer ${bearer}`] : []),
    ];
    Object.assign(this, { bodyMax, mapping, wrongType, streams: new Map() });
    this.#permit();
  }

  exchange(seen, request, response) {
    return new Bulk(this, seen, request, response);
  }

  async reset() {
    await super.reset();
    this.streams.clear();
    this.#permit();
  }

  #permit() {
    /** What the keys may do; undefined where the server has no questions about it. */
    this.privileges = ["create_doc", "auto_configure", "view_index_metadata", "manage_index_templates"];
    /** The index templates that there are, if not all of this project's. */
    this.templates = undefined;
  }

  /** The data stream or index of a name, made when it is first written to. */
  stream(name) {
    if (!this.streams.has(name)) this.streams.set(name, { isDataStream: IS_DATA_STREAM.test(name), backing: [new Map()] });
    return this.streams.get(name);
  }

  /** A new backing index, as by its age or its size: the ids of the old one are not looked at again. */
  rollover(name) {
    this.stream(name).backing.push(new Map());
  }

  /** What is found by a pattern of names: index, id and text of each document. */
  documents(pattern = "*") {
    const matches = new RegExp(`^${pattern.split("*").map(RegExp.escape ?? escaped).join(".*")}$`);
    return [...this.streams]
      .filter(([name]) => matches.test(name))
      .flatMap(([name, { backing }]) => backing.flatMap((index) => [...index].map(([id, text]) => ({ index: name, id, text }))));
  }
}

class Bulk extends Exchange {
  operations = [];

  /** Reads the body into `operations` and `events`; returns the answer for a request that is at fault as a whole. */
  async read() {
    const { text, problem } = await this.body();
    const { headers, method } = this.request;
    this.query = new URLSearchParams(this.request.url.split("?")[1] ?? "");

    if (!this.intake.authorizations.includes(headers.authorization)) {
      return failure(401, "security_exception", "unable to authenticate with provided credentials and anonymous access is not allowed for this action");
    }
    const [, target, api] = /^(?:\/([^/]+))?\/(_[a-z]+)$/.exec(this.route) ?? [];
    if (method === "GET" && ["_search", "_count"].includes(api)) return this.#search(target ?? "*", api);
    const told = method === "GET" || this.route.startsWith("/_security") ? this.#tell(text) : undefined;
    if (told) return told;
    if (api !== "_bulk") return failure(400, "illegal_argument_exception", `no handler found for uri [${this.request.url}] and method [${method}]`);
    if (!["POST", "PUT"].includes(method)) {
      return { status: 405, body: JSON.stringify({ error: `Incorrect HTTP method for uri [${this.request.url}] and method [${method}], allowed: [POST, PUT]`, status: 405 }) };
    }
    const type = headers["content-type"];
    if (!/^application\/(x-ndjson|json|vnd\.elasticsearch\+x-ndjson; *compatible-with=\d)$/.test(type ?? "")) {
      const status = this.intake.wrongType;
      return { status, body: JSON.stringify({ error: `Content-Type header [${type ?? ""}] is not supported`, status }) };
    }
    if (![undefined, "gzip"].includes(headers["content-encoding"])) return failure(400, "parse_exception", "unknown content encoding");
    if (problem) return failure(400, "parse_exception", problem);
    this.seen.text = text;
    if (Math.max(this.seen.bytes, this.seen.plainBytes) > this.intake.bodyMax) return { status: 413, body: "" };
    const refusal = this.#parse(text, target);
    this.seen.offered = this.events.length;
    return refusal;
  }

  /** What the server tells of keys, indices and templates to those who may know; undefined for another path. */
  #tell(text) {
    const { privileges, streams, templates } = this.intake;
    const [, area, name] = /^\/(_security\/_authenticate|_security\/user\/_has_privileges|_resolve\/index|_index_template)(?:\/([^/]+))?$/.exec(this.route) ?? [];
    if (area === undefined || privileges === undefined) return undefined;
    const ok = (answer) => ({ status: 200, body: JSON.stringify(answer) });
    const may = (privilege) => privileges.includes(privilege);
    const denied = (action) => failure(403, "security_exception", `action [${action}] is unauthorized for API key id [stand-in-id]`);
    if (area === "_security/_authenticate") return ok({ username: "logpush-ecs", authentication_type: "api_key" });
    if (area === "_security/user/_has_privileges") {
      const asked = jsonOf(text)?.index ?? [];
      const has = (names) => Object.fromEntries(names.map((privilege) => [privilege, may(privilege)]));
      const index = Object.fromEntries(asked.flatMap((rule) => rule.names.map((found) => [found, has(rule.privileges)])));
      return ok({ username: "logpush-ecs", has_all_requested: asked.every((rule) => rule.privileges.every(may)), cluster: {}, index, application: {} });
    }
    if (area === "_resolve/index") {
      if (!may("view_index_metadata")) return denied("indices:admin/resolve/index");
      if (!streams.has(name)) return failure(404, "index_not_found_exception", `no such index [${name}]`);
      return ok({ indices: [], aliases: [], data_streams: [{ name, timestamp_field: "@timestamp" }] });
    }
    if (!may("manage_index_templates")) return denied("indices:admin/index_template/get");
    const isThere = templates?.includes(name) ?? name?.startsWith("logs-cloudflare.");
    return isThere ? ok({ index_templates: [{ name }] }) : failure(404, "resource_not_found_exception", `index template matching [${name}] not found`);
  }

  /** Takes the lines apart, as the server does before it looks at any document. */
  #parse(text, target) {
    if (text === "") return failure(400, "parse_exception", "request body is required");
    if (!text.endsWith("\n")) {
      return failure(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]");
    }
    const lines = text.slice(0, -1).split("\n");
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines[at];
      if (line === "") continue;
      const malformed = (what) => failure(400, "illegal_argument_exception", `Malformed action/metadata line [${at + 1}], ${what}`);
      const action = jsonOf(line);
      if (action === null || typeof action !== "object" || Array.isArray(action)) return malformed("expected START_OBJECT");
      const [name, ...others] = Object.keys(action);
      if (!ACTIONS.includes(name) || others.length > 0) {
        return malformed(`expected field [create], [delete], [index] or [update] but found [${name}]`);
      }
      const { _index: index = target, _id: id, ...unknown } = action[name];
      for (const key of Object.keys(unknown)) {
        if (!["require_alias", "require_data_stream", "routing", "pipeline", "dynamic_templates", "list_executed_pipelines"].includes(key)) {
          return failure(400, "illegal_argument_exception", `Action/metadata line [${at + 1}] contains an unknown parameter [${key}]`);
        }
      }
      if (index === undefined) return failure(400, "action_request_validation_exception", "Validation Failed: 1: index is missing;");
      if (id === "") return failure(400, "illegal_argument_exception", "if _id is specified it must not be empty");
      if (id !== undefined && Buffer.byteLength(id) > ID_MAX_BYTES) {
        return failure(400, "action_request_validation_exception", `Validation Failed: 1: id [${id}] is too long, must be no longer than 512 bytes but was: ${Buffer.byteLength(id)};`);
      }
      let document;
      if (name !== "delete") {
        at += 1;
        document = lines[at];
        if (document === undefined) return failure(400, "illegal_argument_exception", "Malformed action/metadata line, expected a source behind it");
      }
      this.operations.push({ name, index, id, text: document });
      this.events.push(document ?? "");
    }
    return undefined;
  }

  /** Answers document by document; `rule`: an answer other than what the documents deserve. */
  accept(welcome = () => true, rule = () => undefined) {
    if (this.over) return;
    const stored = [];
    const items = this.operations.map((operation) => {
      const struck = rule(jsonOf(operation.text), operation.text) ?? (welcome(operation.text) ? undefined : 400);
      const [status, type, reason] = [struck ?? this.#write(operation, stored)].flat();
      const [usualType, usualReason] = ITEM_ERRORS[status] ?? [];
      const error = status < 300 ? undefined : { type: type ?? usualType, reason: reason ?? usualReason, index: operation.index };
      return { [operation.name]: { _index: operation.index, _id: operation.id ?? "generated", status, error } };
    });
    if (stored.length > 0) this.intake.accepted(this.seen, stored);
    const errors = items.some((item) => Object.values(item)[0].error);
    const filter = this.query.get("filter_path")?.split(",");
    const whole = JSON.parse(JSON.stringify({ took: 3, errors, items }));
    this.answer(200, JSON.stringify(filter ? (filtered(whole, filter.map((path) => path.split("."))) ?? {}) : whole), {
      "x-elastic-product": "Elasticsearch",
    });
  }

  store(welcome = () => true) {
    const stored = [];
    for (const operation of this.operations) if (welcome(operation.text)) this.#write(operation, stored);
    if (stored.length > 0) this.intake.accepted(this.seen, stored);
    return stored;
  }

  /** Writes a document; the status, or status, type and reason. */
  #write({ name, index, id, text }, stored) {
    if (/[A-Z]/.test(index)) return [400, "invalid_index_name_exception", `Invalid index name [${index}], must be lowercase`];
    if (/[\\/*?"<>| ,#:]/.test(index) || /^[-_+]/.test(index) || Buffer.byteLength(index) > 255) {
      return [400, "invalid_index_name_exception", `Invalid index name [${index}]`];
    }
    const stream = this.intake.stream(index);
    if (stream.isDataStream && name !== "create") {
      return [400, "illegal_argument_exception", "only write ops with an op_type of create are allowed in data streams"];
    }
    const document = jsonOf(text);
    if (document === null || typeof document !== "object" || Array.isArray(document)) {
      return [400, "document_parsing_exception", `[1:1] failed to parse, document is no object`];
    }
    if (stream.isDataStream && typeof document["@timestamp"] !== "string") {
      return [400, "document_parsing_exception", "[1:1] failed to parse: data stream timestamp field [@timestamp] is missing"];
    }
    const problem = this.intake.mapping(index, document);
    if (problem) return [400, "document_parsing_exception", problem];
    const backing = stream.backing.at(-1);
    const key = id ?? `generated-${backing.size}`;
    if (name === "create" && backing.has(key)) {
      return [409, "version_conflict_engine_exception", `[${key}]: version conflict, document already exists (current version [1])`];
    }
    backing.set(key, this.intake.keep ? text : "");
    stored.push(text);
    return 201;
  }

  /** `_count` and `_search` with `q=field:value`: as much as a person needs to find events again. */
  #search(target, api) {
    const [field, value] = /^([^:]+):"?([^"]*)"?$/.exec(this.query.get("q") ?? "")?.slice(1) ?? [];
    const found = this.intake
      .documents(target)
      .map(({ index, id, text }) => ({ _index: index, _id: id, _source: JSON.parse(text) }))
      .filter(({ _source }) => field === undefined || [at(_source, field)].flat().map(String).includes(value));
    const hits = { total: { value: found.length, relation: "eq" }, hits: found.slice(0, Number(this.query.get("size") ?? 10)) };
    return { status: 200, body: JSON.stringify(api === "_count" ? { count: found.length } : { took: 1, timed_out: false, hits }) };
  }
}

/** An answer to a request that fails as a whole. */
function failure(status, type, reason) {
  const cause = { type, reason };
  return { status, body: JSON.stringify({ error: { root_cause: [cause], ...cause }, status }) };
}

/** What `filter_path` leaves of a value; nothing where nothing is left. */
function filtered(value, paths) {
  if (Array.isArray(value)) {
    const left = value.map((element) => filtered(element, paths)).filter((element) => element !== undefined);
    return left.length > 0 ? left : undefined;
  }
  if (paths.some((path) => path.length === 0)) return value;
  if (value === null || typeof value !== "object") return undefined;
  const left = Object.entries(value).flatMap(([name, member]) => {
    const below = paths.filter(([first]) => first === "*" || first === name).map(([, ...rest]) => rest);
    const kept = below.length > 0 ? filtered(member, below) : undefined;
    return kept === undefined ? [] : [[name, kept]];
  });
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

function at(document, field) {
  return field.split(".").reduce((value, name) => value?.[name], document);
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function main() {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "9200" }, key: { type: "string", default: API_KEY } },
  });
  const cluster = await startElasticsearch({
    port: Number(values.port),
    apiKey: values.key,
    onBatch: ({ path, events, bytes, plainBytes }) =>
      console.log(`${path}: ${events.length} events, ${bytes} bytes (${plainBytes} plain)`),
  });
  console.log(`stand-in cluster on ${cluster.url}, API key ${values.key}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
