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
  if (typeof value === "string") {
    if (value === "") return undefined;
    return saysNone(value) ? keepNothing(name, value) : value;
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === "object" ? keep(name, value) : String(value);
}

/** An integer of a range; `range.none` is a number that says "none". */
export function integerOf(value, name, range) {
  if (isAbsent(value)) return undefined;
  const number = typeof value === "string" && INTEGER.test(value) ? Number(value) : value;
  if (number === range.none) return keepNothing(name, value);
  return Number.isInteger(number) && number >= range.min && number <= range.max ? number : keep(name, value);
}

const INTEGER = /^-?(?:0|[1-9]\d{0,18})(?:\.0+)?$/;

export const COUNT = { min: 0, max: 2 ** 63 - 1024 };
export const PORT = { min: 0, max: 65_535 };
export const STATUS = { min: 100, max: 999, none: 0 };
const AS = { min: 1, max: 4_294_967_295, none: 0 };

/** 15169 of `15169` or `AS15169`. */
export function asNumberOf(value, name) {
  const found = typeof value === "string" ? AS_NAME.exec(value) : null;
  if (found === null) return integerOf(value, name, AS);
  const number = Number(found[1]);
  if (number === 0) return keepNothing(name, value);
  return number <= AS.max ? number : keep(name, value);
}

const AS_NAME = /^as(0|[1-9]\d{0,18})$/i;

/** A text that may say that nothing is known. */
export function knownOf(value, name) {
  return typeof value === "string" && PLACEHOLDER.test(value) ? keepNothing(name, value) : textOf(value, name);
}

const PLACEHOLDER = /^(?:none|unk|unknown|null|n\/a|-|<unknown file name>)$/i;

/** `md5`, `sha1` or `sha256`, by the length of a hash, and the hash. */
export function hashOf(value, name) {
  if (isAbsent(value)) return undefined;
  if (saysNone(value)) return keepNothing(name, value);
  const algorithm = typeof value === "string" && HEXADECIMAL.test(value) ? ALGORITHMS[value.length] : undefined;
  if (algorithm === undefined) return keep(name, value);
  const hash = value.toLowerCase();
  if (hash !== value) keepNothing(name, value);
  return { algorithm, hash };
}

const HEXADECIMAL = /^[\da-f]+$/i;
const ALGORITHMS = { 32: "md5", 40: "sha1", 64: "sha256" };

/** A hash or an identifier of zeros. */
function saysNone(value) {
  return typeof value === "string" && value.charCodeAt(0) === ZERO && ZEROS.test(value);
}

const ZERO = 0x30;
const ZEROS = /^(?:0{8}-0{4}-0{4}-0{4}-0{12}|(?:0{32}|0{40}|0{64})\.?)$/;

/** How many of the values that were kept say "none": they are no damage. */
let nothings = 0;

function keepNothing(name, value) {
  nothings += 1;
  return keep(name, value);
}

export function takeNothings() {
  const taken = nothings;
  nothings = 0;
  return taken;
}

export function ipOf(value, name) {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string") return keep(name, value);
  const plain = plainAddressOf(value);
  if (plain !== undefined) {
    if (plain !== value && plain.includes(":")) keepNothing(name, value);
    return plain;
  }
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
  if (known === TLS && typeof value === "string" && PLACEHOLDER.test(value)) return keepNothing(name, value);
  const found = typeof value === "string" ? known.form.exec(value) : null;
  if (found === null) return keep(name, value);
  // Only digits and the case of letters vary: there are few.
  known.protocols.set(value, { name: found[1].toLowerCase(), version: found[2] });
  return known.protocols.get(value);
}

export const HTTP = { form: /^(http)[/ ](\d(?:\.\d)?)$/i, protocols: new Map() };
export const TLS = { form: /^(tls|ssl)[v ](\d(?:\.\d)?)$/i, protocols: new Map() };

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
