// How the pages look: no violation that axe finds, light and dark, on a desk and on a phone; nothing shifts; little script.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Browser, missing, picture } from './browser.js';
import { Studio } from './harness.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ada = 1, maya = 4, john = 101;

const nextWeek = new Date(Date.now() + 7 * 86400e3).toISOString().slice(0, 10);

// Each page: who looks at it, where it is, what is there when it has loaded, and what is done before the picture.
const PAGES = {
  login: [null, '/', (page) => page.getByLabel('Password').waitFor()],
  overview: [ada, '/dashboard/admin/overview', (page) => page.locator('.bars').waitFor()],
  allocation: [ada, '/dashboard/admin/session-allocation', async (page) => { await page.locator('.cards').waitFor(); await page.locator('.bars').waitFor(); }],
  'allocation-add': [ada, '/dashboard/admin/session-allocation', (page) => page.getByRole('button', { name: /^Add Sessions/ }).first().click()],
  'allocation-client': [ada, '/dashboard/admin/session-allocation?client=101', (page) => page.getByRole('region', { name: 'Statement' }).waitFor()],
  schedule: [ada, '/dashboard/admin/master-schedule', (page) => page.locator('.week .entry').first().waitFor()],
  'schedule-booked': [ada, `/dashboard/admin/master-schedule?trainer=3&day=${nextWeek}`, async (page) => {
    await page.locator('.entry.scheduled, .entry.confirmed').first().click();
    await page.locator('.count dl').waitFor();
  }],
  'schedule-class': [ada, `/dashboard/admin/master-schedule?trainer=4&day=${nextWeek}`, async (page) => {
    await page.locator('.entry.class').first().click();
    await page.getByRole('form', { name: 'Move' }).waitFor();
  }],
  'schedule-day': [ada, '/dashboard/admin/master-schedule?view=day', (page) => page.locator('.week').waitFor()],
  client: [john, '/dashboard/client', async (page) => { await page.locator('.day').first().waitFor(); await page.getByRole('region', { name: 'Statement', exact: true }).waitFor(); }],
  'schedule-new': [ada, '/dashboard/admin/master-schedule', (page) => page.getByRole('button', { name: 'Open or block time' }).click()],
  'allocation-extend': [ada, '/dashboard/admin/session-allocation?client=101', (page) => page.getByRole('button', { name: /^Extend/ }).first().click()],
  trainer: [maya, '/dashboard/trainer', async (page) => { await page.locator('.week .entry').first().waitFor(); await page.getByRole('region', { name: 'Asked for' }).waitFor(); }],
  'trainer-clients': [maya, '/dashboard/trainer/clients', (page) => page.locator('.cards').waitFor()],
  packs: [john, '/dashboard/client/packs', (page) => page.locator('.packs').waitFor()],
  checkout: [john, '/dashboard/client/packs?cart=7', (page) => page.getByText('Order 7').waitFor()],
  elsewhere: [ada, '/dashboard/admin/client-trainer-assignments', (page) => page.getByText('not a part of this example').waitFor()],
};

describe('look', { skip: missing }, () => {
  let studio, browser;
  before(async () => {
    studio = await Studio.make('look', { lively: true });
    await studio.start();
    browser = await Browser.start(studio);
  });
  after(async () => {
    await browser?.end();
    await studio.end();
  });

  for (const [name, [actor, path, ready]] of Object.entries(PAGES))
    for (const size of ['desktop', 'phone'])
      for (const colorScheme of ['light', 'dark'])
        test(`${name}, ${size}, ${colorScheme}`, async () => {
          const page = await browser.window(actor, path, { size, colorScheme });
          await ready(page);
          await page.waitForLoadState('load');
          await page.waitForTimeout(300);
          await picture(page, `${name}-${size}-${colorScheme}`);
          const shifts = await page.evaluate(() => globalThis.shifts);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run({ rules: { 'target-size': { enabled: true } } }));
          assert.deepEqual(violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map((node) => node.html + node.failureSummary)]), []);
          assert.deepEqual(shifts, [], 'nothing shifts');
          assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the window');
          assert.deepEqual(page.problems.filter((text) => !(actor === null && /401/.test(text))), []);
          await page.context().close();
        });

  test('the first load has less than 100 kB of script, compressed', async (t) => {
    const html = await (await fetch(`${studio.url}/`)).text();
    let bytes = 0;
    for (const [, src] of html.matchAll(/<script[^>]+src="([^"]+)"/g))
      bytes += gzipSync(Buffer.from(await (await fetch(studio.url + src)).arrayBuffer())).length;
    t.diagnostic(`# the first load has ${(bytes / 1000).toFixed(1)} kB of script, compressed`);
    assert(bytes > 1000 && bytes < 100e3);
  });
});
