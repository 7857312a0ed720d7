// Takes hold of the word in the Worker's memory by which the runtime tells it that its time on the
// processor is almost up. Imported before the Worker, whose instance it has to see made.

/** What the word is then: SIGXCPU. */
const ALMOST_OUT_OF_TIME = 24;

const { Instance } = WebAssembly;
let exports;

WebAssembly.Instance = class extends Instance {
  constructor(...args) {
    super(...args);
    exports = this.exports;
  }
};

/** Says so, or takes it back. */
export function signal(isAlmostOutOfTime) {
  const at = exports.__instance_signal.value;
  new DataView(exports.memory.buffer).setUint32(at, isAlmostOutOfTime ? ALMOST_OUT_OF_TIME : 0, true);
}
