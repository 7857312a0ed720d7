// Reads a built WebAssembly module.

const HEADER_LENGTH = 8;
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

function codeSection(module) {
  return sections(module).find(({ id }) => id === CODE_SECTION)?.content ?? new Uint8Array();
}

function sections(module) {
  const found = [];
  for (let at = HEADER_LENGTH; at < module.length;) {
    const { value: length, next } = leb128(module, at + 1);
    const end = next + length;
    found.push({ id: module[at], content: module.subarray(next, end) });
    at = end;
  }
  return found;
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
