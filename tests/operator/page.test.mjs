// The status page in Chromium: a person logs in, sees how all stands, replays and deletes dead letters; with
// and without scripts, on a phone, in the dark, by keyboard alone.
//
// SCREENSHOTS=<folder> keeps pictures of what a person's eye should look at.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { browserPath } from "../../scripts/browser.mjs";
import { OPERATOR_SECRET, startDurable } from "../support/durable/harness.mjs";
import { startIntake } from "../support/intake.mjs";
import { uploadOfNow } from "../support/operator.mjs";

const skip = browserPath() ? false : "there is no Chromium on this machine";
const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 780 };
const always = { times: Infinity };

let seeds = 80_000;
function upload(options = {}) {
  seeds += 1;
  return uploadOfNow({ records: 20, seed: seeds, ...options });
}

async function pushed(route, options) {
  const answer = await route.push(upload(options));
  assert.equal(answer.status, 200, answer.text);
}

let addresses = 0;
/** What the page is looked at with; from an address of its own, since logins are counted by address. */
async function opened(route, options = {}) {
  const { startBrowser } = await import("../support/browser.mjs");
  addresses += 1;
  const browser = await startBrowser({
    baseURL: route.worker.url.href,
    viewport: DESKTOP,
    extraHTTPHeaders: { "cf-connecting-ip": `198.51.100.${addresses}` },
    ...options,
  });
  const problems = [];
  browser.page.on("console", (message) => {
    // Chromium reports every answer that is no success, the page with the login form too.
    const isLogin = message.text().endsWith("a status of 401 (Unauthorized)");
    if (["error", "warning"].includes(message.type()) && !isLogin) problems.push(message.text());
  });
  browser.page.on("pageerror", (error) => problems.push(error.message));
  browser.page.on("dialog", (dialog) => problems.push(`a dialog: ${dialog.message()}`));
  return { ...browser, problems };
}

async function logIn(page) {
  await page.goto("/");
  await page.getByLabel("Operator's secret").fill(OPERATOR_SECRET);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 2 }).first().waitFor();
}

async function picture(page, name) {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Nothing is wider than the screen, but for what scrolls by itself. */
async function assertFits(page) {
  // With the style sheet, however long it takes.
  await page.waitForLoadState("load");
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(content <= screen, `${content} of ${screen} pixels`);
}

/** The contrast of each text with what is behind it, by the formula of WCAG 2. */
const poorContrasts = (page) =>
  page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color) => {
      const [r, g, b] = rgba(color).map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at);
        if (rgba(backgroundColor)[3] === 255) return backgroundColor;
      }
      return "white";
    };
    const poor = [];
    for (const element of document.body.querySelectorAll("*")) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== "");
      if (!own || !element.checkVisibility()) continue;
      const [light, dark] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      if (contrast < 4.5) poor.push(`${element.tagName}.${element.className} ${element.textContent.slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
    return poor;
  });

describe("the status page in a browser", { skip }, () => {
  let intake;
  let route;

  before(async () => {
    intake = await startIntake();
    route = await startDurable({ intake, vars: { BATCH_MAX_RECORDS: "10" } });
  });

  after(async () => {
    await route?.stop();
    await intake?.close();
  });

  /** Runs `steps` with a browser, in which nothing may go wrong. */
  const looking = async (options, steps) => {
    const browser = await opened(route, options);
    try {
      await logIn(browser.page);
      await steps(browser.page, browser);
      assert.deepEqual(browser.problems, []);
    } finally {
      await browser.stop();
    }
  };

  test("a login that is wrong says so, and the right one opens the page", async () => {
    const { page, problems, stop } = await opened(route);
    try {
      await page.goto("/");
      await picture(page, "login");
      assert.equal(await page.evaluate(() => document.activeElement.id), "secret");
      await page.keyboard.type("wrong-secret-of-the-operator");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
      assert.equal(await page.getByRole("alert").textContent(), "This is not the operator's secret.");
      await page.getByLabel("Operator's secret").fill(OPERATOR_SECRET);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Ready: nothing has arrived yet" }).waitFor();
      await picture(page, "empty");
      assert.equal(await page.evaluate(() => document.cookie), "", "no script sees the cookie");
      assert.deepEqual(problems, []);
      await page.getByRole("button", { name: "Log out" }).click();
      await page.getByLabel("Operator's secret").waitFor();
    } finally {
      await stop();
    }
  });

  test("what has arrived is shown, and refreshed without a hand", async () => {
    await pushed(route);
    await route.drain();
    await route.report();
    await looking({}, async (page) => {
      await page.getByRole("heading", { name: "All is well" }).waitFor();
      const dataset = page.locator("details.dataset");
      assert.equal(await dataset.getAttribute("open"), null, "what is well takes one line");
      await dataset.locator("summary").click();
      const records = page.getByRole("row", { name: /^Records / });
      assert.match(await records.textContent(), /^Records(20){3}$/);
      await page.clock.install();
      await page.reload();
      await dataset.locator("summary").click();
      await pushed(route, { records: 5 });
      await route.drain();
      await route.report();
      await page.clock.runFor(31_000);
      await page.waitForFunction(() => document.querySelector(".measures")?.textContent.includes("25"));
      assert.equal(await dataset.getAttribute("open"), "", "what was opened stays open");
    });
  });

  for (const colorScheme of ["light", "dark"]) {
    for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
      test(`it fits a ${device}, and is readable in the ${colorScheme}`, async () => {
        await looking({ viewport, colorScheme }, async (page) => {
          await assertFits(page);
          assert.deepEqual(await poorContrasts(page), []);
          await picture(page, `healthy-${device}-${colorScheme}`);
        });
      });
    }
  }

  test("what is wrong is named, in every look; hostile values do nothing", async () => {
    const hostile = `<script>alert(1)</script><img src=x onerror=alert(2)>`;
    intake.fault("poison", { refuse: (text) => JSON.parse(text).event.kind === "event" && text.includes("poisoned"), ...always });
    await pushed(route, { records: 3, more: { Description: "poisoned", "<img src=x onerror=alert(3)>": hostile } });
    await route.drain();
    intake.faults = [];
    intake.fault("status", { status: 503, body: hostile, ...always });
    await pushed(route);
    await pushed(route);
    await route.drain({ limit: 4 });
    await route.sweep();
    await route.report();
    for (const colorScheme of ["light", "dark"]) {
      for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
        await looking({ viewport, colorScheme }, async (page) => {
          await page.getByRole("heading", { name: "Something is wrong" }).waitFor();
          assert.match(await page.locator(".problems").textContent(), /there are \d dead letters|there is a dead letter/);
          await assertFits(page);
          assert.deepEqual(await poorContrasts(page), []);
          await picture(page, `failing-${device}-${colorScheme}`);
          await page.getByRole("link", { name: /^Inspect / }).first().click();
          await page.getByRole("heading", { name: "Documents" }).waitFor();
          await assertFits(page);
          await picture(page, `letter-${device}-${colorScheme}`);
        });
      }
    }
  });

  test("large numbers and many datasets stay readable", async () => {
    const large = await startDurable({ intake });
    try {
      const now = Date.now();
      const names = ["http_requests", "firewall_events", "gateway_dns", "zero_trust_network_sessions", "magic_ids_detections", "dns_logs"];
      for (const [place, name] of names.entries()) {
        let totals = Array(11).fill(0);
        for (let hour = 167; hour >= 0; hour -= 1) {
          const at = now - hour * 3_600_000;
          const scale = 10 ** (3 * place) * (1.2 + Math.sin(hour / 4));
          const more = [9, 91_234, 123_456_789, place > 3 ? 12 : 0, 0, 95, 3, 1, 0, 0, 9 * (20_000 + 1000 * (hour % 24))];
          totals = totals.map((total, n) => total + Math.round(more[n] * scale) % 1e15);
          const stats = { totals, lags: Array(11).fill(0), worst: { [Math.floor(at / 60_000)]: 60_000 + 4_000 * (hour % 24) }, at, last_arrival: at, last_delivery: at, revision: 200 - hour };
          const latest = Array.from({ length: 4 }, (_, n) => ({
            key: `uploads/${name}/2026/05/12/08/20260512T083000219Z-${String(n).repeat(32)}.gz`,
            outcome: "delivered", arrived: at, at: at + n, bytes: 10 ** (3 * place), records: 9_876_543_210, errors: 0, refused: 0, attempts: 1, next_attempt: 0, lag_ms: 65_432,
          }));
          await large.pretend(`${name}/0`, { ...stats, latest }, { uploads: place * 12_345, bytes: place * 9e12, oldest: [] });
        }
      }
      for (const [device, viewport] of [["desktop", DESKTOP], ["phone", PHONE]]) {
        const browser = await opened(large, { viewport });
        try {
          await logIn(browser.page);
          await assertFits(browser.page);
          await picture(browser.page, `large-${device}`);
        } finally {
          await browser.stop();
        }
      }
    } finally {
      await large.stop();
    }
  });

  test("by keyboard and without scripts: a dead letter is replayed, another deleted in two steps", async () => {
    await looking({ javaScriptEnabled: false }, async (page) => {
      const rows = page.getByRole("link", { name: /^Inspect / });
      const before = await rows.count();
      assert.ok(before >= 1);
      await page.keyboard.press("Tab");
      assert.equal(await page.locator(":focus").textContent(), "Skip to the content");
      const outline = await page.locator(":focus").evaluate((element) => getComputedStyle(element).outlineStyle);
      assert.equal(outline, "solid");

      await page.getByRole("button", { name: /^Replay / }).first().focus();
      await page.keyboard.press("Enter");
      await page.getByText("on its way to the intake again").waitFor();
      intake.faults = [];
      await route.drain();
      await route.report();
      await page.goto("/");
      assert.equal(await rows.count(), before - 1);
    });
    intake.fault("poison", { refuse: (text) => JSON.parse(text).event.kind === "event", ...always });
    await pushed(route, { records: 1 });
    await route.drain();
    await route.report();
    intake.faults = [];
    await looking({ javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.getByRole("button", { name: /for good$/ }).count(), 0, "not by one click");
      await page.locator("details.confirm summary").first().focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.getByText("The dead letter was deleted.").waitFor();
    });
    assert.deepEqual(await route.keys("dead/"), []);
  });

  test("all dead letters of one reason are replayed together, and deleted together, in two steps", async () => {
    const refuse = (count) => {
      intake.fault("poison", { refuse: (text) => JSON.parse(text).event.kind === "event", ...always });
      return Promise.all(Array.from({ length: count }, () => pushed(route, { records: 1 })));
    };
    const settle = async () => {
      await route.drain();
      await route.sweep();
      await route.report();
      intake.faults = [];
    };
    await refuse(3);
    await settle();
    assert.equal((await route.keys("dead/")).length, 3);
    await looking({ javaScriptEnabled: false }, async (page) => {
      assert.equal(await page.getByRole("button", { name: /^Replay all/ }).count(), 0, "not by one click");
      await page.getByText("Replay all\u2026").click();
      await page.getByRole("button", { name: "Replay all of firewall_events with this reason" }).click();
      await page.getByText("3 dead letters. They are on their way").waitFor();
    });
    await route.drain();
    assert.deepEqual(await route.keys("dead/"), []);
    await refuse(2);
    await settle();
    await looking({ javaScriptEnabled: false }, async (page) => {
      await page.getByText("Delete all\u2026").click();
      await page.getByRole("button", { name: /^Delete all of firewall_events .* for good$/ }).click();
      await page.getByText("2 dead letters. They were deleted.").waitFor();
    });
    assert.deepEqual(await route.keys("dead/"), []);
    const done = route.lines("operator").map(({ action, dead_letters: number }) => [action, number]);
    assert.deepEqual(done.slice(-2), [["replay", 3], ["delete", 2]]);
  });

  test("landmarks, headings and tables have names", async () => {
    await looking({}, async (page) => {
      for (const role of ["banner", "main", "contentinfo"]) assert.equal(await page.getByRole(role).count(), 1, role);
      assert.equal(await page.locator("html").getAttribute("lang"), "en");
      const levels = await page.locator("h1, h2, h3").evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
      levels.reduce((before, level) => {
        assert.ok(level <= before + 1, `a heading of level ${level} after one of ${before}`);
        return level;
      }, 0);
      for (const table of await page.locator("table").all()) {
        assert.ok((await table.locator("thead th[scope=col]").count()) >= 2);
        assert.ok((await table.locator("th[scope=row]").count()) >= 1);
      }
      const nameless = await page
        .locator("section, button, a, input:not([type=hidden]), svg, [role=region]")
        .evaluateAll((all) =>
          all
            .filter((element) => {
              const by = element.getAttribute("aria-labelledby");
              const name = by ? document.getElementById(by)?.textContent : (element.getAttribute("aria-label") ?? element.textContent);
              return !name?.trim();
            })
            .map(({ outerHTML }) => outerHTML.slice(0, 80)),
        );
      assert.deepEqual(nameless, []);
      const ids = await page.locator("[id]").evaluateAll((all) => all.map(({ id }) => id));
      assert.equal(ids.length, new Set(ids).size, "an id stands twice");
    });
  });
});
