// A browser for the checks of ci/report.sh: pages whose console and requests are watched, and a tally of what passed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(path.join(process.env.REPORT_MODULES, "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const tally = { passed: 0, failed: 0 };

/** One check: a name, and a promise of nothing, or of what is wrong. */
export async function check(name, act) {
  let wrong;
  try {
    wrong = await act();
  } catch (error) {
    wrong = error.stack || String(error);
  }
  if (wrong === undefined || wrong === true) {
    tally.passed += 1;
    console.log(`ok   ${name}`);
  } else {
    tally.failed += 1;
    console.log(`FAIL ${name}\n     ${String(wrong).replaceAll("\n", "\n     ")}`);
  }
}

/** A word when two things differ. */
export const same = (found, expected) => (Object.is(found, expected) ? undefined : `found ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);

export const launch = () =>
  puppeteer.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] });

/** Opens a file; `page.complaints` gathers whatever the console, the program and the network have to say. */
export async function open(browser, file, { width = 1400, height = 900, scheme = "light", touch = false } = {}) {
  const page = await browser.newPage();
  page.complaints = [];
  page.on("console", (message) => ["error", "warn", "warning"].includes(message.type()) && page.complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => page.complaints.push(`error: ${error.stack}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`file://${file}`) && !url.startsWith("data:") && !url.startsWith("blob:")) page.complaints.push(`request: ${url}`);
  });
  await page.setViewport({ width, height, hasTouch: touch });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const before = Date.now();
  await page.goto(`file://${file}`);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  page.opened = Date.now() - before;
  return page;
}

/** What axe finds, in lines; nothing when all is well. */
export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const lines = violations.map((one) => `${one.id} (${one.impact}): ${one.help}: ${one.nodes.slice(0, 4).map((node) => `${node.target} ${node.any.map((any) => any.message).join("; ")}`).join(" | ")}`);
  return lines.length ? lines.join("\n") : undefined;
}

/** Two frames later everything is drawn. */
export const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))));
