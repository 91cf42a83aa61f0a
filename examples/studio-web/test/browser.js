// Debian's Chromium, in which the pages are opened, with a profile of its own for each test file.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { sleep, tokenOf } from './harness.js';

const top = fileURLToPath(new URL('..', import.meta.url));

const executablePath = (() => {
  try {
    return execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
})();

// What a test file says when it is skipped.
export const missing = executablePath ? false : 'there is no Chromium';

export const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 760 } };

// A picture of a window, kept where test/run looks for them.
const shots = `${top}test/screenshots`;
export const picture = async (window, name) => {
  mkdirSync(shots, { recursive: true });
  await window.screenshot({ path: `${shots}/${name}.png` });
};

// That a part of a page says something, within a time.
export async function shows(locator, text, ms = 15000) {
  let said;
  for (const end = Date.now() + ms; Date.now() < end; await sleep(20))
    if ((said = (await locator.allTextContents().catch(() => [])).join('|')) === text) return;
  assert.fail(`${locator} shows ${JSON.stringify(said)} and not ${JSON.stringify(text)}`);
}

export const ALLOCATION = '/dashboard/admin/session-allocation', SCHEDULE = '/dashboard/admin/master-schedule';

// A client's row in the list of clients, and how many sessions it says that he has.
export const row = (window, name) => window.getByRole('row', { name: new RegExp(name) });
export const available = (window, name) => row(window, name).locator('[data-name=Available]');

export class Browser {
  static async start(studio) {
    await promisify(execFile)('npm', ['run', 'build'], { cwd: top });
    const browser = new Browser();
    browser.studio = studio;
    browser.profile = mkdtempSync(`${tmpdir()}/studio-web-`);
    browser.contexts = [];
    browser.chromium = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-background-networking'],
      env: { ...process.env, HOME: browser.profile, TMPDIR: browser.profile } });
    return browser;
  }

  // A window in which somebody is logged in; `problems` has what its console says is wrong.
  async window(actor, path, { size = 'desktop', colorScheme = 'light', timezoneId = 'Asia/Tokyo' } = {}) {
    const context = await this.chromium.newContext({ viewport: SIZES[size], colorScheme, timezoneId, baseURL: this.studio.url });
    this.contexts.push(context);
    context.setDefaultTimeout(15000);
    const window = await context.newPage();
    if (actor) await this.login(window, actor);
    window.problems = [];
    window.on('pageerror', (err) => window.problems.push(err.message));
    window.on('console', (said) => { if (said.type() === 'error') window.problems.push(said.text()); });
    await window.addInitScript(() => {
      globalThis.shifts = [];
      new PerformanceObserver((list) => list.getEntries().filter((one) => !one.hadRecentInput).forEach((one) =>
        globalThis.shifts.push([one.value, ...one.sources.map(({ node }) => `${node?.nodeName}.${node?.className}`)])))
        .observe({ type: 'layout-shift', buffered: true });
    });
    await window.goto(path);
    return window;
  }

  async login(window, actor, how) {
    await window.context().addCookies([{ name: 'studio_session', value: await tokenOf(actor, how), url: this.studio.url, httpOnly: true }]);
  }

  async end() {
    for (const context of this.contexts) await context.close();
    await this.chromium.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}
