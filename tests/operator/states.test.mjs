// The operator's pages in every state, as the crate renders them: axe-core finds nothing in any, light and dark;
// each fits a phone; a page is small.
//
// SCREENSHOTS=<folder> keeps pictures of what a person's eye should look at.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { browserPath } from "../../scripts/browser.mjs";
import { root } from "../../scripts/paths.mjs";
import { nonEmpty } from "../support/expect.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 780 };
const TYPES = { css: "text/css", html: "text/html; charset=utf-8", js: "text/javascript", svg: "image/svg+xml" };

let folder;
let states;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "logpush-ecs-pages-"));
  execFileSync("cargo", ["run", "--quiet", "--package", "logpush-status", "--example", "pages", folder], { cwd: root });
  states = readdirSync(folder).filter((name) => name.endsWith(".html")).map((name) => name.replace(".html", ""));
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("a page of 37 datasets and five destinations has less than 200 kB, in any state", () => {
  for (const name of nonEmpty(states, "states")) {
    const { size } = statSync(join(folder, `${name}.html`));
    assert.ok(size < 200_000, `${name}: ${size} bytes`);
  }
  const many = readFileSync(join(folder, "many.html"), "utf8");
  assert.equal(many.match(/<details class="dataset" id="dataset-/g).length, 37);
  assert.equal(many.match(/<details class="dataset"[^>]* open/g), null, "what is well takes one line");
  const worst = readFileSync(join(folder, "worst.html"), "utf8");
  assert.equal(worst.match(/<details class="dataset" id="dataset-/g).length, 37);
});

describe("in a browser", { skip: browserPath() ? false : "there is no Chromium on this machine" }, () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
      test(`every state fits a ${device} in the ${colorScheme}; axe finds nothing`, async () => {
        const { startBrowser } = await import("../support/browser.mjs");
        const { page, context, stop } = await startBrowser({ viewport, colorScheme, bypassCSP: true });
        try {
          await context.route("http://status.test/**", (route) => {
            const name = new URL(route.request().url()).pathname.slice(1);
            const type = TYPES[name.split(".").at(-1)];
            return route.fulfill({ contentType: type, body: readFileSync(join(folder, name)) });
          });
          for (const name of nonEmpty(states, "states")) {
            await page.goto(`http://status.test/${name}.html`);
            await assertFits(page, `${name}, ${device}, ${colorScheme}`);
            await picture(page, `${name}-${device}-${colorScheme}`);
            // What can be opened is looked at too.
            await page.evaluate(() => document.querySelectorAll("details").forEach((details, place) => (details.open = place < 8)));
            await assertFits(page, `${name}, opened, ${device}, ${colorScheme}`);
            // The colours are the same on a phone.
            if (viewport === DESKTOP) await assertAccessible(page, `${name}, ${colorScheme}`);
            if (name === "well") await picture(page, `${name}-opened-${device}-${colorScheme}`);
          }
        } finally {
          await stop();
        }
      });
    }
  }
});

/** Nothing is wider than the screen, but for what scrolls by itself. */
async function assertFits(page, name) {
  const wide = await page.evaluate(() => {
    const all = [...document.body.querySelectorAll("*")];
    const beyond = all.filter((element) => element.checkVisibility() && !element.closest(".scroll, .skip, .unseen") && element.getBoundingClientRect().right > window.innerWidth + 1);
    return document.documentElement.scrollWidth > window.innerWidth ? beyond.map(({ outerHTML }) => outerHTML.slice(0, 100)).slice(-3) : [];
  });
  assert.deepEqual(wide, [], name);
}

async function assertAccessible(page, name) {
  await page.addScriptTag({ path: AXE });
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).slice(0, 3).join(" | ")}`);
  assert.deepEqual(found, [], name);
}

async function picture(page, name) {
  const pictures = process.env.SCREENSHOTS;
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}
