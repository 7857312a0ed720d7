// Uploads of any dataset from a seed, made of the two samples that the normalizer's tests have of it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { root } from "../scripts/paths.mjs";
import { uploadOf } from "../tests/support/generate.mjs";

/** An upload of so many records, as Logpush sends it: one gzip member. */
export function uploadOfDataset({ dataset, records, seed }) {
  if (dataset === "firewall_events") return uploadOf({ records, seed });
  return gzipSync(ndjsonOfDataset({ dataset, records, seed }), { level: 6 });
}

/** The same, plain. */
export function ndjsonOfDataset({ dataset, records, seed }) {
  const { full, sparse } = JSON.parse(readFileSync(join(root, `crates/normalizer/tests/samples/${dataset}.json`), "utf8"));
  const random = randomOf(seed);
  const lines = [];
  for (let number = 0; number < records; number += 1) {
    const record = {};
    for (const field of Object.keys(full)) {
      // Half of the fields of a record say nothing, as in the datasets themselves.
      const value = random() % 2 === 0 && field in sparse ? sparse[field] : full[field];
      record[field] = varied(value, field, number, random);
    }
    if (record.ClientRequestURI !== undefined) record.ClientRequestPath = record.ClientRequestURI.split("?")[0];
    lines.push(JSON.stringify(record));
  }
  return `${lines.join("\n")}\n`;
}

/** A value of the same form with other digits, where it has the form of one that differs from record to record. */
function varied(value, field, number, random) {
  if (field.endsWith("Status") && typeof value === "number") return STATUSES[random() % STATUSES.length];
  if (field.endsWith("Port")) return 1024 + (random() % 60_000);
  if (typeof value === "number") return value > 9 && Number.isInteger(value) ? Math.max(1, Math.floor((value * (random() % 1000)) / 500)) : value;
  if (typeof value !== "string") return value;
  if (TIME.test(value)) return `${new Date(FIRST_MS + number * 3).toISOString().slice(0, 23)}${value.slice(23)}`;
  if (IPV4.test(value)) return `198.51.100.${random() % 256}`;
  if (HOST.test(value)) return value.replace(/^[^.]+/, LABELS[random() % LABELS.length]);
  if (PATH.test(value)) return `${PATHS[random() % PATHS.length]}/${random() % 5000}${value.slice(value.indexOf("?") >>> 0)}`;
  return HEXADECIMAL.test(value) ? value.replace(/[0-9a-f]/g, () => (random() % 16).toString(16)) : value;
}

const STATUSES = [200, 200, 200, 204, 301, 304, 403, 404, 500, 503];
const FIRST_MS = Date.UTC(2026, 9, 4, 8, 15, 30);
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}Z$/;
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const HOST = /^[\w-]+(?:\.[\w-]+)+\.(?:com|org|net)\.?$/;
const LABELS = ["www", "api", "cdn", "shop", "mail", "static", "login", "img", "blog", "files", "grafana", "git", "vpn", "intranet", "status", "docs"];
const PATH = /^\/\w*/;
const PATHS = ["/api/v2/orders", "/products", "/assets/js", "/search", "/account", "/wp-login.php", "/images", "/cart", "/graphql", "/.env"];
const HEXADECIMAL = /^[0-9a-f-]{16,}$/;

/** Xorshift: numbers of 32 bits, the same on every machine. */
function randomOf(seed) {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}
