// New time in a trainer's calendar: slots, a class, or time that he keeps for himself; once, or the same time each week.
import { useState } from 'preact/hooks';
import { useAction } from '../action.js';
import { post } from '../api.js';
import { useWho } from '../who.js';
import { DialogForm } from './dialog.jsx';
import { Field, When } from './field.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

const KINDS = { slot: 'Open slot', class: 'Class', blocked: 'Blocked time' };
const SAID = { slot: ['slot', 'slots'], class: ['class', 'classes'], blocked: ['blocked time', 'blocked times'] };

export function Opening({ trainers, start, close }) {
  const { may } = useWho();
  const [kind, setKind] = useState(may('open') ? 'slot' : 'blocked'), [when, setWhen] = useState({ ...start, minutes: '60' });
  const [trainer, setTrainer] = useState(start.trainerId), [repeat, setRepeat] = useState('1');
  const [places, setPlaces] = useState('8'), [reason, setReason] = useState('');
  const [open, { busy, error }] = useAction((key, path, body) => post(path, body, key));

  async function submit() {
    const answer = await open(`/api/sessions/${kind === 'blocked' ? 'block' : 'open'}`, {
      trainerId: Number(trainer), at: `${when.day} ${when.time}`, duration: Number(when.minutes), repeat: Number(repeat),
      ...(kind === 'class' && { places: Number(places) }), ...(kind === 'blocked' && reason.trim() && { reason: reason.trim() }) });
    if (!answer) return;
    const { length } = answer.sessionIds;
    toast('Success', `${length} ${SAID[kind][length === 1 ? 0 : 1]} in the calendar.`);
    close();
  }

  return (
    <DialogForm title="Open or block time" close={close} submit={submit} busy={busy} label={kind === 'blocked' ? 'Block' : 'Open'}>
      <Field label="What" type="select" value={kind} change={setKind}>
        {Object.entries(KINDS).filter(([one]) => one === 'blocked' || may('open')).map(([one, label]) => <option key={one} value={one}>{label}</option>)}
      </Field>
      <Field label="Trainer" type="select" value={trainer} change={setTrainer}>
        {trainers.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </Field>
      <When value={when} change={setWhen} />
      {kind === 'class' && <Field label="Places" type="number" required min="2" max="500" value={places} change={setPlaces} />}
      {kind === 'blocked' && <Field label="Reason" maxLength="255" value={reason} change={setReason} />}
      <Field label="Weeks, one after the other" type="number" required min="1" max="52" value={repeat} change={setRepeat} />
      <Refused error={error} />
    </DialogForm>
  );
}
