// Add Sessions: shown at once, and corrected if the server says otherwise.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { nameOf } from '../words.js';
import { DialogForm } from './dialog.jsx';
import { Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function AddSessions({ client, most, shown, close }) {
  const [count, setCount] = useState('5'), [reason, setReason] = useState('');
  const [add, { busy, error }] = useAction((key, sessionCount, why) =>
    post('/api/sessions/add-to-user', { userId: client.id, sessionCount, reason: why || 'Admin added sessions' }, key));

  async function submit() {
    const before = client.availableSessions;
    shown(before + Number(count));
    const answer = await add(Number(count), reason.trim());
    shown(answer ? answer.availableSessions : before);
    if (!answer) return;
    toast('Success', answer.message);
    close();
  }

  return (
    <DialogForm title={`Add sessions to ${nameOf(client)}`} close={close} submit={submit} busy={busy}
      label={`Add ${count || 0} ${count === '1' ? 'Session' : 'Sessions'}`}>
      <p>Available now: <strong>{client.availableSessions}</strong></p>
      <Field label="Sessions" type="number" min="1" max={most} step="1" required value={count} change={setCount} />
      <Field label="Reason" maxLength="255" value={reason} change={setReason} placeholder="Admin added sessions" />
      <Refused error={error} />
    </DialogForm>
  );
}
