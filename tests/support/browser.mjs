// Chromium, driven by playwright-core.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { browserPath } from "../../scripts/browser.mjs";

/**
 * Starts a browser of its own, with a new profile.
 * @param {object} options of Playwright's context: viewport, colorScheme, javaScriptEnabled
 */
export async function startBrowser(options = {}) {
  const profile = mkdtempSync(join(tmpdir(), "logpush-ecs-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    ...options,
  });
  return {
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    stop: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
