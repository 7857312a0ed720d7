// What became of each record of many uploads at one destination, by its number, and whether it may come twice.
//
// A record may arrive again as long as no acknowledgement of it has come as far as the ledger. What
// the ledger has noted must not arrive again, unless the ledger itself failed, or two consumers were
// at the upload at once, because a lease ran out.

import { numberOf } from "../generate.mjs";

export class Account {
  /**
   * @param {{first: number, records: number}[]} uploads one after another, by `first`
   * @param {string} to the destination
   */
  constructor(uploads, to = "default") {
    this.uploads = uploads;
    this.to = to;
    this.records = uploads.reduce((sum, { records }) => sum + records, 0);
    this.times = new Uint32Array(this.records);
    this.ids = new Array(this.records);
    this.noted = new Uint8Array(this.records);
    /** Record numbers that came with two ids. */
    this.strangers = new Set();
    /** Arrivals of what had been noted. */
    this.unexcused = 0;
    this.stored = 0;
    /** Uploads that the ledger knows, by identity. */
    this.known = new Map();
    /** The upload that is pushed: one at a time. */
    this.arriving = undefined;
  }

  /** Documents that the intake has taken. */
  arrived(texts) {
    for (const text of texts) {
      const document = JSON.parse(text);
      if (document.event.kind !== "event") continue;
      const n = numberOf(document);
      this.stored += 1;
      this.times[n] += 1;
      if (this.noted[n]) this.unexcused += 1;
      this.ids[n] ??= document.event.id;
      if (this.ids[n] !== document.event.id) this.strangers.add(n);
    }
  }

  /** What the ledger was asked, and said. */
  answered({ question: { op, id, to, known, end, holder }, answer }) {
    if (op !== "arrive" && to !== this.to) return;
    if (op === "arrive" && !this.known.has(id)) this.known.set(id, { ...this.arriving, at: [], busy: [], isExcused: false });
    const upload = this.known.get(id);
    if (!upload) return;
    if (op === "begin") (answer?.go ? upload.at : upload.busy).push(nameOf(holder));
    if (upload.at.length > 1) this.#excuse(upload);
    if (upload.isExcused) return;
    if (op === "record" || op === "fail") for (const range of known.done) this.#note(upload, range);
    if (op === "finish" && end.delivered) this.#note(upload, [0, upload.records]);
  }

  /** A message was handled, to whatever end. */
  ended(id, message, attempt) {
    const { busy = [], at = [] } = this.known.get(id) ?? {};
    // Of two copies of a message, the one that was told to wait has ended first.
    const from = busy.includes(nameOf({ message, attempt })) ? busy : at;
    const place = from.indexOf(nameOf({ message, attempt }));
    if (place >= 0) from.splice(place, 1);
  }

  /** Nobody is at any upload. */
  killed() {
    for (const upload of this.known.values()) Object.assign(upload, { at: [], busy: [] });
  }

  /** The Worker has not had an answer of the ledger: what that knows may be delivered again. */
  ledgerFailed(id) {
    const upload = this.known.get(id);
    if (upload) this.#excuse(upload);
  }

  /** Arrivals beyond the first. */
  get duplicates() {
    return this.times.reduce((sum, times) => sum + Math.max(0, times - 1), 0);
  }

  #note({ first }, [from, to]) {
    this.noted.fill(1, first + from, first + to);
  }

  #excuse(upload) {
    upload.isExcused = true;
    this.noted.fill(0, upload.first, upload.first + upload.records);
  }
}

function nameOf({ message, attempt }) {
  return `${message} ${attempt}`;
}
