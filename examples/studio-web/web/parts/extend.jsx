// Lets a pack end at another time; what has expired of it comes back.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { showDateAndYear, wall } from '../time.js';
import { DialogForm } from './dialog.jsx';
import { Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function Extend({ pack, name, close }) {
  const [day, setDay] = useState(pack.expiresAt ? wall(pack.expiresAt).day : ''), [reason, setReason] = useState('');
  const [extend, { busy, error }] = useAction((key, body) => post(`/api/sessions/extend-credits/${pack.lotId}`, body, key));

  async function submit() {
    const answer = await extend({ expiresAt: day ? `${day} 23:59:59` : null, reason: reason.trim() || null });
    if (!answer) return;
    const { expiresAt } = answer.data;
    toast('Success', `${name} ${expiresAt ? `is good until ${showDateAndYear(expiresAt)}` : 'does not expire'}.`);
    close();
  }

  return (
    <DialogForm title={`When ${name} ends`} close={close} submit={submit} busy={busy} label="Save">
      <Field label="Last day; none: it does not expire" type="date" value={day} change={setDay} />
      <Field label="Reason" maxLength="255" value={reason} change={setReason} />
      <Refused error={error} />
    </DialogForm>
  );
}
