// One Logpush record of `firewall_events` in, one ECS document out: the mapping of
// crates/normalizer/src/datasets/firewall_events.rs, written for V8.
//
// The document is one object literal of a fixed shape; what is absent is `undefined` in it, which
// JSON.stringify leaves out. A text that is cut out of another or put together is made whole with
// `join`: V8's fast JSON.stringify gives up on a whole document for one text that is not.

import { COUNTRIES } from "logpush-ecs:countries";

import { addressIsValid } from "./address.mjs";
import { partsOf } from "./host.mjs";
import { timeOf } from "./time.mjs";

const CATEGORY = ["network"];
const ECS = { version: "9.4.0" };
const OBSERVER = { type: "firewall", vendor: "Cloudflare" };
const ALLOWED = ["allowed"];
const DENIED = ["denied"];
const END = ["end"];
const INFO = ["info"];

const TYPES = new Map([
  ["allow", ALLOWED],
  ["bypass", ALLOWED],
  ["skip", ALLOWED],
  ["challengesolved", ALLOWED],
  ["challengebypassed", ALLOWED],
  ["jschallengesolved", ALLOWED],
  ["jschallengebypassed", ALLOWED],
  ["managedchallengeskipped", ALLOWED],
  ["managedchallengenoninteractivesolved", ALLOWED],
  ["managedchallengeinteractivesolved", ALLOWED],
  ["managedchallengebypassed", ALLOWED],
  ["block", DENIED],
  ["challengefailed", DENIED],
  ["jschallengefailed", DENIED],
  ["managedchallengefailed", DENIED],
  ["connectionclose", END],
  ["forceconnectionclose", END],
]);

/** Names that a record may have for a field beside Cloudflare's. */
const OTHER_NAMES = {
  clientASNDescription: "ClientASNDescription",
  matchIndex: "MatchIndex",
  metadata: "Metadata",
  source: "Source",
};

const FIELDS = new Set([
  "AISecurityCustomTopicCategories",
  "AISecurityInjectionScore",
  "AISecurityPIICategories",
  "AISecurityTokenCount",
  "AISecurityUnsafeTopicCategories",
  "Action",
  "ClientASN",
  "ClientASNDescription",
  "ClientCountry",
  "ClientIP",
  "ClientIPClass",
  "ClientRefererHost",
  "ClientRefererPath",
  "ClientRefererQuery",
  "ClientRefererScheme",
  "ClientRequestHost",
  "ClientRequestMethod",
  "ClientRequestPath",
  "ClientRequestProtocol",
  "ClientRequestQuery",
  "ClientRequestScheme",
  "ClientRequestUserAgent",
  "ContentScanObjResults",
  "ContentScanObjSizes",
  "ContentScanObjTypes",
  "Datetime",
  "Description",
  "EdgeColoCode",
  "EdgeResponseStatus",
  "FirewallForAIInjectionScore",
  "FirewallForAIPIICategories",
  "FirewallForAITokenCount",
  "FirewallForAIUnsafeTopicCategories",
  "FraudUserID",
  "Kind",
  "LeakedCredentialCheckResult",
  "MatchIndex",
  "Metadata",
  "OriginResponseStatus",
  "OriginatorRayID",
  "RayID",
  "Ref",
  "RuleID",
  "Source",
  "WAFRequestSignatureCategories",
  "WAFRequestSignatureRefs",
  "ZoneName",
  "ClientRequestBytes",
  "ClientRequestReferer",
  "ClientSSLCipher",
  "ClientSSLProtocol",
  "ClientSrcPort",
  "RulesetID",
]);

/** Counters of one upload, for its log line. */
export function newSummary() {
  return { records: 0, errors: 0, invalid_values: 0, times_from_arrival: 0, unknown_fields: {} };
}

/** The document of a line, as JSON text. */
export function documentOf(line, arrival, summary) {
  summary.records += 1;
  let record;
  try {
    record = JSON.parse(line);
  } catch (error) {
    return failureOf(error.message, line, arrival, summary);
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return failureOf("not an object", line, arrival, summary);
  }
  return eventOf(record, line, arrival, summary);
}

/** The document of a line that is no record. */
export function failureOf(reason, line, arrival, summary) {
  summary.errors += 1;
  const original = line.trim();
  const cut = original.length > ORIGINAL_MAX;
  return JSON.stringify({
    "@timestamp": arrival,
    ecs: ECS,
    error: { message: `not a JSON object: ${reason}` },
    event: { dataset: "firewall-events", kind: "pipeline_error", original: cut ? original.slice(0, ORIGINAL_MAX) : original },
    labels: cut ? { truncated: "event.original" } : undefined,
    observer: { vendor: "Cloudflare" },
    tags: cut ? ["truncated"] : undefined,
  });
}

const ORIGINAL_MAX = 32_768;

function eventOf(record, line, arrival, summary) {
  let unknown;
  for (const name in record) {
    if (!FIELDS.has(name)) unknown = unknownOf(unknown, name, record, summary);
  }

  const cloudflare = {
    AISecurityCustomTopicCategories: present(record.AISecurityCustomTopicCategories),
    AISecurityInjectionScore: present(record.AISecurityInjectionScore),
    AISecurityPIICategories: present(record.AISecurityPIICategories),
    AISecurityTokenCount: present(record.AISecurityTokenCount),
    AISecurityUnsafeTopicCategories: present(record.AISecurityUnsafeTopicCategories),
    ClientIPClass: present(record.ClientIPClass),
    ClientRefererHost: present(record.ClientRefererHost),
    ClientRefererPath: present(record.ClientRefererPath),
    ClientRefererQuery: present(record.ClientRefererQuery),
    ClientRefererScheme: present(record.ClientRefererScheme),
    ContentScanObjResults: present(record.ContentScanObjResults),
    ContentScanObjSizes: present(record.ContentScanObjSizes),
    ContentScanObjTypes: present(record.ContentScanObjTypes),
    EdgeColoCode: present(record.EdgeColoCode),
    EdgeResponseStatus: present(record.EdgeResponseStatus),
    FirewallForAIInjectionScore: present(record.FirewallForAIInjectionScore),
    FirewallForAIPIICategories: present(record.FirewallForAIPIICategories),
    FirewallForAITokenCount: present(record.FirewallForAITokenCount),
    FirewallForAIUnsafeTopicCategories: present(record.FirewallForAIUnsafeTopicCategories),
    FraudUserID: present(record.FraudUserID),
    Kind: present(record.Kind),
    LeakedCredentialCheckResult: present(record.LeakedCredentialCheckResult),
    OriginResponseStatus: present(record.OriginResponseStatus),
    OriginatorRayID: present(record.OriginatorRayID),
    RayID: present(record.RayID),
    WAFRequestSignatureCategories: present(record.WAFRequestSignatureCategories),
    WAFRequestSignatureRefs: present(record.WAFRequestSignatureRefs),
    ZoneName: present(record.ZoneName),
    clientASNDescription: present(record.ClientASNDescription),
    matchIndex: present(record.MatchIndex),
    metadata: present(record.Metadata),
    source: present(record.Source),
  };
  const action = textOf(record.Action, "Action");
  const asn = integerOf(record.ClientASN, "ClientASN");
  const asnName = textOf(record.ClientASNDescription, "ClientASNDescription");
  const country = countryOf(record.ClientCountry);
  const ip = addressOf(record.ClientIP);
  const host = hostOf(record.ClientRequestHost);
  const address = host ? record.ClientRequestHost : textOf(record.ClientRequestHost, "ClientRequestHost");
  const http = protocolOf(record.ClientRequestProtocol, "ClientRequestProtocol", HTTP);
  const tls = protocolOf(record.ClientSSLProtocol, "ClientSSLProtocol", TLS);
  const module = textOf(record.Source, "Source");
  const method = textOf(record.ClientRequestMethod, "ClientRequestMethod");
  const bytes = integerOf(record.ClientRequestBytes, "ClientRequestBytes");
  const rayId = textOf(record.RayID, "RayID");
  const referrer = textOf(record.ClientRequestReferer, "ClientRequestReferer") ?? referrerOf(record);
  const status = integerOf(record.EdgeResponseStatus, "EdgeResponseStatus");
  const path = textOf(record.ClientRequestPath, "ClientRequestPath");
  const query = queryOf(record.ClientRequestQuery);
  const scheme = textOf(record.ClientRequestScheme, "ClientRequestScheme");
  const userAgent = textOf(record.ClientRequestUserAgent, "ClientRequestUserAgent");
  const ruleId = textOf(record.RuleID, "RuleID");
  const ruleDescription = textOf(record.Description, "Description");
  const ruleReference = textOf(record.Ref, "Ref");
  const ruleset = textOf(record.RulesetID, "RulesetID");
  const cipher = textOf(record.ClientSSLCipher, "ClientSSLCipher");
  const port = integerOf(record.ClientSrcPort, "ClientSrcPort");
  const time = timeOf(record.Datetime, line);
  if (time === undefined) {
    summary.times_from_arrival += 1;
    if (!isAbsent(record.Datetime)) keep("Datetime", record.Datetime);
  }
  if (leftovers !== undefined) {
    summary.invalid_values += Object.keys(leftovers).length;
    for (const name of KEPT_ANYWAY) delete leftovers[name];
    Object.assign(cloudflare, leftovers);
    leftovers = undefined;
  }
  if (unknown !== undefined) Object.assign(cloudflare, unknown);

  const hasRequest = method !== undefined || rayId !== undefined || referrer !== undefined || bytes !== undefined;
  const hasRule =
    ruleId !== undefined || ruleDescription !== undefined || ruleReference !== undefined || ruleset !== undefined;
  const hasAs = asn !== undefined || asnName !== undefined;
  return JSON.stringify({
    "@timestamp": time ?? arrival,
    cloudflare: hasAny(cloudflare) ? cloudflare : undefined,
    destination: address === undefined ? undefined : {
      address,
      domain: host?.domain,
      port: host?.port,
      registered_domain: host?.registered,
      subdomain: host?.subdomain,
      top_level_domain: host?.topLevel,
    },
    ecs: ECS,
    error: time === undefined ? { message: timeMessageOf(record) } : undefined,
    event: {
      action,
      category: CATEGORY,
      dataset: "firewall-events",
      kind: "event",
      module: module === undefined ? undefined : moduleOf(module),
      type: action === undefined ? undefined : (TYPES.get(action) ?? TYPES.get(action.toLowerCase()) ?? INFO),
    },
    http:
      http !== undefined || status !== undefined || hasRequest
        ? {
            request: hasRequest ? { bytes, id: rayId, method, referrer } : undefined,
            response: status === undefined ? undefined : { status_code: status },
            version: http?.version,
          }
        : undefined,
    network: http && { protocol: http.name },
    observer: OBSERVER,
    related:
      ip !== undefined || host !== undefined
        ? { hosts: host && [host.domain], ip: ip === undefined ? undefined : [ip] }
        : undefined,
    rule: hasRule
      ? { description: ruleDescription, id: ruleId, reference: ruleReference, ruleset }
      : undefined,
    source:
      ip !== undefined || hasAs || country !== undefined || port !== undefined
        ? {
            address: ip,
            as: hasAs ? { number: asn, organization: asnName === undefined ? undefined : { name: asnName } } : undefined,
            geo: country,
            ip,
            port,
          }
        : undefined,
    tags: time === undefined ? ["time_from_arrival"] : undefined,
    tls:
      tls !== undefined || cipher !== undefined
        ? { cipher, version: tls?.version, version_protocol: tls?.name }
        : undefined,
    url:
      host !== undefined || path !== undefined || query !== undefined || scheme !== undefined
        ? {
            domain: host?.domain,
            path,
            port: host?.port,
            query,
            registered_domain: host?.registered,
            scheme,
            subdomain: host?.subdomain,
            top_level_domain: host?.topLevel,
          }
        : undefined,
    user_agent: userAgent === undefined ? undefined : { original: userAgent },
  });
}

/** A value, or undefined where Cloudflare says "none". */
function present(value) {
  return value === "" || value === null ? undefined : value;
}

function isAbsent(value) {
  return value === undefined || value === null || value === "";
}

/** What the record that is being read has and its fields cannot take, kept as it came. */
let leftovers;

function keep(name, value) {
  leftovers ??= {};
  leftovers[name] = value;
  return undefined;
}

/** Fields that have a place under `cloudflare` whether they convert or not. */
const KEPT_ANYWAY = ["ClientASNDescription", "Source"];

function textOf(value, name) {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? keep(name, value) : String(value);
}

function integerOf(value, name) {
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? value : keep(name, value);
  if (isAbsent(value)) return undefined;
  return typeof value === "string" && INTEGER.test(value) ? Number(value) : keep(name, value);
}

const INTEGER = /^-?(?:0|[1-9]\d{0,18})$/;

function addressOf(value) {
  if (isAbsent(value)) return undefined;
  return typeof value === "string" && addressIsValid(value) ? value : keep("ClientIP", value);
}

function hostOf(value) {
  if (isAbsent(value)) return undefined;
  return typeof value === "string" ? partsOf(value) : keep("ClientRequestHost", value);
}

function queryOf(value) {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string" || value === "?") return keep("ClientRequestQuery", value);
  return value.charCodeAt(0) === QUESTION_MARK ? [value[1], value.slice(2)].join("") : value;
}

const QUESTION_MARK = 0x3f;

/** The `source.geo` of a code. */
function countryOf(value) {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string") return keep("ClientCountry", value);
  return countries.get(value) ?? countries.get(value.toUpperCase()) ?? keep("ClientCountry", value);
}

/** By code in upper case and, as Logpush has it, in lower case. */
const countries = new Map(
  COUNTRIES.flatMap(([code, name]) => {
    const geo = { country_iso_code: code, country_name: name };
    return [
      [code, geo],
      [code.toLowerCase(), geo],
    ];
  }),
);

/** Name and version of a protocol; `known` holds those that came before. */
function protocolOf(value, name, known) {
  if (isAbsent(value)) return undefined;
  const protocol = known.protocols.get(value);
  if (protocol !== undefined) return protocol;
  const found = typeof value === "string" ? known.form.exec(value) : null;
  if (found === null) return keep(name, value);
  // Only digits and the case of letters vary: there are few.
  known.protocols.set(value, { name: found[1].toLowerCase(), version: found[2] });
  return known.protocols.get(value);
}

const HTTP = { form: /^(http)\/(\d(?:\.\d)?)$/i, protocols: new Map() };
const TLS = { form: /^(tls|ssl)v(\d(?:\.\d)?)$/i, protocols: new Map() };

function moduleOf(source) {
  let module = modules.get(source);
  if (module === undefined) {
    module = ["cloudflare.", source].join("");
    if (modules.size < MODULES_MAX) modules.set(source, module);
  }
  return module;
}

const modules = new Map();
/** Cloudflare has some 25 sources. */
const MODULES_MAX = 100;

/** The referrer, of the four fields that Logpush sends it in. */
function referrerOf(record) {
  const host = record.ClientRefererHost;
  if (typeof host !== "string" || host === "") return undefined;
  const scheme = typeof record.ClientRefererScheme === "string" ? record.ClientRefererScheme : "";
  const path = typeof record.ClientRefererPath === "string" ? record.ClientRefererPath : "";
  const query = typeof record.ClientRefererQuery === "string" ? record.ClientRefererQuery : "";
  const mark = query === "" || query.charCodeAt(0) === QUESTION_MARK ? "" : "?";
  return [scheme, scheme === "" ? "//" : "://", host, path, mark, query].join("");
}

/** Takes a field that the table does not have into account. */
function unknownOf(unknown, name, record, summary) {
  const field = OTHER_NAMES[name];
  if (field !== undefined && present(record[field]) === undefined) {
    record[field] = record[name];
    return unknown;
  }
  summary.unknown_fields[name] = (summary.unknown_fields[name] ?? 0) + 1;
  const value = present(record[name]);
  if (value === undefined) return unknown;
  return { ...unknown, [field === undefined ? name : `${name}_`]: value };
}

function timeMessageOf(record) {
  const value = record.Datetime;
  if (isAbsent(value)) return "Datetime is missing: the upload's arrival stands in";
  const shown = typeof value === "object" ? "a list or an object" : JSON.stringify(value).slice(0, 64);
  return `Datetime is no readable time: ${shown}; the upload's arrival stands in`;
}

function hasAny(object) {
  for (const name in object) if (object[name] !== undefined) return true;
  return false;
}
