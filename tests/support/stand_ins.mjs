// The stand-ins of all kinds of destinations that have one, for whoever takes any of them.

import { API_KEY, items, startElasticsearch } from "./elasticsearch.mjs";
import { INTAKE_KEY, startIntake } from "./intake.mjs";
import { TOKEN, code, startSplunk } from "./splunk.mjs";

/** What any protocol has that answers for a batch as a whole. */
const AS_A_WHOLE = {
  partial: (refuse) => ["partial", { refuse }],
  poison: (refuse) => ["poison", { refuse }],
};

/**
 * By kind: `start(options)`; `vars(standIn)`, by which a Worker delivers there; `find(standIn, id)`: how
 * many events there are, how many of an `event.id`, and how that was asked; and two faults, with their
 * options: `partial(refuse)` takes all but some, which may come again, `poison(refuse)` refuses some for good.
 */
export const STAND_INS = {
  sekoia: {
    ...AS_A_WHOLE,
    start: startIntake,
    vars: ({ url }) => ({ SEKOIA_INTAKE_URL: url, SEKOIA_INTAKE_KEY: INTAKE_KEY }),
    find: findInMemory,
  },
  http: {
    ...AS_A_WHOLE,
    start: startIntake,
    vars: ({ url }) => ({ HTTP_URL: `${url}/sink` }),
    find: findInMemory,
  },
  elasticsearch: {
    start: startElasticsearch,
    vars: ({ url }) => ({ ELASTICSEARCH_URL: url, ELASTICSEARCH_API_KEY: API_KEY }),
    find: findInElasticsearch,
    partial: (refuse) => [items((_, text) => (refuse(text) ? 429 : undefined))],
    poison: (refuse) => [items((_, text) => (refuse(text) ? 400 : undefined))],
  },
  splunk: {
    start: startSplunk,
    vars: ({ url }) => ({ SPLUNK_URL: url, SPLUNK_TOKEN: TOKEN }),
    find: findInMemory,
    partial: () => [code(9)],
    poison: (refuse) => ["partial", { refuse }],
  },
};

/**
 * What a Worker delivers to a stand-in by as a destination of a name: its table in `DESTINATIONS`, and the
 * secrets beside it.
 */
export function destination(name, kind, standIn) {
  const settings = Object.entries(STAND_INS[kind].vars(standIn)).map(([flat, value]) => [flat.slice(kind.length + 1), value]);
  const isSecret = ([setting]) => SECRETS.includes(setting);
  return {
    table: { kind, ...Object.fromEntries(settings.filter((pair) => !isSecret(pair)).map(([setting, value]) => [tableKey(setting), value])) },
    secrets: Object.fromEntries(settings.filter(isSecret).map(([setting, value]) => [`${name.toUpperCase()}_${setting}`, value])),
  };
}

/** Settings of the stand-ins, without their kinds, that are secrets. */
const SECRETS = ["API_KEY", "INTAKE_KEY", "TOKEN"];

/** A setting as a table names it. */
function tableKey(setting) {
  return setting === "INTAKE_URL" ? "url" : setting.toLowerCase();
}

/** Of a stand-in without a search of its own. */
function findInMemory({ events }, id) {
  const found = events.filter(({ document }) => document.event.id === id).length;
  return { question: `in the stand-in's memory: event.id is ${id}`, total: events.length, found };
}

async function findInElasticsearch({ url }, id) {
  const authorization = `ApiKey ${Buffer.from(API_KEY).toString("base64")}`;
  const count = async (query) => {
    const answer = await fetch(`${url}/logs-cloudflare.*/_count${query}`, { headers: { authorization } });
    return (await answer.json()).count;
  };
  const query = `?q=event.id:${id}`;
  return {
    question: `curl -sS '${url}/logs-cloudflare.*/_search${query}' -H 'Authorization: ${authorization}'`,
    total: await count(""),
    found: await count(query),
  };
}
