// Takes credits back, of one pack or of all of them.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { nameOf, sessions } from '../words.js';
import { DialogForm } from './dialog.jsx';
import { Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function TakeBack({ client, shown, close }) {
  const [count, setCount] = useState('1'), [reason, setReason] = useState('');
  const [take, { busy, error }] = useAction((key, sessionCount, why) =>
    post('/api/sessions/revoke-from-user', { userId: client.id, sessionCount, reason: why }, key));

  async function submit() {
    const answer = await take(Number(count), reason.trim() || null);
    if (!answer) return;
    shown(answer.availableSessions);
    const less = answer.shortfall > 0 ? ` ${sessions(answer.shortfall)} could not be: there were no more.` : '';
    toast('Success', `${sessions(answer.removed)} taken back from ${nameOf(client)}. Total available: ${answer.availableSessions}.${less}`);
    close();
  }

  return (
    <DialogForm title={`Take sessions back from ${nameOf(client)}`} close={close} submit={submit} busy={busy} label="Take back">
      <p>Available now: <strong>{client.availableSessions}</strong></p>
      <Field label="Sessions" type="number" min="1" step="1" required value={count} change={setCount} />
      <Field label="Reason" maxLength="255" required value={reason} change={setReason} />
      <Refused error={error} />
    </DialogForm>
  );
}
