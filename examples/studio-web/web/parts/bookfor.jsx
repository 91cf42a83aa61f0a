// Books a slot or a place of a class for a client, who is found by his name, or holds it for him.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { getPage, post, url } from '../api.js';
import { useDebounced } from '../debounce.js';
import { useLoad } from '../load.js';
import { showTime } from '../time.js';
import { nameOf, sessions } from '../words.js';
import { Button } from './button.jsx';
import { Check, Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function BookFor({ sessionId, places = false }) {
  const [search, setSearch] = useState(''), [client, setClient] = useState(''), [guest, setGuest] = useState(false);
  const settled = useDebounced(search.trim(), 300);
  const { data, loading } = useLoad(() => getPage(url('/api/sessions/clients', { search: settled, limit: 20 })), [settled]);
  const [run, { busy, error }] = useAction((key, what, userId, body) => post(`/api/sessions/${what}/${userId}`, { sessionId, ...body }, key));
  // Whom it is for is clear when the list is of what has been typed: whoever is chosen in it, or the only one.
  const rows = data?.rows ?? [], late = loading || search.trim() !== settled;
  const chosen = rows.some(({ id }) => id === Number(client)) ? client : rows.length === 1 ? String(rows[0].id) : '';

  async function book(event) {
    event.preventDefault();
    const answer = await run('book', chosen, places ? { guest } : {});
    if (answer) toast('Success', answer.message);
  }
  async function hold() {
    const answer = await run('hold', chosen);
    if (answer) toast('Success', `Held until ${showTime(answer.hold.until)}.`);
  }

  return (
    <form class="bookfor" onSubmit={book} aria-label="Book for a client">
      <Field label="Find a client" type="search" value={search} change={setSearch} />
      <Field label="Client" type="select" required value={chosen} change={setClient}>
        {rows.length !== 1 && <option value="">{rows.length === 0 ? 'Nobody is called that' : 'Choose a client'}</option>}
        {rows.map((row) => <option key={row.id} value={row.id}>{nameOf(row)} ({sessions(row.availableSessions)})</option>)}
      </Field>
      {places && <Check label="For a guest: one place more than he has" checked={guest} change={setGuest} />}
      <Refused error={error} />
      <p class="buttons">
        <Button type="submit" main busy={busy || late}>Book</Button>
        <Button busy={busy || late || !chosen} onClick={hold}>Hold</Button>
      </p>
    </form>
  );
}
