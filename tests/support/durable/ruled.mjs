// A destination with rules in chaos: what they say of each record, worked out without the Worker, but for the hash by
// which a sample is drawn. That goes by a field of few values: of each, all records are in the sample, or none.

/** A rule of each action, and one that hides. */
export const RULES = [
  { name: "no-logs", where: { key: "Action", operator: "eq", value: "log" }, action: "drop" },
  {
    name: "half-of-the-good",
    where: { key: "EdgeResponseStatus", operator: "lt", value: 400 },
    action: "sample",
    rate: 0.5,
    by: "EdgeColoCode",
    sample_security: true,
  },
  { name: "networks", fields: { ip: "truncate" } },
];

export const NAMES = RULES.map(({ name }) => name);

/** What they need. */
export const SECRETS = { PSEUDONYM_KEY: "0123456789abcdef0123456789abcdef" };

const [KEPT, DROPPED, SAMPLED] = [0, 1, 2];
/** What is left of an address. */
const NETWORK = /^\d+\.\d+\.\d+\.0$|^[0-9a-f]+:[0-9a-f]+:[0-9a-f]+::$|^[0-9a-f]+:[0-9a-f]+::$/;

export class Fates {
  constructor(records) {
    this.fates = new Uint8Array(records);
    this.places = [];
    /** Addresses that arrived in full. */
    this.shown = 0;
  }

  /** Takes note of the records of an upload. */
  know(first, records) {
    for (const [at, { Action, EdgeResponseStatus, EdgeColoCode }] of records.entries()) {
      this.fates[first + at] = Action === "log" ? DROPPED : EdgeResponseStatus < 400 ? SAMPLED + this.#place(EdgeColoCode) : KEPT;
    }
  }

  /** Looks at what arrived. */
  arrived(texts) {
    for (const text of texts) {
      const { source } = JSON.parse(text);
      if (source?.ip !== undefined && !NETWORK.test(source.ip)) this.shown += 1;
    }
  }

  /** Whether a record is kept, by its number; `isThere(n)`: whether it has arrived. */
  decided(isThere) {
    const inSample = new Set();
    this.fates.forEach((fate, n) => {
      if (fate >= SAMPLED && isThere(n)) inSample.add(fate);
    });
    return (n) => {
      const fate = this.fates[n];
      return fate === KEPT || inSample.has(fate);
    };
  }

  #place(name) {
    if (!this.places.includes(name)) this.places.push(name);
    return this.places.indexOf(name);
  }
}
