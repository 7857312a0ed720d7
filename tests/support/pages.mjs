// The files of a folder of documents, its folders' too, but for pictures.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { root } from "../../scripts/paths.mjs";

/** Paths from the repository's root. */
export function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((path) => statSync(join(root, path)).isFile() && !path.endsWith(".png"))
    .sort();
}
