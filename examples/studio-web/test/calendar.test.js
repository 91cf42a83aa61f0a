// The schedule in the browser: opening, blocking, moving, exchanging, holding, asking, classes and who waits for them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, missing, SCHEDULE, shows } from './browser.js';
import { ada, amir, jane, john, maya, stella, Studio, tom } from './harness.js';

describe('calendar', { skip: missing }, () => {
  let studio, browser;
  before(async () => {
    studio = await Studio.make('calendar');
    await studio.sql("SELECT swan_configure('time_zone', 'America/New_York')");
    for (const client of [john, jane, amir]) await studio.grant(client, 10);
    await studio.start({ JOB_MS: 300 });
    browser = await Browser.start(studio);
  });
  after(async () => {
    await browser?.end();
    await studio.end();
  });

  const scheduleOf = (when, more = `&trainer=${tom}`) => `${SCHEDULE}?day=${when}${more}`;
  const session = async (id) => (await studio.sql(`SELECT status, user_id::integer AS client, trainer_id::integer AS trainer, notes,
    to_char(session_date AT TIME ZONE 'America/New_York', 'YYYY-MM-DD HH24:MI') AS at FROM studio.sessions WHERE id = $1`, [id]))[0];
  const at = async (id) => (await session(id)).at;
  const in_ = (window, when, hour, id) => window.locator(`[data-cell='${when} ${hour}'] [data-id='${id}']`);
  const entry = (window, id) => window.locator(`[data-id='${id}']`);
  const says = (window, text) => window.locator('.toast').getByText(text).first().waitFor();
  const button = (where, name) => where.getByRole('button', { name });

  test('opening slots and a class for some weeks, blocking time; what overlaps is refused', async () => {
    const when = await studio.day(8), window = await browser.window(stella, scheduleOf(when));
    const begin = button(window, 'Open or block time'), dialog = window.getByRole('dialog', { name: 'Open or block time' });
    const fill = async (fields) => {
      for (const [label, value] of Object.entries(fields)) {
        const field = dialog.getByLabel(label, { exact: true });
        await (await field.evaluate((element) => element.nodeName) === 'SELECT' ? field.selectOption({ label: value }) : field.fill(value));
      }
    };
    await begin.click();
    assert.equal(await dialog.getByLabel('Day').inputValue(), when);
    await fill({ Time: '09:30', Minutes: '45', 'Weeks, one after the other': '3' });
    await button(dialog, 'Open').click();
    await says(window, '3 slots in the calendar.');
    await dialog.waitFor({ state: 'detached' });
    await window.locator(`[data-cell='${when} 9'] .entry.available`).waitFor();
    assert.equal(await begin.evaluate((element) => document.activeElement === element), true, 'the focus is where it was');

    await begin.click();
    await fill({ Time: '10:00' });
    await button(dialog, 'Open').click();
    await dialog.getByRole('alert').getByText('The session overlaps another one.').waitFor();
    await fill({ What: 'Class', Time: '11:00', Places: '2' });
    await button(dialog, 'Open').click();
    await says(window, '1 class in the calendar.');
    await window.locator(`[data-cell='${when} 11'] .entry.class`).getByText('0 of 2').waitFor();

    // What is chosen by its place in the calendar.
    await window.locator(`[data-cell='${when} 14']`).click();
    assert.deepEqual([await dialog.getByLabel('Day').inputValue(), await dialog.getByLabel('Time').inputValue()], [when, '14:00']);
    await fill({ What: 'Blocked time', Reason: 'The <b>dentist</b>' });
    await button(dialog, 'Block').click();
    await window.locator(`[data-cell='${when} 14'] .entry.blocked`).getByText('The <b>dentist</b>').waitFor();

    const rows = await studio.sql(`SELECT status, count(*)::integer AS rows, count(DISTINCT session_date)::integer AS times, min(duration) AS minutes
      FROM studio.sessions WHERE session_date > now() + '7 days' GROUP BY status, class_id ORDER BY status, times`);
    assert.deepEqual(rows.map((row) => Object.values(row)), [['available', 2, 1, 60], ['available', 3, 3, 45], ['blocked', 1, 1, 60]]);

    await window.locator(`[data-cell='${when} 14'] .entry.blocked`).click();
    await button(window, 'Free this time').click();
    await says(window, 'The time is free.');
    await window.locator(`[data-cell='${when} 14'] .entry`).waitFor({ state: 'detached' });
    assert.deepEqual(window.problems.filter((text) => !/409/.test(text)), []);
  });

  test('moving: by keyboard, and by drag and drop, in the studio\'s zone', async () => {
    const when = await studio.day(5), id = await studio.slot(`${when} 9:30`);
    const window = await browser.window(ada, scheduleOf(when));
    assert.match(await entry(window, id).textContent(), /9:30 AM/);

    await entry(window, id).focus();
    await window.keyboard.press('Enter');
    const form = window.getByRole('form', { name: 'Move' });
    await form.getByLabel('Time').fill('14:30');
    await form.getByLabel('Time').press('Enter');
    await in_(window, when, 14, id).waitFor();
    assert.equal(await at(id), `${when} 14:30`);

    await entry(window, id).dragTo(window.locator(`[data-cell='${when} 16']`));
    await in_(window, when, 16, id).waitFor();
    assert.equal(await at(id), `${when} 16:30`);
    assert.equal(await form.getByLabel('Time').inputValue(), '16:30', 'the form knows where it is by now');
    assert.deepEqual(window.problems, []);
  });

  test('a booking on an open slot is exchanged: by drag and drop, and by keyboard', async () => {
    const when = await studio.day(6), [nine, eleven, two] = [await studio.slot(`${when} 9:00`), await studio.slot(`${when} 11:00`), await studio.slot(`${when} 14:00`)];
    await studio.post(john, `/api/sessions/book/${john}`, { sessionId: nine });
    const before = await studio.available(john);
    const window = await browser.window(ada, scheduleOf(when));
    await entry(window, nine).dragTo(entry(window, eleven));
    await entry(window, eleven).getByText('John Doe').waitFor();
    assert.deepEqual([(await session(nine)).status, (await session(eleven)).client], ['cancelled', john]);
    await window.locator(`[data-cell='${when} 9'] .entry.available`).waitFor();

    await entry(window, eleven).focus();
    await window.keyboard.press('Enter');
    const form = window.getByRole('form', { name: 'Move' });
    await form.getByLabel('To').selectOption({ value: String(two) });
    await button(form, 'Move').press('Enter');
    await entry(window, two).getByText('John Doe').waitFor();
    assert.deepEqual([(await session(eleven)).status, (await session(two)).client], ['cancelled', john]);
    assert.equal(await entry(window, two).getAttribute('aria-pressed'), 'true', 'what it has become is chosen');
    assert.equal(await studio.available(john), before);
  });

  test('what cannot be moved stays, and says why', async () => {
    const when = await studio.day(7), [nine, eleven] = [await studio.slot(`${when} 9:00`), await studio.slot(`${when} 11:00`)];
    await studio.post(john, `/api/sessions/book/${john}`, { sessionId: nine });
    await studio.post(jane, `/api/sessions/book/${jane}`, { sessionId: eleven });
    const window = await browser.window(ada, scheduleOf(when));
    await entry(window, nine).dragTo(entry(window, eleven));
    await window.locator('.toast').filter({ hasText: 'Not moved' }).getByText('The session overlaps another one.').waitFor();
    await in_(window, when, 9, nine).waitFor();
    assert.equal(await at(nine), `${when} 09:00`);
  });

  test('a day of all trainers: what is dragged to another column is his', async () => {
    const when = await studio.day(20), id = await studio.slot(`${when} 9:00`);
    const window = await browser.window(ada, scheduleOf(when, '&view=day'));
    await entry(window, id).dragTo(window.getByRole('row', { name: /^10 AM/ }).getByRole('cell').nth(1));
    await says(window, /./);
    const { trainer, at: time } = await session(id);
    const columns = (await window.getByRole('columnheader').allTextContents()).slice(1);
    assert.deepEqual([trainer, time], [{ 'Tom Reed': tom, 'Maya Lopez': maya }[columns[1]] ?? stella, `${when} 10:00`]);
  });

  test('holding for a client, letting go, and booking for who held', async () => {
    const when = await studio.day(9), id = await studio.slot(`${when} 15:00`);
    const window = await browser.window(stella, scheduleOf(when)), client = await browser.window(john, '/dashboard/client');
    const open = client.getByRole('region', { name: 'Open slots' }).getByText('3:00 PM');
    await open.waitFor();
    await entry(window, id).click();
    await window.getByLabel('Find a client').fill('jane');
    await shows(window.getByLabel('Client', { exact: true }).locator('option'), `Jane Roe (${await studio.available(jane)} sessions)`);
    await button(window, 'Hold').click();
    await window.getByText(/^Held for Jane Roe until /).waitFor();
    await entry(window, id).getByText('for Jane Roe').waitFor();
    await open.waitFor({ state: 'detached' });
    await button(window, 'Let go of it').press('Enter');
    await open.waitFor();
    await window.getByRole('form', { name: 'Book for a client' }).waitFor();
    assert.equal(await window.evaluate(() => document.activeElement.closest('aside') !== null), true, 'the focus stays in the card');

    await studio.post(jane, `/api/sessions/hold/${jane}`, { sessionId: id });
    await button(window, 'Book for Jane Roe').click();
    await entry(window, id).getByText('Booked').waitFor();
    assert.equal((await session(id)).client, jane);
  });

  test('asking for a time: the trainer grants it, the office declines, and the client sees both', async () => {
    const when = await studio.day(10), client = await browser.window(amir, '/dashboard/client');
    const form = client.getByRole('region', { name: 'Ask for a time' }), bookings = client.getByRole('region', { name: 'My bookings' });
    const ask = async (time) => {
      await form.getByLabel('Day').fill(when);
      await form.getByLabel('Time').fill(time);
      await form.getByLabel('Trainer').selectOption({ label: 'Tom Reed' });
      await button(form, 'Ask').click();
    };
    const before = await studio.available(amir);
    await ask('17:15');
    await bookings.getByText('Requested').waitFor();
    await bookings.getByText('It takes a session when it is granted').waitFor();
    assert.equal(await studio.available(amir), before);

    const trainer = await browser.window(tom, '/dashboard/trainer');
    const asked = trainer.getByRole('region', { name: 'Asked for' });
    await button(asked, /^Grant Amir Baker/).press('Enter');
    await asked.getByText('Nobody has asked for a time.').waitFor();
    assert.equal(await trainer.evaluate(() => document.activeElement.textContent), 'Asked for', 'the focus stays in the part of the page');
    await bookings.getByText('Booked').waitFor();
    await shows(client.locator('.have strong'), String(before - 1));

    await ask('18:30');
    const office = await browser.window(stella, scheduleOf(when));
    await office.locator(`[data-cell='${when} 18'] .entry.requested`).click();
    await button(office, 'Decline').click();
    await bookings.getByText('Requested').waitFor({ state: 'detached' });
    await ask('08:00');
    await button(bookings, /^Withdraw /).click();
    await bookings.getByText('Requested').waitFor({ state: 'detached' });
    assert.equal(await studio.available(amir), before - 1);
    for (const window of [client, trainer, office]) assert.deepEqual(window.problems, []);
  });

  test('a class: guests, who waits when it is full, and whose turn it is', async () => {
    const when = await studio.day(11), id = await studio.slot(`${when} 18:00`, { places: 3 });
    await studio.post(john, `/api/sessions/book/${john}`, { sessionId: id });
    const waiting = await browser.window(amir, '/dashboard/client'), slots = waiting.getByRole('region', { name: 'Open slots' });
    await slots.getByText('class: 2 of 3 places left').waitFor();
    await waiting.route('**/api/sessions/slots*', (route) => route.abort());           // so that it stays on the page

    const client = await browser.window(john, '/dashboard/client');
    await button(client.getByRole('region', { name: 'My bookings' }), /^Bring a guest to the class of/).click();
    await client.locator('.toast').first().waitFor();
    const office = await browser.window(ada, scheduleOf(when)), place = entry(office, id), card = office.getByRole('complementary', { name: 'Chosen session' });
    await place.getByText('2 of 3').waitFor();
    await place.click();
    await card.getByText('Nobody waits.').waitFor();
    await card.getByLabel('Find a client').fill('john');
    await shows(card.getByLabel('Client', { exact: true }).locator('option'), `John Doe (${await studio.available(john)} sessions)`);
    await card.getByLabel('For a guest: one place more than he has').check();
    await button(card, 'Book').click();
    await place.getByText('3 of 3').waitFor();
    assert.deepEqual(await studio.sql('SELECT DISTINCT user_id::integer AS client FROM studio.sessions WHERE class_id = $1', [id]), [{ client: john }]);

    await button(slots, /^Book .* 6:00 PM/).click();
    await button(slots, /^Wait for this time/).click();
    const line = waiting.getByRole('region', { name: 'Waiting list' });
    await line.getByText('You are number 1 in line').waitFor();
    await card.getByRole('region', { name: 'Waiting list' }).getByText('Amir Baker').waitFor();

    await card.locator('summary').first().click();
    await button(card, 'Cancel booking John Doe').first().click();
    const dialog = office.getByRole('dialog', { name: 'Cancel the booking of John Doe' });
    await dialog.getByLabel('Reason').fill('He is ill');
    await button(dialog, 'Cancel booking').click();
    await dialog.waitFor({ state: 'detached' });
    await line.getByText('It is your turn: kept for you until').waitFor();
    await button(line, /^Book/).click();
    await line.getByText('You wait for nothing.').waitFor();

    // Who looks for it finds what is full, too.
    const other = await browser.window(jane, '/dashboard/client'), all = other.getByRole('region', { name: 'Open slots' });
    await all.getByLabel('Also what is taken, to wait for it').check();
    await all.getByText('class: 0 of 3 places left').waitFor();
    await button(all, /^Wait .* 6:00 PM/).click();
    await other.getByRole('region', { name: 'Waiting list' }).getByText(/6:00 PM with Tom Reed/).waitFor();
    await place.getByText('3 of 3').waitFor();
    const [{ reason, delta }] = await studio.sql("SELECT reason, delta FROM studio.swan_ledger WHERE kind = 'cancellation' ORDER BY id DESC LIMIT 1");
    assert.deepEqual([reason, delta], ['He is ill', 1]);
    assert.equal((await studio.sql('SELECT count(*)::integer AS places FROM studio.sessions WHERE class_id = $1 AND user_id = $2 AND status = $3', [id, amir, 'scheduled']))[0].places, 1);
  });

  test('a week in which the clocks change', async () => {
    // In New York 1:30 is there twice on 2026-11-01, or on the first Sunday of another November that is to come.
    const [{ sunday }] = await studio.sql(`SELECT to_char(day, 'YYYY-MM-DD') AS sunday FROM generate_series(now(), now() + interval '13 months', '1 day') day
      WHERE extract(month FROM day) = 11 AND extract(isodow FROM day) = 7 AND extract(day FROM day) <= 7 LIMIT 1`);
    for (const hour of ['05:30', '06:30']) await studio.sql('SELECT swan_open($1, $2::timestamptz, 30)', [tom, `${sunday} ${hour}+00`]);
    const [{ saturday }] = await studio.sql("SELECT to_char($1::date - 1, 'YYYY-MM-DD') AS saturday", [sunday]);
    const id = await studio.slot(`${saturday} 9:30`), window = await browser.window(ada, scheduleOf(sunday));
    const cell = window.locator(`[data-cell='${sunday} 1']`);
    await cell.getByRole('button').nth(1).waitFor();
    assert.deepEqual(await cell.locator('.when').allTextContents(), ['1:30 AM EDT', '1:30 AM EST']);
    await window.getByText(/the clocks change on Sun, Nov/).waitFor();

    // A day further its time by the clock is the same, 25 hours later.
    await in_(window, saturday, 9, id).dragTo(window.locator(`[data-cell='${sunday} 9']`));
    await in_(window, sunday, 9, id).getByText('9:30 AM EST').waitFor();
    assert.equal(await at(id), `${sunday} 09:30`);
  });

  test('a trainer has his own view, and what he may not do is not there', async () => {
    const when = await studio.day(12), [mine, his] = [await studio.slot(`${when} 9:00`), await studio.slot(`${when} 9:00`, { trainer: maya })];
    await studio.post(jane, `/api/sessions/book/${jane}`, { sessionId: mine });
    const window = await browser.window(tom, `/dashboard/trainer?day=${when}&view=day`);
    await window.getByRole('navigation').waitFor();
    assert.deepEqual(await window.getByRole('navigation').getByRole('link').allTextContents(), ['My schedule', 'My clients']);
    await entry(window, mine).getByText('Jane Roe').waitFor();
    assert.equal(await entry(window, his).count(), 0);
    await entry(window, mine).click();
    await button(window, 'Confirm').click();
    await entry(window, mine).getByText('Confirmed').waitFor();
    await window.getByRole('link', { name: 'My clients' }).click();
    await window.getByRole('row', { name: /Jane Roe/ }).waitFor();
    assert.equal(await button(window, /Add Sessions/).count(), 0);
    await button(window, 'Details of Jane Roe').click();
    await window.getByRole('dialog').getByRole('region', { name: 'Statement' }).waitFor();

    await studio.sql("SELECT swan_configure('trainer_may', 'complete')");
    const less = await browser.window(tom, `/dashboard/trainer?day=${when}`);
    await entry(less, mine).click();
    await less.getByRole('region', { name: 'Session count' }).waitFor();
    assert.equal(await button(less, 'Cancel booking').count(), 0);
    assert.equal(await less.getByRole('form', { name: 'Move' }).count(), 0);
    assert.equal(await entry(less, mine).getAttribute('draggable'), 'false');
    await button(less, 'Open or block time').click();
    assert.deepEqual(await less.getByLabel('What').locator('option').allTextContents(), ['Blocked time']);
    await studio.sql("SELECT swan_configure('trainer_may', 'open, request, book, complete, cancel')");
    for (const one of [window, less]) assert.deepEqual(one.problems, []);
  });

  test('what has begun by now can be completed, without anything done', async () => {
    const [{ id }] = await studio.sql("SELECT swan_open::integer AS id FROM swan_open($1, date_trunc('minute', now()) + '10 minutes')", [maya]);
    await studio.post(jane, `/api/sessions/book/${jane}`, { sessionId: id });
    const window = await browser.window(null, '/');
    await window.clock.install();
    await browser.login(window, maya);
    await window.goto('/dashboard/trainer');
    const completed = button(window.getByRole('region', { name: 'Today' }), /^Completed Jane Roe/);
    await button(window.getByRole('region', { name: /Today|To be settled/ }), /^Confirm Jane Roe/).first().waitFor();
    assert.equal(await completed.count(), 0);
    await window.clock.fastForward('11:00');
    await completed.waitFor();
  });

  test('on a phone of 360 pixels a slot is chosen, booked and moved', async () => {
    const when = await studio.day(13), id = await studio.slot(`${when} 9:00`);
    const window = await browser.window(ada, scheduleOf(when), { size: 'phone' });
    await entry(window, id).click();
    const found = window.getByLabel('Client', { exact: true }).locator('option');
    await window.getByLabel('Find a client').fill('amir');
    await shows(found, `Amir Baker (${await studio.available(amir)} sessions)`);
    await window.getByLabel('Find a client').fill('jane');
    await window.getByLabel('Find a client').press('Enter');            // sooner than the list can know her
    await shows(found, `Jane Roe (${await studio.available(jane)} sessions)`);
    await window.getByRole('button', { name: 'Book', exact: true }).click();
    await window.getByRole('region', { name: 'Session count' }).waitFor();
    await window.getByRole('form', { name: 'Move' }).getByLabel('Time').fill('10:00');
    await button(window.getByRole('form', { name: 'Move' }), 'Move').click();
    await in_(window, when, 10, id).getByText('Jane Roe').waitFor();
    await button(window, 'Close').first().click();
    assert.equal(await window.evaluate(() => document.activeElement.id), `entry-${id}`);
    assert(await window.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the phone');
  });
});
