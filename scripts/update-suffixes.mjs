// Rewrites crates/normalizer/data/icann_suffixes.txt from a public_suffix_list.dat: node scripts/update-suffixes.mjs FILE
import { readFileSync, writeFileSync } from "node:fs";
import { domainToASCII } from "node:url";

const list = readFileSync(process.argv[2], "utf8");
const version = /^\/\/ VERSION: (.+)$/m.exec(list)[1];
const icann = list.split("===BEGIN ICANN DOMAINS===")[1].split("// ===END ICANN DOMAINS===")[0];

/** A rule in the form of a host name as Logpush sends it: Punycode, beside the list's own Unicode. */
function ascii(rule) {
  const [, mark, name] = /^(!|\*\.)?(.+)$/.exec(rule);
  return (mark ?? "") + domainToASCII(name);
}

const rules = new Set();
for (const line of icann.split("\n")) {
  const rule = line.trim().split(/\s/)[0];
  if (rule && !rule.startsWith("//")) rules.add(rule).add(ascii(rule));
}
const sorted = [...rules].map((rule) => Buffer.from(rule)).sort(Buffer.compare);

writeFileSync("crates/normalizer/data/icann_suffixes.txt", `${sorted.join("\n")}\n`);
console.log(`${sorted.length} rules of version ${version}: state it in crates/normalizer/data/README.md`);
