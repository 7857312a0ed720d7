// A line of a Logpush upload in, a document out.

import { eventOf as firewallEventOf } from "./firewall_events.mjs";
import { eventOf as httpRequestOf } from "./http_requests.mjs";

/** The datasets that the peer reads, by their names in the path; `name` is that of `event.dataset`. */
export const DATASETS = {
  firewall_events: { eventOf: firewallEventOf, name: "firewall-events" },
  http_requests: { eventOf: httpRequestOf, name: "http_requests" },
};

const ECS = { version: "9.4.0" };

/** Counters of one upload, for its log line. */
export function newSummary() {
  return { records: 0, errors: 0, invalid_values: 0, times_from_arrival: 0, unknown_fields: {} };
}

/** The document of a line, as JSON text. */
export function documentOf({ eventOf, name }, line, arrival, summary) {
  summary.records += 1;
  let record;
  try {
    record = JSON.parse(line);
  } catch (error) {
    return failureOf(name, error.message, line, arrival, summary);
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) {
    return failureOf(name, "not an object", line, arrival, summary);
  }
  return eventOf(record, line, arrival, summary);
}

/** The document of a line that is no record. */
export function failureOf(dataset, reason, line, arrival, summary) {
  summary.errors += 1;
  const original = line.trim();
  const cut = original.length > ORIGINAL_MAX;
  return JSON.stringify({
    "@timestamp": arrival,
    ecs: ECS,
    error: { message: `not a JSON object: ${reason}` },
    event: { dataset, kind: "pipeline_error", original: cut ? original.slice(0, ORIGINAL_MAX) : original },
    labels: cut ? { truncated: "event.original" } : undefined,
    observer: { vendor: "Cloudflare" },
    tags: cut ? ["truncated"] : undefined,
  });
}

const ORIGINAL_MAX = 32_768;
