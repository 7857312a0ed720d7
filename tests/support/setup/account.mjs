// The part of Cloudflare's API that wrangler itself calls, over the state of the stand-in platform: so
// that the pinned wrangler, too, can set everything up here.

import { ACCOUNT, Refusal } from "../cloudflare.mjs";

const QUEUE_ID = "0123456789abcdef0123456789abcdef";
const ROOT = `/accounts/${ACCOUNT}`;
const SCRIPT = `${ROOT}/workers/scripts/logpush-ecs`;

/** Answers a request: its result, `{ raw }` where there is no envelope, or undefined. */
export function account(platform) {
  return ({ method, path, query, text }) => {
    const route = ROUTES.find(([verb, pattern]) => verb.split(" ").includes(method) && matches(pattern, path));
    if (!route) return undefined;
    platform.api.push(`${method} ${path}`);
    return route[2]({ platform, name: path.split("/").at(-1), query, text, method });
  };
}

const matches = (pattern, path) => (pattern.endsWith("/*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern);

const shownQueue = (name) => ({
  queue_id: QUEUE_ID,
  queue_name: name,
  producers: [],
  consumers: [],
  producers_total_count: 0,
  consumers_total_count: 0,
});

/** The vars in a deployment's metadata, which is a part of a multipart body. */
function varsOf(text) {
  const [, metadata] = /name="metadata"\r\n\r\n(.*)\r\n/.exec(text);
  const vars = JSON.parse(metadata).bindings.filter(({ type }) => type === "plain_text");
  return Object.fromEntries(vars.map(({ name, text: value }) => [name, value]));
}

function deploy({ platform, text }) {
  platform.worker ??= { secrets: new Map() };
  platform.worker.vars = varsOf(text);
  return {
    id: "version",
    startup_time_ms: 5,
    metadata: { has_preview: false },
    resources: { script: { etag: "etag", handlers: ["fetch"], named_handlers: [] }, script_runtime: {}, bindings: [] },
  };
}

const needsWorker = (platform) => {
  if (!platform.worker) throw new Refusal(404, 10007, "This Worker does not exist on your account.");
};

/** Methods, path, answer. */
const ROUTES = [
  ["GET", "/user/tokens/verify", () => ({ id: "token", status: "active" })],
  ["GET", "/user", () => ({ id: "user", email: "me@example.com" })],
  ["GET", "/accounts", ({ platform }) => platform.accounts],
  ["GET", "/memberships", ({ platform }) => platform.accounts.map((account) => ({ id: account.id, account }))],
  ["POST", "/graphql", () => ({ raw: { data: { viewer: { accounts: [{ r2StorageAdaptiveGroups: [] }] } }, errors: null } })],
  [
    "GET",
    `${ROOT}/r2/buckets/*`,
    ({ platform, name }) => {
      if (!platform.buckets.has(name)) throw new Refusal(404, 10006, "The specified bucket does not exist.");
      return { name, creation_date: "2026-01-01T00:00:00Z" };
    },
  ],
  [
    "POST",
    `${ROOT}/r2/buckets`,
    ({ platform, text }) => {
      const { name } = JSON.parse(text);
      if (platform.buckets.has(name)) throw new Refusal(409, 10004, "The bucket you tried to create already exists, and you own it.");
      platform.buckets.add(name);
      return { name };
    },
  ],
  [
    "GET",
    `${ROOT}/queues`,
    ({ platform, query }) => [...platform.queues].filter((name) => query.getAll("name").includes(name)).map(shownQueue),
  ],
  [
    "POST",
    `${ROOT}/queues`,
    ({ platform, text }) => {
      const { queue_name: name } = JSON.parse(text);
      if (platform.queues.has(name)) throw new Refusal(409, 11009, `Queue name '${name}' is already taken. Please use a different name and try again.`);
      platform.queues.add(name);
      return shownQueue(name);
    },
  ],
  ["POST", `${ROOT}/queues/${QUEUE_ID}/consumers`, () => ({})],
  [
    "GET",
    `${ROOT}/workers/services/logpush-ecs`,
    ({ platform }) => {
      if (!platform.worker) throw new Refusal(404, 10090, "This service does not exist on your account.");
      const script = { id: "logpush-ecs", last_deployed_from: "wrangler", tag: "tag", tags: [] };
      return { id: "logpush-ecs", default_environment: { environment: "production", script } };
    },
  ],
  ["GET", `${ROOT}/workers/workers/logpush-ecs`, () => ({ id: "logpush-ecs", subdomain: { enabled: true, previews_enabled: true } })],
  ["GET", `${ROOT}/workers/scripts`, ({ platform }) => (platform.worker ? [{ id: "logpush-ecs", migration_tag: "v1" }] : [])],
  ["GET", `${ROOT}/workers/subdomain`, () => ({ subdomain: "me" })],
  ["PUT", SCRIPT, deploy],
  ["POST", `${SCRIPT}/versions`, deploy],
  ["GET POST", `${SCRIPT}/deployments`, ({ method }) => (method === "GET" ? { deployments: [] } : { id: "deployment" })],
  ["GET PATCH", `${SCRIPT}/settings`, () => ({ bindings: [] })],
  ["PATCH", `${SCRIPT}/script-settings`, () => ({})],
  ["GET POST", `${SCRIPT}/subdomain`, () => ({ enabled: true, previews_enabled: true })],
  ["PUT", `${SCRIPT}/schedules`, () => ({ schedules: [] })],
  [
    "GET",
    `${SCRIPT}/secrets`,
    ({ platform }) => {
      needsWorker(platform);
      return [...platform.worker.secrets.keys()].map((name) => ({ name, type: "secret_text" }));
    },
  ],
  [
    "PUT",
    `${SCRIPT}/secrets`,
    ({ platform, text }) => {
      needsWorker(platform);
      const { name, text: value } = JSON.parse(text);
      platform.worker.secrets.set(name, value);
      return { name, type: "secret_text" };
    },
  ],
];
