// What a value turns out to be, and what is kept where it is not what its field needs.
//
// A text that is cut out of another or put together is made whole with `join`: V8's fast
// JSON.stringify gives up on a whole document for one text that is not.

import { COUNTRIES } from "logpush-ecs:countries";

import { plainAddressOf } from "./address.mjs";
import { partsOf } from "./host.mjs";

/** A value, or undefined where Cloudflare says "none". */
export function present(value) {
  return value === "" || value === null ? undefined : value;
}

export function isAbsent(value) {
  return value === undefined || value === null || value === "";
}

/** What the record that is being read has and its fields cannot take, kept as it came. */
let leftovers;

/** What was kept of the record, for the next one to begin with nothing. */
export function takeLeftovers() {
  const taken = leftovers;
  leftovers = undefined;
  return taken;
}

export function keep(name, value) {
  leftovers ??= {};
  leftovers[name] = value;
  return undefined;
}

export function textOf(value, name) {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? keep(name, value) : String(value);
}

export function integerOf(value, name) {
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? value : keep(name, value);
  if (isAbsent(value)) return undefined;
  return typeof value === "string" && INTEGER.test(value) ? Number(value) : keep(name, value);
}

const INTEGER = /^-?(?:0|[1-9]\d{0,18})$/;

export function ipOf(value, name) {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string") return keep(name, value);
  const plain = plainAddressOf(value);
  if (plain !== undefined) return plain;
  // An address with its port: the port has no place in the field.
  const bare = WITH_PORT.exec(value);
  keep(name, value);
  return bare === null ? undefined : plainAddressOf(["", bare[1] ?? bare[2]].join(""));
}

const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/;

export function hostOf(value, name) {
  if (isAbsent(value)) return undefined;
  return typeof value === "string" ? partsOf(value) : keep(name, value);
}

/** The `source.geo` of a code. */
export function countryOf(value, name) {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string") return keep(name, value);
  return countries.get(value) ?? countries.get(value.toUpperCase()) ?? keep(name, value);
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
export function protocolOf(value, name, known) {
  if (isAbsent(value)) return undefined;
  const protocol = known.protocols.get(value);
  if (protocol !== undefined) return protocol;
  const found = typeof value === "string" ? known.form.exec(value) : null;
  if (found === null) return keep(name, value);
  // Only digits and the case of letters vary: there are few.
  known.protocols.set(value, { name: found[1].toLowerCase(), version: found[2] });
  return known.protocols.get(value);
}

export const HTTP = { form: /^(http)\/(\d(?:\.\d)?)$/i, protocols: new Map() };
export const TLS = { form: /^(tls|ssl)v(\d(?:\.\d)?)$/i, protocols: new Map() };

/** Why a record has no time of its own. */
export function timeMessageOf(value, name) {
  if (isAbsent(value)) return `${name} is missing: the upload's arrival stands in`;
  const shown = typeof value === "object" ? "a list or an object" : JSON.stringify(value).slice(0, 64);
  return `${name} is no readable time: ${shown}; the upload's arrival stands in`;
}

/** Those that are there, each once, in their order. */
export function listOf(first, second, third, ...seldom) {
  const list = [];
  if (first !== undefined) list.push(first);
  if (second !== undefined && second !== first) list.push(second);
  if (third !== undefined && third !== first && third !== second) list.push(third);
  for (const text of seldom) if (text !== undefined && !list.includes(text)) list.push(text);
  return list.length === 0 ? undefined : list;
}

export function hasAny(object) {
  for (const name in object) if (object[name] !== undefined) return true;
  return false;
}
