// The core alone in V8, without a Worker around it.

const CHUNK_BYTES = 64 * 1024;

/** The core of a compiled module: passes over an upload, timed. */
export class Core {
  constructor(module, dataset = "firewall_events", { rules = 0, decrypts = false } = {}) {
    this.exports = new WebAssembly.Instance(module).exports;
    this.dataset = new TextEncoder().encode(dataset);
    this.rules = rules;
    this.decrypts = decrypts;
  }

  /** Milliseconds to inflate an upload, and its plain bytes. */
  inflate(upload) {
    const start = performance.now();
    this.#begin(false);
    const plainBytes = this.#pass(upload, this.exports.inflate);
    return { ms: performance.now() - start, plainBytes };
  }

  /** Milliseconds to inflate and normalise an upload, and what came out. */
  normalize(upload, { keep = false } = {}) {
    const start = performance.now();
    this.#begin(keep);
    this.#pass(upload, this.exports.feed);
    const records = checked(this.exports.finish());
    return { ms: performance.now() - start, records };
  }

  /** Milliseconds to compress the batches that the last `normalize` kept, and their size then; by the library with a level. */
  compress(level) {
    const start = performance.now();
    const bytes = checked(level === undefined ? this.exports.compress() : this.exports.deflate(level));
    return { ms: performance.now() - start, bytes };
  }

  /** Milliseconds to encode the batches that the last `normalize` kept for a kind of destination, and their size then. */
  encode(kind) {
    const name = new TextEncoder().encode(kind);
    this.#put(name);
    const start = performance.now();
    const bytes = checked(this.exports.encode(name.length));
    return { ms: performance.now() - start, bytes };
  }

  /** Wasm memory never shrinks: its size is its peak. */
  get memoryMib() {
    return this.exports.memory.buffer.byteLength / 2 ** 20;
  }

  #begin(keeps) {
    this.#put(this.dataset);
    this.exports.begin(this.dataset.length, Number(keeps), this.rules, Number(this.decrypts));
  }

  #pass(upload, take) {
    let sum = 0;
    for (let at = 0; at < upload.length; at += CHUNK_BYTES) {
      const chunk = upload.subarray(at, at + CHUNK_BYTES);
      this.#put(chunk);
      sum = checked(take(chunk.length));
    }
    return sum;
  }

  #put(bytes) {
    // Making room may grow the memory, which gives it another buffer.
    const room = this.exports.room(bytes.length);
    new Uint8Array(this.exports.memory.buffer, room, bytes.length).set(bytes);
  }
}

function checked(number) {
  if (number < 0) throw new Error("the core failed");
  return number;
}
