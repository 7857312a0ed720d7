// node scripts/exec.mjs node scripts/screenshots.mjs: docs/images/status-{light,dark}.png, the status page of the
// Worker in workerd after some uploads to a stand-in.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { startBrowser } from "../tests/support/browser.mjs";
import { OPERATOR_SECRET, startDurable } from "../tests/support/durable/harness.mjs";
import { startIntake } from "../tests/support/intake.mjs";
import { uploadOfNow } from "../tests/support/operator.mjs";
import { root } from "./paths.mjs";
import { main } from "./run.mjs";

const SIZE = { width: 1_000, height: 640 };
const UPLOADS = 12;

await main(import.meta.url, async () => {
  const folder = join(root, "docs/images");
  mkdirSync(folder, { recursive: true });
  const intake = await startIntake();
  const route = await startDurable({ intake });
  try {
    for (let seed = 1; seed <= UPLOADS; seed += 1) {
      await route.push(uploadOfNow({ records: 400 + seed * 50, seed }));
      await route.drain();
    }
    await route.report();
    for (const colorScheme of ["light", "dark"]) await picture(route, colorScheme, join(folder, `status-${colorScheme}.png`));
  } finally {
    await route.stop();
    await intake.close();
  }
});

async function picture(route, colorScheme, path) {
  const { page, stop } = await startBrowser({ baseURL: route.worker.url.href, viewport: SIZE, colorScheme });
  await page.goto("/");
  await page.getByLabel("Operator's secret").fill(OPERATOR_SECRET);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 2 }).first().waitFor();
  await page.locator("details.dataset summary").first().click();
  await page.screenshot({ path });
  await stop();
}
