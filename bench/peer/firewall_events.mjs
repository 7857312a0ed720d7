// One Logpush record of `firewall_events` in, one ECS document out: the mapping of
// crates/normalizer/src/mapping/datasets/firewall_events.rs, written for V8.
//
// The document is one object literal of a fixed shape; what is absent is `undefined` in it, which
// JSON.stringify leaves out.

import { timeOf } from "./time.mjs";
import { TYPES } from "./types.mjs";
import { addressOf } from "./url.mjs";
import {
  COUNT,
  HTTP,
  PORT,
  STATUS,
  TLS,
  asNumberOf,
  countryOf,
  hasAny,
  hostOf,
  integerOf,
  ipOf,
  isAbsent,
  keep,
  listOf,
  knownOf,
  present,
  protocolOf,
  takeLeftovers,
  takeNothings,
  textOf,
  timeMessageOf,
} from "./values.mjs";

const CATEGORY = ["network"];
const ECS = { version: "9.4.0" };
/** Where an action is of no known type. */
const INFO = ["info"];
const OBSERVER = { type: "firewall", vendor: "Cloudflare" };
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

/** The event of a record, as JSON text. */
export function eventOf(record, line, arrival, summary) {
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
  const asn = asNumberOf(record.ClientASN, "ClientASN");
  const asnName = textOf(record.ClientASNDescription, "ClientASNDescription");
  const country = countryOf(record.ClientCountry, "ClientCountry");
  const ip = ipOf(record.ClientIP, "ClientIP");
  const host = hostOf(record.ClientRequestHost, "ClientRequestHost");
  const address = host ? record.ClientRequestHost : textOf(record.ClientRequestHost, "ClientRequestHost");
  const userId = textOf(record.FraudUserID, "FraudUserID");
  const http = protocolOf(record.ClientRequestProtocol, "ClientRequestProtocol", HTTP);
  const tls = protocolOf(record.ClientSSLProtocol, "ClientSSLProtocol", TLS);
  const module = textOf(record.Source, "Source");
  const method = textOf(record.ClientRequestMethod, "ClientRequestMethod");
  const bytes = integerOf(record.ClientRequestBytes, "ClientRequestBytes", COUNT);
  const rayId = textOf(record.RayID, "RayID");
  const referrer = textOf(record.ClientRequestReferer, "ClientRequestReferer") ?? referrerOf(record);
  const status = integerOf(record.EdgeResponseStatus, "EdgeResponseStatus", STATUS);
  const path = textOf(record.ClientRequestPath, "ClientRequestPath");
  if (!isQuery(record.ClientRequestQuery)) keep("ClientRequestQuery", record.ClientRequestQuery);
  const scheme = textOf(record.ClientRequestScheme, "ClientRequestScheme");
  const userAgent = textOf(record.ClientRequestUserAgent, "ClientRequestUserAgent");
  const ruleId = textOf(record.RuleID, "RuleID");
  const ruleDescription = textOf(record.Description, "Description");
  const ruleReference = textOf(record.Ref, "Ref");
  const ruleset = textOf(record.RulesetID, "RulesetID");
  const cipher = knownOf(record.ClientSSLCipher, "ClientSSLCipher");
  const port = integerOf(record.ClientSrcPort, "ClientSrcPort", PORT);
  const url = addressOf({
    target: path,
    query: record.ClientRequestQuery,
    isWhole: record.ClientRequestQuery !== undefined,
    scheme,
    tls: record.ClientSSLProtocol,
    host,
    hostText: record.ClientRequestHost,
  });
  const time = timeOf(record.Datetime, line, DATETIME);
  if (time === undefined) {
    summary.times_from_arrival += 1;
    if (!isAbsent(record.Datetime)) keep("Datetime", record.Datetime);
  }
  const leftovers = takeLeftovers();
  const nothings = takeNothings();
  if (leftovers !== undefined) {
    summary.invalid_values += Object.keys(leftovers).length - nothings;
    for (const name of KEPT_ANYWAY) delete leftovers[name];
    Object.assign(cloudflare, leftovers);
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
      ip: host?.ip,
      port: host?.port,
      registered_domain: host?.registered,
      subdomain: host?.subdomain,
      top_level_domain: host?.topLevel,
    },
    ecs: ECS,
    error: time === undefined ? { message: timeMessageOf(record.Datetime, "Datetime") } : undefined,
    event: {
      action,
      category: CATEGORY,
      dataset: "firewall-events",
      kind: "event",
      module: module === undefined ? undefined : moduleOf(module),
      type: action === undefined ? INFO : typeOf(action),
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
    related: relatedOf(ip, host, userId),
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
    url,
    user: userId === undefined ? undefined : { id: userId },
    user_agent: userAgent === undefined ? undefined : { original: userAgent },
  });
}

function relatedOf(ip, host, userId) {
  const ips = listOf(ip, host?.ip);
  const hosts = host?.domain === undefined ? undefined : [host.domain];
  if (ips === undefined && hosts === undefined && userId === undefined) return undefined;
  return { hosts, ip: ips, user: userId === undefined ? undefined : [userId] };
}

/** The field of the event's time, in a line. */
const DATETIME = /"Datetime"\s*:\s*(\d+)/g;

/** What an action means. */
function typeOf(action) {
  return TYPES.get(action) ?? TYPES.get(action.toLowerCase()) ?? INFO;
}

/** Fields that have a place under `cloudflare` whether they convert or not. */
const KEPT_ANYWAY = ["ClientASNDescription", "Source"];

/** Whether the field of the query is absent, or has one. */
function isQuery(value) {
  return isAbsent(value) || (typeof value === "string" && value !== "?");
}

const QUESTION_MARK = 0x3f;

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
  const scheme = record.ClientRefererScheme;
  if (typeof scheme !== "string" || scheme === "") return undefined;
  const path = typeof record.ClientRefererPath === "string" ? record.ClientRefererPath : "";
  const query = typeof record.ClientRefererQuery === "string" ? record.ClientRefererQuery : "";
  const mark = query === "" || query.charCodeAt(0) === QUESTION_MARK ? "" : "?";
  return [scheme, "://", host, path, mark, query].join("");
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
