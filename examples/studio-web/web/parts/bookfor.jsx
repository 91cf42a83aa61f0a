// Books an open slot for a client, who is found by his name.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { getPage, post, url } from '../api.js';
import { useDebounced } from '../debounce.js';
import { useLoad } from '../load.js';
import { nameOf, sessions } from '../words.js';
import { Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function BookFor({ sessionId }) {
  const [search, setSearch] = useState(''), [client, setClient] = useState('');
  const settled = useDebounced(search.trim(), 300);
  const { data } = useLoad(() => getPage(url('/api/sessions/clients', { search: settled, limit: 20 })), [settled]);
  const [book, { busy, error }] = useAction((key, userId) => post(`/api/sessions/book/${userId}`, { sessionId }, key));
  const rows = data?.rows ?? [];
  const chosen = rows.some(({ id }) => id === Number(client)) ? client : String(rows[0]?.id ?? '');

  async function submit(event) {
    event.preventDefault();
    const answer = await book(chosen);
    if (answer) toast('Success', answer.message);
  }

  return (
    <form class="bookfor" onSubmit={submit} aria-label="Book for a client">
      <Field label="Find a client" type="search" value={search} change={setSearch} />
      <Field label="Client" type="select" required value={chosen} change={setClient}>
        {rows.map((row) => <option key={row.id} value={row.id}>{nameOf(row)} ({sessions(row.availableSessions)})</option>)}
      </Field>
      <Refused error={error} />
      <p class="buttons"><button class="main" disabled={busy || !chosen}>Book</button></p>
    </form>
  );
}
