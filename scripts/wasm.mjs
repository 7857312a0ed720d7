// Reads and trims a built WebAssembly module.

const HEADER_LENGTH = 8;
const CUSTOM_SECTION = 0;
const CODE_SECTION = 10;
const SIMD_PREFIX = 0xfd;

/**
 * How often two SIMD instructions without operands follow each other: dozens of times in code built with simd128,
 * never by chance. The target_features section does not tell: wasm-opt --enable-simd writes simd128 there unasked.
 */
export function simdPairs(module) {
  const code = codeSection(module);
  const plain = (at) => code[at] === SIMD_PREFIX && code[at + 1] >= 0x23 && code[at + 1] < 0x80;
  let pairs = 0;
  for (let at = 0; at < code.length; at += 1) if (plain(at) && plain(at + 2)) pairs += 1;
  return pairs;
}

/** The module without the names of its functions, which only debuggers read. */
export function withoutNames(module) {
  const kept = sections(module).filter(({ id, content }) => id !== CUSTOM_SECTION || customName(content) !== "name");
  return Buffer.concat([module.subarray(0, HEADER_LENGTH), ...kept.map(({ whole }) => whole)]);
}

function codeSection(module) {
  return sections(module).find(({ id }) => id === CODE_SECTION)?.content ?? new Uint8Array();
}

function sections(module) {
  const found = [];
  for (let at = HEADER_LENGTH; at < module.length;) {
    const { value: length, next } = leb128(module, at + 1);
    const end = next + length;
    found.push({ id: module[at], content: module.subarray(next, end), whole: module.subarray(at, end) });
    at = end;
  }
  return found;
}

function customName(content) {
  const { value: length, next } = leb128(content, 0);
  return Buffer.from(content.subarray(next, next + length)).toString();
}

function leb128(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next: at };
  }
}
