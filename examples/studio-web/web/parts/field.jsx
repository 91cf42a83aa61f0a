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
