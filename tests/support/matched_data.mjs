// Encrypts payloads as Cloudflare does for firewall_events: HPKE (RFC 9180) with X25519, HKDF-SHA256 and
// ChaCha20-Poly1305, written with Node's own functions, so that it proves those of the Worker.

import { createCipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";

/** Cloudflare's own example of a private key, in matched-data-cli. */
export const PRIVATE_KEY = "uBS5eBttHrqkdY41kbZPdvYnNz8Vj0TvKIUpjB1y/GA=";

const SUITE = Buffer.from("HPKE\x00\x20\x00\x01\x00\x03", "latin1");
const KEM = Buffer.from("KEM\x00\x20", "latin1");

/** The text of `encrypted_matched_data` for a payload. */
export function seal(payload, privateKey = PRIVATE_KEY) {
  const receiver = createPublicKey(keyOf(privateKey));
  const sender = generateKeyPairSync("x25519");
  const encapsulated = rawOf(sender.publicKey);
  const agreed = diffieHellman({ privateKey: sender.privateKey, publicKey: receiver });
  const prk = extract("", KEM, "eae_prk", agreed);
  const shared = expand(prk, KEM, "shared_secret", Buffer.concat([encapsulated, rawOf(receiver)]), 32);
  const context = Buffer.concat([Buffer.from([0]), extract("", SUITE, "psk_id_hash", ""), extract("", SUITE, "info_hash", "")]);
  const secret = extract(shared, SUITE, "secret", "");
  const cipher = createCipheriv("chacha20-poly1305", expand(secret, SUITE, "key", context, 32), expand(secret, SUITE, "base_nonce", context, 12), {
    authTagLength: 16,
  });
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final()]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(ciphertext.length));
  return Buffer.concat([Buffer.from([3]), encapsulated, length, ciphertext, cipher.getAuthTag()]).toString("base64");
}

function keyOf(base64) {
  const prefix = Buffer.from("302e020100300506032b656e04220420", "hex");
  return createPrivateKey({ key: Buffer.concat([prefix, Buffer.from(base64, "base64")]), format: "der", type: "pkcs8" });
}

function rawOf(publicKey) {
  return publicKey.export({ format: "der", type: "spki" }).subarray(-32);
}

function extract(salt, suite, label, secret) {
  const hmac = createHmac("sha256", salt);
  for (const part of ["HPKE-v1", suite, label, secret]) hmac.update(part);
  return hmac.digest();
}

/** One block of HKDF is enough. */
function expand(prk, suite, label, info, length) {
  const hmac = createHmac("sha256", prk).update(Buffer.from([0, length]));
  for (const part of ["HPKE-v1", suite, label, info, Buffer.from([1])]) hmac.update(part);
  return hmac.digest().subarray(0, length);
}
