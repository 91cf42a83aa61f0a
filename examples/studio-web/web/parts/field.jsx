// A control with its label.
import { useId } from 'preact/hooks';

export function Field({ label, type = 'text', change, children, ...more }) {
  const id = useId();
  const on = { onInput: (event) => change(event.currentTarget.value) };
  return (
    <p class="field">
      <label for={id}>{label}</label>
      {type === 'select' ? <select id={id} {...on} {...more}>{children}</select> : <input id={id} type={type} {...on} {...more} />}
    </p>
  );
}

export function Check({ label, checked, change }) {
  const id = useId();
  return (
    <p class="check"><input id={id} type="checkbox" checked={checked} onInput={(event) => change(event.currentTarget.checked)} /><label for={id}>{label}</label></p>
  );
}

// A day and a time of day by the studio's clocks, and how long.
export function When({ value: { day, time, minutes }, change, ...more }) {
  const set = (name) => (value) => change({ day, time, minutes, [name]: value });
  return (
    <>
      <Field label="Day" type="date" required value={day} change={set('day')} {...more} />
      <Field label="Time" type="time" required value={time} change={set('time')} {...more} />
      {minutes !== undefined && <Field label="Minutes" type="number" required min="5" max="1440" value={minutes} change={set('minutes')} {...more} />}
    </>
  );
}
