// The report's testing phases in the browser, and what else people do with the pages.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ALLOCATION, available, Browser, missing, row, SCHEDULE, shows } from './browser.js';
import { ada, jane, john, Studio, tom } from './harness.js';

const NONE = 'Client has no available sessions. Add sessions to enable booking.';
const LOW = 'Client has low session count. Consider adding more sessions.';

describe('pages', { skip: missing }, () => {
  let studio, browser;
  before(async () => {
    studio = await Studio.make('pages');
    await studio.sql("SELECT swan_configure('time_zone', 'America/New_York')");
    await studio.start();
    browser = await Browser.start(studio);
  });
  after(async () => {
    await browser?.end();
    await studio.end();
  });

  async function add(window, name, count, reason) {
    await window.getByRole('button', { name: `Add Sessions to ${name}` }).click();
    await window.getByLabel('Sessions', { exact: true }).fill(String(count));
    await window.getByLabel('Reason').fill(reason);
    await window.getByRole('button', { name: `Add ${count} Sessions` }).click();
    await window.getByRole('dialog').waitFor({ state: 'detached' });
  }

  const scheduleOf = (when) => `${SCHEDULE}?day=${when}&trainer=${tom}`;

  test('2.1: the sidebar leads to the Session Allocation Manager', async () => {
    const window = await browser.window(ada, '/dashboard/admin/overview');
    const section = window.getByRole('navigation').locator('section').filter({ hasText: 'Scheduling & Operations' });
    await section.waitFor();
    assert.deepEqual(await section.getByRole('link').allTextContents(),
      ['Universal Master Schedule', 'Session Allocation Manager', 'Client-Trainer Assignments']);
    await section.getByRole('link', { name: 'Session Allocation Manager' }).click();
    assert.equal(new URL(window.url()).pathname, ALLOCATION);
    await row(window, 'John Doe').getByText(NONE).waitFor();
    assert.equal(await window.getByRole('heading', { level: 1 }).textContent(), 'Session Allocation Manager');
    assert.deepEqual(window.problems, []);
  });

  test('logging in and out, and what a wrong password says', async () => {
    await studio.sql("INSERT INTO web.password VALUES ($1, '$2b$04$' || repeat('x', 53))", [ada]);
    const window = await browser.window(null, ALLOCATION);
    await window.getByLabel('E-mail address').fill('ada@example.com');
    await window.getByLabel('Password').fill('not the password');
    await window.getByRole('button', { name: 'Log in' }).click();
    await window.getByRole('alert').getByText('E-mail address or password is wrong.').waitFor();
    const inside = await browser.window(ada, ALLOCATION);
    await inside.getByRole('button', { name: 'Log out' }).click();
    await inside.getByRole('heading', { name: 'Log in to the studio' }).waitFor();
  });

  test('1.2 and 3.1: from nothing to twelve, and every window sees it', async () => {
    const when = await studio.day(3);
    const manager = await browser.window(ada, ALLOCATION), other = await browser.window(ada, ALLOCATION);
    await shows(available(manager, 'John Doe'), '0');
    await add(manager, 'John Doe', 10, 'Integration test');
    await manager.getByText('Successfully added 10 sessions to John Doe. Total available: 10').waitFor();
    await shows(available(manager, 'John Doe'), '10');
    await shows(available(other, 'John Doe'), '10');

    for (const hour of [9, 10, 11]) await studio.slot(`${when} ${hour}:00`);
    const client = await browser.window(john, '/dashboard/client');
    const slots = client.getByRole('region', { name: 'Open slots' });
    for (let left = 9; left >= 7; left--) {
      await slots.getByRole('button', { name: /^Book / }).first().click();
      await client.locator('.toast').getByText(`Sessions left: ${left}`).waitFor();
      await shows(available(manager, 'John Doe'), String(left));
    }
    await shows(client.locator('.have strong'), '7');

    const schedule = await browser.window(ada, scheduleOf(when));
    await schedule.getByRole('button', { name: /Booked John Doe/ }).first().click();
    const card = schedule.getByRole('region', { name: 'Session count' });
    await card.getByText(`ID ${john}`).waitFor();
    await shows(card.locator('dd'), '7|0|10');
    await add(manager, 'John Doe', 5, 'More');
    await shows(card.locator('dd'), '12|0|15');
    await shows(available(other, 'John Doe'), '12');
    await shows(client.locator('.have strong'), '12');
    for (const window of [manager, other, client, schedule]) assert.deepEqual(window.problems, []);
  });

  test('1.1 and 2.2: without sessions a booking is refused, and the card warns', async () => {
    const when = await studio.day(4), first = await studio.slot(`${when} 9:00`);
    await studio.grant(jane, 1);
    await studio.post(jane, `/api/sessions/book/${jane}`, { sessionId: first });
    await studio.slot(`${when} 12:00`);
    const client = await browser.window(jane, '/dashboard/client');
    await client.getByRole('region', { name: 'Open slots' }).getByRole('button', { name: /^Book / }).first().click();
    await client.getByRole('alert').getByText('No available sessions. Please purchase a session package to book this session.').waitFor();

    const schedule = await browser.window(ada, scheduleOf(when));
    await schedule.getByRole('button', { name: /Booked Jane Roe/ }).click();
    const card = schedule.getByRole('region', { name: 'Session count' });
    await card.getByText(NONE).waitFor();
    await studio.grant(jane, 2);
    await card.getByText(LOW).waitFor();
    const [opened] = await Promise.all([schedule.context().waitForEvent('page'), card.getByRole('link', { name: 'Manage Sessions' }).click()]);
    await opened.getByRole('dialog', { name: 'Jane Roe has 2 sessions left' }).waitFor();
    assert.equal(new URL(opened.url()).pathname, ALLOCATION);
  });

  test('a double click books once; a lost answer, too', async () => {
    const when = await studio.day(6);
    await studio.grant(john, 5);
    const before = await studio.available(john);
    for (const hour of [9, 10]) await studio.slot(`${when} ${hour}:00`);
    const window = await browser.window(john, '/dashboard/client');
    const slots = window.getByRole('region', { name: 'Open slots' });
    const button = (hour) => slots.locator('.day').filter({ hasText: new RegExp(`${Number(when.slice(8))}, `) })
      .getByRole('listitem').filter({ hasText: `${hour}:00 AM` }).getByRole('button');
    await button(9).dblclick();
    await window.locator('.toast').first().waitFor();
    assert.equal(await studio.available(john), before - 1);

    let lost = 0;
    await window.route('**/api/sessions/book/*', async (route) => {
      if (lost++ > 0) return route.continue();
      await route.fetch();
      await route.abort();
    });
    const held = await browser.window(john, '/dashboard/client');
    await held.close();
    await window.route('**/api/sessions/slots*', (route) => route.abort());     // so that the slot stays on the page
    await button(10).click();
    await window.getByRole('alert').getByText('Network error. Please check your connection and try again.').waitFor();
    await button(10).click();
    await window.locator('.toast').filter({ hasText: `Sessions left: ${before - 2}` }).waitFor();
    assert.equal(await studio.available(john), before - 2);
  });

  test('cancelling says until when it is free', async () => {
    const window = await browser.window(john, '/dashboard/client');
    const bookings = window.getByRole('region', { name: 'My bookings' });
    await bookings.getByText(/Free until /).first().waitFor();
    const before = await studio.available(john);
    await bookings.getByRole('button', { name: /^Cancel / }).last().click();
    await shows(window.locator('.have strong'), String(before + 1));
  });

  test('empty, refused, offline, out of date, and back', async () => {
    const window = await browser.window(ada, ALLOCATION);
    await window.getByLabel(/^Search/).fill('nobody is called that');
    await window.getByText('No client is like that.').waitFor();
    await window.getByLabel(/^Search/).fill('jane');
    await row(window, 'Jane Roe').waitFor();

    await studio.stop('SIGKILL');
    await window.getByText(/Out of date: as it was at/).first().waitFor();
    await shows(window.locator('.live'), 'Offline');
    assert.equal(await row(window, 'Jane Roe').count(), 1);
    await window.getByRole('button', { name: 'Add Sessions to Jane Roe' }).click();
    await window.getByRole('button', { name: 'Add 5 Sessions' }).click();
    await window.getByRole('alert').getByText(/Network error. Please check your connection and try again/).waitFor();
    const before = await studio.available(jane);
    await shows(available(window, 'Jane Roe'), String(before));
    await studio.start();
    await window.getByRole('button', { name: 'Add 5 Sessions' }).click();
    await shows(available(window, 'Jane Roe'), String(before + 5));
    await shows(window.locator('.live'), 'Live');
    assert.equal(await window.getByText(/Out of date/).count(), 0);
  });

  test('what is not one\'s own is not there', async () => {
    const window = await browser.window(john, ALLOCATION);
    await window.getByText('There is no such page, or it is not yours.').waitFor();
    assert.equal(await window.getByRole('link', { name: 'Session Allocation Manager' }).count(), 0);
  });
});
