// One Logpush record of `http_requests` in, one ECS document out: the mapping of
// crates/normalizer/src/mapping/datasets/http_requests.rs, written for V8 as firewall_events.mjs is.

import { COUNTRIES } from "logpush-ecs:countries";

import { partsOf } from "./host.mjs";
import { nanosBetween, timeOf } from "./time.mjs";
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
  hashOf,
  hostOf,
  integerOf,
  ipOf,
  isAbsent,
  keep,
  knownOf,
  listOf,
  present,
  protocolOf,
  takeLeftovers,
  takeNothings,
  textOf,
  timeMessageOf,
} from "./values.mjs";

const CATEGORY = ["web", "network"];
const ECS = { version: "9.4.0" };

const COUNTRY_CODES = new Set(COUNTRIES.map(([code]) => code));

/** What an action means, beside that there was a request. */
const ACCESS = ["access"];
const TYPES_OF_ACCESS = new Map(Array.from(TYPES, ([action, types]) => [action, [...types, ...ACCESS]]));
const OTHER_ACTION = ["info", ...ACCESS];

const TRANSPORTS = new Map([
  ["HTTP/1.0", "tcp"],
  ["HTTP/1.1", "tcp"],
  ["HTTP/2", "tcp"],
  ["HTTP/2.0", "tcp"],
  ["HTTP/3", "udp"],
  ["HTTP/3.0", "udp"],
  ["HTTP 1.0", "tcp"],
  ["HTTP 1.1", "tcp"],
  ["HTTP 2", "tcp"],
  ["HTTP 2.0", "tcp"],
  ["HTTP 3", "udp"],
  ["HTTP 3.0", "udp"],
]);

const CURVES = new Map([
  ["P-256", "secp256r1"],
  ["P-384", "secp384r1"],
  ["P-521", "secp521r1"],
  ["X25519", "x25519"],
  ["X448", "x448"],
  ["X25519MLKEM768", "X25519MLKEM768"],
  ["X25519Kyber768Draft00", "X25519Kyber768Draft00"],
]);

const FIELDS = new Set([
  "AISecurityCustomTopicCategories",
  "AISecurityInjectionScore",
  "AISecurityPIICategories",
  "AISecurityTokenCount",
  "AISecurityUnsafeTopicCategories",
  "BotDetectionIDs",
  "BotDetectionTags",
  "BotScore",
  "BotScoreSrc",
  "BotTags",
  "CacheCacheStatus",
  "CacheLockWaitedMs",
  "CacheReserveUsed",
  "CacheResponseBytes",
  "CacheResponseStatus",
  "CacheTieredFill",
  "ClientASN",
  "ClientCity",
  "ClientCountry",
  "ClientDeviceType",
  "ClientIP",
  "ClientIPClass",
  "ClientLatitude",
  "ClientLongitude",
  "ClientMTLSAuthCertFingerprint",
  "ClientMTLSAuthStatus",
  "ClientRegionCode",
  "ClientRequestBytes",
  "ClientRequestHost",
  "ClientRequestMethod",
  "ClientRequestPath",
  "ClientRequestProtocol",
  "ClientRequestReferer",
  "ClientRequestScheme",
  "ClientRequestSource",
  "ClientRequestURI",
  "ClientRequestUserAgent",
  "ClientSSLCipher",
  "ClientSSLProtocol",
  "ClientSrcPort",
  "ClientTCPRTTMs",
  "ClientTLSKeyExchangeGroup",
  "ClientXRequestedWith",
  "ContentScanObjResults",
  "ContentScanObjSizes",
  "ContentScanObjTypes",
  "Cookies",
  "EdgeCFConnectingO2O",
  "EdgeColoCode",
  "EdgeColoID",
  "EdgeEndTimestamp",
  "EdgePathingOp",
  "EdgePathingSrc",
  "EdgePathingStatus",
  "EdgeRequestHost",
  "EdgeResponseBodyBytes",
  "EdgeResponseBytes",
  "EdgeResponseCompressionRatio",
  "EdgeResponseContentType",
  "EdgeResponseStatus",
  "EdgeServerIP",
  "EdgeStartTimestamp",
  "EdgeTimeToFirstByteMs",
  "FirewallForAIInjectionScore",
  "FirewallForAIPIICategories",
  "FirewallForAITokenCount",
  "FirewallForAIUnsafeTopicCategories",
  "FraudAttack",
  "FraudDetectionIDs",
  "FraudDetectionTags",
  "FraudEmailRisk",
  "FraudUserID",
  "JA3Hash",
  "JA4",
  "JA4Signals",
  "JSDetectionPassed",
  "LeakedCredentialCheckResult",
  "MatchedRules",
  "OriginDNSResponseTimeMs",
  "OriginIP",
  "OriginRequestHeaderSendDurationMs",
  "OriginResponseBytes",
  "OriginResponseDurationMs",
  "OriginResponseHTTPExpires",
  "OriginResponseHTTPLastModified",
  "OriginResponseHeaderReceiveDurationMs",
  "OriginResponseStatus",
  "OriginResponseTime",
  "OriginSSLProtocol",
  "OriginTCPHandshakeDurationMs",
  "OriginTLSHandshakeDurationMs",
  "ParentRayID",
  "PayPerCrawlStatus",
  "RayID",
  "RequestHeaders",
  "ResponseHeaders",
  "SecurityAction",
  "SecurityActions",
  "SecurityRuleDescription",
  "SecurityRuleID",
  "SecurityRuleIDs",
  "SecuritySources",
  "SmartRouteColoID",
  "Subrequests",
  "UpperTierColoID",
  "VerifiedBotCategory",
  "WAFAttackScore",
  "WAFFlags",
  "WAFMatchedVar",
  "WAFRCEAttackScore",
  "WAFRequestSignatureCategories",
  "WAFRequestSignatureRefs",
  "WAFSQLiAttackScore",
  "WAFXSSAttackScore",
  "WebAssetsLabelsManaged",
  "WebAssetsOperationID",
  "WorkerCPUTime",
  "WorkerScriptName",
  "WorkerStatus",
  "WorkerSubrequest",
  "WorkerSubrequestCount",
  "WorkerWallTimeUs",
  "ZoneName",
  "EdgeRateLimitAction",
  "EdgeRateLimitID",
  "SecurityLevel",
  "WAFAction",
  "WAFProfile",
  "WAFRuleID",
  "WAFRuleMessage",
  "ZoneID",
]);

/** The event of a record, as JSON text. */
export function eventOf(record, line, arrival, summary) {
  let unknown;
  for (const name in record) {
    if (FIELDS.has(name)) continue;
    summary.unknown_fields[name] = (summary.unknown_fields[name] ?? 0) + 1;
    const value = present(record[name]);
    if (value !== undefined) unknown = { ...unknown, [name]: value };
  }

  const cloudflare = {
    AISecurityCustomTopicCategories: present(record.AISecurityCustomTopicCategories),
    AISecurityInjectionScore: present(record.AISecurityInjectionScore),
    AISecurityPIICategories: present(record.AISecurityPIICategories),
    AISecurityTokenCount: present(record.AISecurityTokenCount),
    AISecurityUnsafeTopicCategories: present(record.AISecurityUnsafeTopicCategories),
    BotDetectionIDs: present(record.BotDetectionIDs),
    BotDetectionTags: present(record.BotDetectionTags),
    BotScore: present(record.BotScore),
    BotScoreSrc: present(record.BotScoreSrc),
    BotTags: present(record.BotTags),
    CacheCacheStatus: present(record.CacheCacheStatus),
    CacheLockWaitedMs: present(record.CacheLockWaitedMs),
    CacheReserveUsed: present(record.CacheReserveUsed),
    CacheResponseBytes: present(record.CacheResponseBytes),
    CacheResponseStatus: present(record.CacheResponseStatus),
    CacheTieredFill: present(record.CacheTieredFill),
    ClientDeviceType: present(record.ClientDeviceType),
    ClientIPClass: present(record.ClientIPClass),
    ClientLatitude: present(record.ClientLatitude),
    ClientLongitude: present(record.ClientLongitude),
    ClientMTLSAuthStatus: present(record.ClientMTLSAuthStatus),
    ClientRegionCode: present(record.ClientRegionCode),
    ClientRequestSource: present(record.ClientRequestSource),
    ClientTCPRTTMs: present(record.ClientTCPRTTMs),
    ClientTLSKeyExchangeGroup: present(record.ClientTLSKeyExchangeGroup),
    ClientXRequestedWith: present(record.ClientXRequestedWith),
    ContentScanObjResults: present(record.ContentScanObjResults),
    ContentScanObjSizes: present(record.ContentScanObjSizes),
    ContentScanObjTypes: present(record.ContentScanObjTypes),
    Cookies: isAbsent(record.Cookies) ? undefined : "[masked]",
    EdgeCFConnectingO2O: present(record.EdgeCFConnectingO2O),
    EdgeColoCode: present(record.EdgeColoCode),
    EdgeColoID: present(record.EdgeColoID),
    EdgePathingOp: present(record.EdgePathingOp),
    EdgePathingSrc: present(record.EdgePathingSrc),
    EdgePathingStatus: present(record.EdgePathingStatus),
    EdgeRequestHost: present(record.EdgeRequestHost),
    EdgeResponseCompressionRatio: present(record.EdgeResponseCompressionRatio),
    EdgeResponseContentType: present(record.EdgeResponseContentType),
    EdgeTimeToFirstByteMs: present(record.EdgeTimeToFirstByteMs),
    FirewallForAIInjectionScore: present(record.FirewallForAIInjectionScore),
    FirewallForAIPIICategories: present(record.FirewallForAIPIICategories),
    FirewallForAITokenCount: present(record.FirewallForAITokenCount),
    FirewallForAIUnsafeTopicCategories: present(record.FirewallForAIUnsafeTopicCategories),
    FraudAttack: present(record.FraudAttack),
    FraudDetectionIDs: present(record.FraudDetectionIDs),
    FraudDetectionTags: present(record.FraudDetectionTags),
    FraudEmailRisk: present(record.FraudEmailRisk),
    JA4: present(record.JA4),
    JA4Signals: present(record.JA4Signals),
    JSDetectionPassed: present(record.JSDetectionPassed),
    LeakedCredentialCheckResult: present(record.LeakedCredentialCheckResult),
    MatchedRules: present(record.MatchedRules),
    OriginDNSResponseTimeMs: present(record.OriginDNSResponseTimeMs),
    OriginRequestHeaderSendDurationMs: present(record.OriginRequestHeaderSendDurationMs),
    OriginResponseBytes: present(record.OriginResponseBytes),
    OriginResponseDurationMs: present(record.OriginResponseDurationMs),
    OriginResponseHTTPExpires: present(record.OriginResponseHTTPExpires),
    OriginResponseHTTPLastModified: present(record.OriginResponseHTTPLastModified),
    OriginResponseHeaderReceiveDurationMs: present(record.OriginResponseHeaderReceiveDurationMs),
    OriginResponseStatus: present(record.OriginResponseStatus),
    OriginResponseTime: present(record.OriginResponseTime),
    OriginSSLProtocol: present(record.OriginSSLProtocol),
    OriginTCPHandshakeDurationMs: present(record.OriginTCPHandshakeDurationMs),
    OriginTLSHandshakeDurationMs: present(record.OriginTLSHandshakeDurationMs),
    ParentRayID: present(record.ParentRayID),
    PayPerCrawlStatus: present(record.PayPerCrawlStatus),
    RayID: present(record.RayID),
    RequestHeaders: present(record.RequestHeaders),
    ResponseHeaders: present(record.ResponseHeaders),
    SecurityAction: present(record.SecurityAction),
    SecurityActions: present(record.SecurityActions),
    SecurityRuleIDs: present(record.SecurityRuleIDs),
    SecuritySources: present(record.SecuritySources),
    SmartRouteColoID: present(record.SmartRouteColoID),
    Subrequests: present(record.Subrequests),
    UpperTierColoID: present(record.UpperTierColoID),
    VerifiedBotCategory: present(record.VerifiedBotCategory),
    WAFAttackScore: present(record.WAFAttackScore),
    WAFFlags: present(record.WAFFlags),
    WAFMatchedVar: present(record.WAFMatchedVar),
    WAFRCEAttackScore: present(record.WAFRCEAttackScore),
    WAFRequestSignatureCategories: present(record.WAFRequestSignatureCategories),
    WAFRequestSignatureRefs: present(record.WAFRequestSignatureRefs),
    WAFSQLiAttackScore: present(record.WAFSQLiAttackScore),
    WAFXSSAttackScore: present(record.WAFXSSAttackScore),
    WebAssetsLabelsManaged: present(record.WebAssetsLabelsManaged),
    WebAssetsOperationID: present(record.WebAssetsOperationID),
    WorkerCPUTime: present(record.WorkerCPUTime),
    WorkerScriptName: present(record.WorkerScriptName),
    WorkerStatus: present(record.WorkerStatus),
    WorkerSubrequest: present(record.WorkerSubrequest),
    WorkerSubrequestCount: present(record.WorkerSubrequestCount),
    WorkerWallTimeUs: present(record.WorkerWallTimeUs),
    ZoneName: present(record.ZoneName),
    EdgeRateLimitAction: present(record.EdgeRateLimitAction),
    EdgeRateLimitID: present(record.EdgeRateLimitID),
    SecurityLevel: present(record.SecurityLevel),
    WAFAction: present(record.WAFAction),
    WAFProfile: present(record.WAFProfile),
    ZoneID: present(record.ZoneID),
  };
  const asn = asNumberOf(record.ClientASN, "ClientASN");
  const city = textOf(record.ClientCity, "ClientCity");
  const country = countryOf(record.ClientCountry, "ClientCountry");
  const ip = ipOf(record.ClientIP, "ClientIP");
  const fingerprint = hashOf(record.ClientMTLSAuthCertFingerprint, "ClientMTLSAuthCertFingerprint");
  const bytesIn = integerOf(record.ClientRequestBytes, "ClientRequestBytes", COUNT);
  const host = hostOf(record.ClientRequestHost, "ClientRequestHost");
  const method = textOf(record.ClientRequestMethod, "ClientRequestMethod");
  const http = protocolOf(record.ClientRequestProtocol, "ClientRequestProtocol", HTTP);
  const referrer = textOf(record.ClientRequestReferer, "ClientRequestReferer");
  const scheme = textOf(record.ClientRequestScheme, "ClientRequestScheme");
  const path = textOf(record.ClientRequestPath, "ClientRequestPath");
  const uri = uriOf(record.ClientRequestURI);
  const url = addressOf({
    target: uri ?? path,
    isWhole: uri !== undefined,
    scheme,
    tls: record.ClientSSLProtocol,
    host,
    hostText: record.ClientRequestHost,
  });
  if (path !== undefined && uri !== undefined && url.path !== path) keep("ClientRequestPath", record.ClientRequestPath);
  if (scheme !== undefined && url.scheme?.toLowerCase() !== scheme.toLowerCase()) keep("ClientRequestScheme", record.ClientRequestScheme);
  const userAgent = textOf(record.ClientRequestUserAgent, "ClientRequestUserAgent");
  const cipher = knownOf(record.ClientSSLCipher, "ClientSSLCipher");
  const tls = protocolOf(record.ClientSSLProtocol, "ClientSSLProtocol", TLS);
  const port = integerOf(record.ClientSrcPort, "ClientSrcPort", PORT);
  const curve = CURVES.get(record.ClientTLSKeyExchangeGroup);
  const userId = textOf(record.FraudUserID, "FraudUserID");
  const requestHost = hostOf(record.EdgeRequestHost, "EdgeRequestHost");
  const bodyBytes = integerOf(record.EdgeResponseBodyBytes, "EdgeResponseBodyBytes", COUNT);
  const bytesOut = integerOf(record.EdgeResponseBytes, "EdgeResponseBytes", COUNT);
  const status = integerOf(record.EdgeResponseStatus, "EdgeResponseStatus", STATUS);
  const edgeIp = ipOf(record.EdgeServerIP, "EdgeServerIP");
  const ja3 = hashOf(record.JA3Hash, "JA3Hash");
  const originIp = ipOf(record.OriginIP, "OriginIP");
  const rayId = textOf(record.RayID, "RayID");
  const action = textOf(record.SecurityAction, "SecurityAction")?.toLowerCase();
  const ruleDescription = textOf(record.SecurityRuleDescription, "SecurityRuleDescription");
  const ruleId = textOf(record.SecurityRuleID, "SecurityRuleID");
  const end = timeOf(record.EdgeEndTimestamp, line, EDGE_END);
  if (end === undefined && !isAbsent(record.EdgeEndTimestamp)) keep("EdgeEndTimestamp", record.EdgeEndTimestamp);
  const time = timeOf(record.EdgeStartTimestamp, line, EDGE_START);
  if (time === undefined) {
    summary.times_from_arrival += 1;
    if (!isAbsent(record.EdgeStartTimestamp)) keep("EdgeStartTimestamp", record.EdgeStartTimestamp);
  }
  const leftovers = takeLeftovers();
  const nothings = takeNothings();
  if (leftovers !== undefined) {
    summary.invalid_values += Object.keys(leftovers).length - nothings;
    for (const name of KEPT_ANYWAY) delete leftovers[name];
    Object.assign(cloudflare, leftovers);
  }
  if (unknown !== undefined) Object.assign(cloudflare, unknown);

  const hasRequest = method !== undefined || rayId !== undefined || referrer !== undefined || bytesIn !== undefined;
  const hasBody = bodyBytes !== undefined;
  const hasResponse = status !== undefined || bytesOut !== undefined || hasBody;
  const region = regionOf(record.ClientRegionCode, country);
  const location = locationOf(record.ClientLatitude, record.ClientLongitude);
  const hasGeo = city !== undefined || country !== undefined || region !== undefined || location !== undefined;
  const hashes = listOf(fingerprint?.hash, ja3?.hash);
  // The host of a target that is a whole address.
  const other = url?.domain === undefined || url.domain === host?.any ? undefined : partsOf(url.domain);
  const ips = listOf(ip, edgeIp, originIp, host?.ip, other?.ip, requestHost?.ip);
  const hosts = listOf(host?.domain, other?.domain, requestHost?.domain);
  return JSON.stringify({
    "@timestamp": time ?? arrival,
    cloudflare: hasAny(cloudflare) ? cloudflare : undefined,
    destination:
      host === undefined && originIp === undefined && bytesOut === undefined
        ? undefined
        : {
            address: host === undefined ? originIp : record.ClientRequestHost,
            bytes: bytesOut,
            domain: host?.domain,
            ip: originIp ?? host?.ip,
            port: host?.port,
            registered_domain: host?.registered,
            subdomain: host?.subdomain,
            top_level_domain: host?.topLevel,
          },
    ecs: ECS,
    error: time === undefined ? { message: timeMessageOf(record.EdgeStartTimestamp, "EdgeStartTimestamp") } : undefined,
    event: {
      action,
      category: CATEGORY,
      dataset: "http_requests",
      duration: nanosBetween(time, end),
      end,
      kind: "event",
      module: "cloudflare",
      outcome: status === undefined ? undefined : outcomeOf(status),
      start: time,
      type: typeOf(action, record.SecurityActions),
    },
    http:
      http !== undefined || hasResponse || hasRequest
        ? {
            request: hasRequest ? { bytes: bytesIn, id: rayId, method, referrer } : undefined,
            response: hasResponse ? { body: hasBody ? { bytes: bodyBytes } : undefined, bytes: bytesOut, status_code: status } : undefined,
            version: http?.version,
          }
        : undefined,
    network: networkOf(http, record.ClientRequestProtocol, bytesIn, bytesOut),
    observer: { ip: edgeIp === undefined ? undefined : [edgeIp], type: "proxy", vendor: "Cloudflare" },
    related:
      hashes !== undefined || hosts !== undefined || ips !== undefined || userId !== undefined
        ? { hash: hashes, hosts, ip: ips, user: userId === undefined ? undefined : [userId] }
        : undefined,
    rule: ruleId !== undefined || ruleDescription !== undefined ? { description: ruleDescription, id: ruleId } : undefined,
    source:
      ip !== undefined || asn !== undefined || hasGeo || port !== undefined || bytesIn !== undefined
        ? {
            address: ip,
            as: asn === undefined ? undefined : { number: asn },
            bytes: bytesIn,
            geo: hasGeo
              ? {
                  city_name: city,
                  country_iso_code: country?.country_iso_code,
                  country_name: country?.country_name,
                  location,
                  region_iso_code: region,
                }
              : undefined,
            ip,
            port,
          }
        : undefined,
    tags: time === undefined ? ["time_from_arrival"] : undefined,
    tls:
      tls !== undefined || cipher !== undefined || curve !== undefined || hashes !== undefined
        ? {
            cipher,
            client:
              hashes === undefined
                ? undefined
                : {
                    hash: fingerprint && { [fingerprint.algorithm]: fingerprint.hash },
                    ja3: ja3?.algorithm === "md5" ? ja3.hash : undefined,
                  },
            curve,
            version: tls?.version,
            version_protocol: tls?.name,
          }
        : undefined,
    url,
    user: userId === undefined ? undefined : { id: userId },
    user_agent: userAgent === undefined ? undefined : { original: userAgent },
  });
}

/** Fields of times, in a line. */
const EDGE_END = /"EdgeEndTimestamp"\s*:\s*(\d+)/g;
const EDGE_START = /"EdgeStartTimestamp"\s*:\s*(\d+)/g;

/** Fields that have a place under `cloudflare` whether they convert or not. */
const KEPT_ANYWAY = ["EdgeRequestHost", "RayID", "SecurityAction"];

function uriOf(value) {
  if (isAbsent(value)) return undefined;
  return typeof value === "string" ? value : keep("ClientRequestURI", value);
}

/** What the action means; a list of actions says only whether one of them denied the request. */
function typeOf(action, actions) {
  const types = action === undefined ? ACCESS : (TYPES_OF_ACCESS.get(action) ?? OTHER_ACTION);
  const isDenied = Array.isArray(actions) && actions.some((each) => typeof each === "string" && TYPES.get(each.toLowerCase())?.[0] === "denied");
  return isDenied && !types.includes("denied") ? [...types.slice(0, -1), "denied", "access"] : types;
}

/** `US-CA` as it is, `TX` behind the code of its country. */
function regionOf(value, country) {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const code = String(value).toUpperCase();
  if (WHOLE_REGION.test(code)) return COUNTRY_CODES.has(code.slice(0, 2)) ? code : undefined;
  return country !== undefined && REGION.test(code) ? [country.country_iso_code, "-", code].join("") : undefined;
}

const WHOLE_REGION = /^[A-Z]{2}-[A-Z\d]{1,3}$/;
const REGION = /^[A-Z\d]{1,3}$/;

function locationOf(latitude, longitude) {
  const lat = degreesOf(latitude, 90);
  const lon = degreesOf(longitude, 180);
  return lat === undefined || lon === undefined ? undefined : { lat, lon };
}

function degreesOf(value, max) {
  const isNumber = typeof value === "number" || (typeof value === "string" && JSON_NUMBER.test(value));
  return isNumber && Math.abs(Number(value)) <= max ? Number(value) : undefined;
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function outcomeOf(status) {
  if (status >= 100 && status < 400) return "success";
  return status >= 400 && status < 1000 ? "failure" : undefined;
}

function networkOf(http, protocol, bytesIn, bytesOut) {
  const bytes = bytesIn === undefined && bytesOut === undefined ? undefined : (bytesIn ?? 0) + (bytesOut ?? 0);
  if (http === undefined && bytes === undefined) return undefined;
  return { bytes, protocol: http?.name, transport: TRANSPORTS.get(protocol) };
}
