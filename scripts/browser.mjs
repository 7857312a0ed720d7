// Chromium for the tests of the status page, installed from Debian's package if none is there. A machine
// without it runs all other tests.
import { existsSync } from "node:fs";

import { installPackage } from "./debian/apt.mjs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is, or undefined; the variable CHROMIUM can name it. */
export function browserPath() {
  return [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
}

/** Installs Chromium where that needs nobody's password; resolves to why there is none, or undefined. */
export async function installBrowser() {
  if (browserPath()) return undefined;
  const problem = await installPackage("chromium");
  if (browserPath()) return undefined;
  return `there is no Chromium (${problem ?? "Debian's package has none"}): install one, or name it in CHROMIUM`;
}
