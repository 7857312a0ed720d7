// IP addresses, by the rules of Rust's standard library: no leading zeros, no zone.

const V4 = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(?:\\.(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)){3}";
const G = "[0-9A-Fa-f]{1,4}";

const IPV4 = new RegExp(`^${V4}$`);
const IPV6 = new RegExp(
  `^(?:${[
    `(?:${G}:){7}(?:${G}|:)`,
    `(?:${G}:){6}(?:${V4}|:${G}|:)`,
    `(?:${G}:){5}(?::${V4}|(?::${G}){1,2}|:)`,
    `(?:${G}:){4}(?:(?::${G}){0,1}:${V4}|(?::${G}){1,3}|:)`,
    `(?:${G}:){3}(?:(?::${G}){0,2}:${V4}|(?::${G}){1,4}|:)`,
    `(?:${G}:){2}(?:(?::${G}){0,3}:${V4}|(?::${G}){1,5}|:)`,
    `(?:${G}:){1}(?:(?::${G}){0,4}:${V4}|(?::${G}){1,6}|:)`,
    `:(?:(?::${G}){0,5}:${V4}|(?::${G}){1,7}|:)`,
  ].join("|")})$`,
);

/** An address; that of IPv4, where it is written as one of IPv6, which has one form. Undefined where it is none. */
export function plainAddressOf(text) {
  if (IPV4.test(text)) return text;
  if (!IPV6.test(text)) return undefined;
  // The address that URLs are written with is the shortest.
  const { hostname } = new URL(`http://[${text}]`);
  const mapped = MAPPED.exec(hostname);
  if (mapped === null) return hostname.slice(1, -1);
  const [high, low] = [mapped[1], mapped[2]].map((half) => Number.parseInt(half, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;
