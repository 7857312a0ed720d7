// The address of a request, of the fields that tell it.

import { partsOf } from "./host.mjs";
import { isAbsent } from "./values.mjs";

/** The parts of a target that is a text: `complete` where it needs neither scheme nor host. */
function targetOf(text) {
  if (text === "*") return { original: text };
  if (text.charCodeAt(0) !== SLASH) {
    const whole = WHOLE.exec(text);
    if (whole !== null) {
      const [, scheme, authority, rest] = whole;
      const host = authority === "" ? undefined : partsOf(authority.slice(authority.lastIndexOf("@") + 1));
      return { complete: true, original: text, full: host && text, scheme, host, ...pathOf(rest, "#") };
    }
    const host = partsOf(text);
    if (!text.includes("?") && host.port !== undefined) {
      return { complete: true, original: text, host, ...pathOf(host.rest ?? "", "#") };
    }
  }
  return { original: text, ...pathOf(text, "") };
}

const SLASH = 0x2f;
const WHOLE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#\\]*)(.*)$/s;

/** Path and query of what stands behind a host, up to its fragment. */
function pathOf(text, hash) {
  const end = hash === "" ? -1 : text.indexOf(hash);
  const asked = end < 0 ? text : text.slice(0, end);
  const mark = asked.indexOf("?");
  return {
    path: cut(mark < 0 ? asked : asked.slice(0, mark)),
    query: mark < 0 ? undefined : cut(asked.slice(mark + 1)),
    fragment: end < 0 ? undefined : cut(text.slice(end + 1)),
  };
}

/** A text that is cut out of another, made whole. */
function cut(text) {
  return text === "" ? undefined : [text[0], text.slice(1)].join("");
}

/**
 * The address of a request. `target` is its target or its path, as a text; `query` the field of the query, where
 * it is sent apart, and `isWhole` whether the query is known.
 */
export function addressOf({ target, query, isWhole, scheme, tls, host, hostText }) {
  let url = target === undefined ? {} : targetOf(target);
  if (!url.complete) {
    const given = scheme ?? schemeOf(tls);
    url = { ...url, scheme: given, host };
    if (typeof query === "string" && query !== "") {
      const hasMark = query.charCodeAt(0) === QUESTION_MARK;
      url.query = cut(hasMark ? query.slice(1) : query);
      if (target !== undefined) url.original = [target, hasMark ? "" : "?", query].join("");
    }
    if (target === undefined && host?.rest !== undefined) url = { ...url, ...pathOf(host.rest, "#") };
    if (isWhole && given !== undefined && host !== undefined && host.rest === undefined) {
      const isPath = url.path !== undefined && url.original.charCodeAt(0) === SLASH;
      if (isPath && !NO_HOST.test(hostText)) url.full = [given, "://", hostText, url.original].join("");
    }
  }
  const { original, full, path, fragment } = url;
  if (original === undefined && url.query === undefined && url.scheme === undefined && url.host === undefined) return undefined;
  return {
    domain: url.host?.any,
    extension: path === undefined ? undefined : extensionOf(path),
    fragment,
    full,
    original,
    path,
    port: url.host?.port,
    query: url.query,
    registered_domain: url.host?.registered,
    scheme: url.scheme,
    subdomain: url.host?.subdomain,
    top_level_domain: url.host?.topLevel,
  };
}

const QUESTION_MARK = 0x3f;
/** What is no host would lead elsewhere. */
const NO_HOST = /[@\\"<>\0- ]/;

/** The scheme where none is sent. */
function schemeOf(tls) {
  if (isAbsent(tls) || typeof tls !== "string") return undefined;
  if (TLS_VERSION.test(tls)) return "https";
  return tls.toLowerCase() === "none" ? "http" : undefined;
}

const TLS_VERSION = /^(tls|ssl)v\d(?:\.\d)?$/i;

function extensionOf(path) {
  const [name] = path.slice(path.lastIndexOf("/") + 1).split(";", 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? cut(name.slice(dot + 1)) : undefined;
}
