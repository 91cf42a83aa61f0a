// Cancels a booking for the studio: why, whether the client has his session back, and whether others can have the time.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { showMoment } from '../time.js';
import { useWho } from '../who.js';
import { Button } from './button.jsx';
import { DialogForm } from './dialog.jsx';
import { Check, Field } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

function Form({ entry: { id, clientName, sessionDate }, close }) {
  const { may } = useWho();
  const [reason, setReason] = useState(''), [returned, setReturned] = useState(true), [reopen, setReopen] = useState(true);
  const [cancel, { busy, error }] = useAction((key, body) => post(`/api/sessions/${id}/cancel`, body, key));

  async function submit() {
    const answer = await cancel({ reason: reason.trim() || null, reopen, returnCredit: returned ? null : false });
    if (!answer) return;
    toast('Success', answer.message);
    close();
  }

  return (
    <DialogForm title={`Cancel the booking of ${clientName}`} close={close} submit={submit} busy={busy} label="Cancel booking">
      <p>{showMoment(sessionDate)}</p>
      <Field label="Reason" maxLength="255" value={reason} change={setReason} />
      {may('return') && <Check label="The client has the session back" checked={returned} change={setReturned} />}
      <Check label="Others can book this time" checked={reopen} change={setReopen} />
      <Refused error={error} />
    </DialogForm>
  );
}

export function Cancel({ entry, of }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)} aria-label={of && `Cancel booking ${of}`}>Cancel booking</Button>
      {open && <Form entry={entry} close={() => setOpen(false)} />}
    </>
  );
}
