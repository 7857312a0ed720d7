// Host names: without their port, and by their parts.

import { parse } from "tldts";

import { plainAddressOf } from "./address.mjs";

/** The names of a zone repeat from record to record. */
const cache = new Map();
const CACHE_MAX = 1024;

/**
 * The parts of a host: domain and, where it is an address, ip; any, which is one of both; port, registered,
 * subdomain, topLevel; rest, what stands behind it.
 */
export function partsOf(text) {
  let parts = cache.get(text);
  if (parts === undefined) {
    // Texts that are cut out of another are made whole: document.mjs says why.
    parts = JSON.parse(JSON.stringify(split(text)));
    if (cache.size === CACHE_MAX) cache.clear();
    cache.set(text, parts);
  }
  return parts;
}

/** Digits may be missing, and zeros may lead; only an IPv6 literal in brackets has colons before them. */
const WITH_PORT = /^([^:]+|.*\]):0*(\d*)$/s;
/** The dot of the root, behind a label. */
const FINAL_DOT = /[^.\\]\.$/s;
/** What cannot stand in a name. */
const NO_NAME = /["\\:/[\0- ]|^\.|\.\.|^$/;
/** A name has 253 bytes at most: a longer text is taken as it is. */
const LONGEST = 260;
/** What ends host and port. */
const END = /[/?#\\]/;

const ICANN_ONLY = { allowPrivateDomains: false, extractHostname: false, validateHostname: false };

function split(text) {
  const end = text.search(END);
  const rest = end < 0 ? undefined : text.slice(end);
  const authority = end < 0 ? text : text.slice(0, end);
  if (authority.length > LONGEST) return { any: authority.toLowerCase(), domain: authority.toLowerCase(), rest };
  const found = WITH_PORT.exec(authority);
  const name = (found === null ? authority : found[1]).toLowerCase();
  const digits = found === null || found[2] === "" ? undefined : Number(found[2]);
  const port = digits > 65_535 ? undefined : digits;
  const any = FINAL_DOT.test(name) ? name.slice(0, -1) : name;
  if (any === "") return { port, rest };
  const ip = plainAddressOf(/^\[.*\]$/s.test(any) ? any.slice(1, -1) : any);
  if (ip !== undefined) {
    if (!ip.includes(":")) return { any, ip, port, rest };
    return { any: any.startsWith("[") ? `[${ip}]` : ip, ip, port, rest };
  }
  const domain = any;
  if (NO_NAME.test(domain)) return { any, domain, port, rest };
  const { domain: registered, publicSuffix, isIcann, isIp } = parse(domain, ICANN_ONLY);
  if (registered === null || !isIcann || isIp) return { any, domain, port, rest };
  const start = domain.length - registered.length;
  return {
    any,
    domain,
    port,
    registered,
    rest,
    subdomain: start > 1 ? domain.slice(0, start - 1) : undefined,
    topLevel: publicSuffix,
  };
}
