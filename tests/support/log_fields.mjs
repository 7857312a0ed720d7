// The fields of the log's lines about an upload, of each kind: what the Worker writes and the documents list.

import assert from "node:assert/strict";

const ALWAYS = ["duration_ms", "level", "message", "wasm_memory_bytes"];
/** What was read and delivered of an upload. */
const COUNTS = [
  "batches",
  "bytes_documents",
  "bytes_plain",
  "bytes_received",
  "bytes_sent",
  "dataset",
  "errors",
  "invalid_values",
  "more_unknown_fields",
  "records",
  "refused",
  "repaired",
  "requests",
  "retries",
  "times_from_arrival",
  "truncated",
  "unknown_fields",
  "unknown_values",
];

/** `always` are there, `sometimes` may be. */
export const LOG_FIELDS = {
  upload: {
    always: [...ALWAYS, ...COUNTS, "events", "status"],
    sometimes: ["already_there", "destination_test", "dropped", "error", "last_reason", "matched_data_decrypted", "matched_data_undecrypted", "own_records", "perhaps_repeated", "rules", "unknown"],
  },
  stored: {
    always: [...ALWAYS, "bytes_plain", "bytes_received", "dataset", "duplicate", "key", "lines", "status"],
    sometimes: ["destination_test", "error"],
  },
  delivery: {
    always: [...ALWAYS, ...COUNTS, "attempt", "dead_letters", "destination", "done", "key"],
    sometimes: ["already_there", "dropped", "error", "last_reason", "matched_data_decrypted", "matched_data_undecrypted", "own_records", "perhaps_repeated", "retry_after_s", "rules", "unknown"],
  },
};

/** A line has the fields of its kind, and no other. */
export function assertFields(line) {
  const { always, sometimes } = LOG_FIELDS[line.message];
  const required = Object.keys(line).filter((field) => !sometimes.includes(field));
  assert.deepEqual(required.sort(), [...always].sort(), JSON.stringify(line));
}
