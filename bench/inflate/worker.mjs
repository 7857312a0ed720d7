// The floor: takes an upload, inflates it with the same code as our Worker, and does nothing else.

import module from "./core.wasm";

const READ_BYTES = 64 * 1024;

const core = new WebAssembly.Instance(module).exports;

export default {
  async fetch(request) {
    if (request.method !== "POST") return Response.json({ status: "ok" });
    const reader = request.body.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(READ_BYTES);
    let plainBytes = 0;
    core.begin(0);
    for (;;) {
      const { done, value } = await reader.readAtLeast(READ_BYTES, new Uint8Array(buffer));
      if (value !== undefined) {
        const room = core.room(value.length);
        new Uint8Array(core.memory.buffer, room, value.length).set(value);
        plainBytes = core.inflate(value.length);
        if (plainBytes < 0) return Response.json({ error: "corrupt gzip" }, { status: 400 });
        buffer = value.buffer;
      }
      if (done) break;
    }
    return Response.json({ bytes_plain: plainBytes });
  },
};
