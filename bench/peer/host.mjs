// Host names: without their port, and by their parts.

import { parse } from "tldts";

/** The names of a zone repeat from record to record. */
const cache = new Map();
const CACHE_MAX = 1024;

/** The parts of `ClientRequestHost`: domain, port, registered, subdomain, topLevel. */
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

/** A port has no leading zero; only an IPv6 literal in brackets can have one behind its colons. */
const WITH_PORT = /^([^:]+|.*\]):([1-9]\d{0,4})$/s;
/** The dot of the root, behind a label. */
const FINAL_DOT = /[^.\\]\.$/s;
/** What cannot stand in a name. */
const NO_NAME = /["\\:/[\0- ]|^\.|\.\.|^$/;
/** A name has 253 bytes at most: a longer text is taken as it is. */
const LONGEST = 260;

const ICANN_ONLY = { allowPrivateDomains: false, extractHostname: false, validateHostname: false };

function split(text) {
  if (text.length > LONGEST) return { domain: text };
  const found = WITH_PORT.exec(text);
  const name = found === null ? text : found[1];
  const domain = FINAL_DOT.test(name) ? name.slice(0, -1) : name;
  const port = found === null ? undefined : Number(found[2]);
  if (NO_NAME.test(domain)) return { domain, port };
  const { domain: registered, publicSuffix, isIcann, isIp } = parse(domain.toLowerCase(), ICANN_ONLY);
  if (registered === null || !isIcann || isIp) return { domain, port };
  // The library answers in lower case: the parts keep the case they came in.
  const start = domain.length - registered.length;
  return {
    domain,
    port,
    registered: domain.slice(start),
    subdomain: start > 1 ? domain.slice(0, start - 1) : undefined,
    topLevel: domain.slice(domain.length - publicSuffix.length),
  };
}
