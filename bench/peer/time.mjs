// Points in time, exact to the nanosecond: an integer of nanoseconds does not fit into a double.

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[Zz]|[+-]\d\d:?\d\d)?$/;
const NUMBER = /^(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$/;
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/**
 * `value` as `2022-07-12T12:57:06.219000Z`, with nine decimals where it needs them; or undefined.
 * `field` finds the digits of its field in the line.
 */
export function timeOf(value, line, field) {
  if (typeof value === "string") return value.charCodeAt(4) === DASH ? fromRfc3339(value) : fromNumber(value);
  if (typeof value !== "number") return undefined;
  return fromNumber(value < Number.MAX_SAFE_INTEGER ? String(value) : digitsOf(value, line, field));
}

/** Zeros of Unix and of Go, which say "none". */
const ZEROS = new Set([
  "1970-01-01T00:00:00.000000Z",
  "0001-01-01T00:00:00.000000Z",
  "0000-01-01T00:00:00.000000Z",
  "1754-08-30T22:43:41.128654848Z",
]);

/** Nanoseconds from one time to another, as `timeOf` writes them; or undefined. */
export function nanosBetween(from, to) {
  if (from === undefined || to === undefined) return undefined;
  const beginnings = [from.slice(0, 19), to.slice(0, 19)];
  const seconds = beginnings[0] === beginnings[1] ? 0 : secondOf(beginnings[1]) - secondOf(beginnings[0]);
  const nanos = seconds * 1e9 + Number(to.slice(20, -1).padEnd(9, "0")) - Number(from.slice(20, -1).padEnd(9, "0"));
  return nanos < 0 || nanos >= 2 ** 63 ? undefined : nanos;
}

const DASH = 0x2d;

/** The digits of the field as they stand in the line: the double has lost the last of them. */
function digitsOf(value, line, field) {
  for (const [, digits] of line.matchAll(field)) if (Number(digits) === value) return digits;
  return String(value);
}

/** A second that was written last: records of one second follow each other. */
let lastSecond;
let lastWritten;

function write(second, fraction) {
  if (second < FIRST_SECOND || second > LAST_SECOND) return undefined;
  if (second !== lastSecond) {
    lastWritten = new Date(second * 1000).toISOString().slice(0, 20);
    lastSecond = second;
  }
  const nanos = fraction.length === 9 ? fraction : fraction.padEnd(9, "0").slice(0, 9);
  const time = [lastWritten, nanos.endsWith("000") ? nanos.slice(0, 6) : nanos, "Z"].join("");
  return second <= 0 && ZEROS.has(time) ? undefined : time;
}

function fromNumber(text) {
  // The usual case: nanoseconds, an integer of 19 digits.
  if (NANOSECONDS.test(text)) return write(Number(text.slice(0, -9)), text.slice(-9));
  const found = NUMBER.exec(text);
  if (found === null) return undefined;
  const [, whole, decimals = "", exponent = "0"] = found;
  const scale = Number(exponent) - decimals.length;
  const value = BigInt(whole + decimals);
  if (value === 0n || value >= 10n ** 36n || Math.abs(scale) > 40) return undefined;
  const size = shift(value, scale);
  const unit = size < 10n ** 11n ? 9 : size < 10n ** 14n ? 6 : size < 10n ** 17n ? 3 : 0;
  const nanos = shift(value, scale + unit);
  return write(Number(nanos / 1_000_000_000n), String(nanos % 1_000_000_000n).padStart(9, "0"));
}

const NANOSECONDS = /^[1-9]\d{18}$/;

function shift(value, places) {
  return places >= 0 ? value * 10n ** BigInt(places) : value / 10n ** BigInt(-places);
}

/** The beginning of a text that was read last, and its second. */
let lastText;
let lastRead;

function fromRfc3339(text) {
  if (!RFC3339.test(text)) return undefined;
  const beginning = text.slice(0, 19);
  if (beginning !== lastText) {
    lastRead = secondOf(beginning);
    lastText = beginning;
  }
  if (lastRead === undefined) return undefined;
  let end = 19;
  if (text.charCodeAt(19) === DOT || text.charCodeAt(19) === COMMA) {
    end = 20;
    while (text.charCodeAt(end) >= ZERO && text.charCodeAt(end) <= NINE) end += 1;
  }
  const offset = end >= text.length - 1 ? 0 : offsetOf(text.slice(end));
  return offset === undefined ? undefined : write(lastRead - offset, text.slice(20, end));
}

const DOT = 0x2e;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;

function secondOf(text) {
  const [year, month, day, hour, minute, second] = text.split(/\D/).map(Number);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A leap second, :60, is the first of the next minute.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 60) {
    return undefined;
  }
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
}

/** Seconds of `+02:00`. */
function offsetOf(zone) {
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.charCodeAt(0) === DASH ? -1 : 1) * (hours * 3600 + minutes * 60);
}
