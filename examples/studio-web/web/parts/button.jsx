// A button. While what it does is under way it is not disabled, which would take the focus from it: it only does nothing, and does
// not submit its form, by Enter in a field either.
import { useFocusKept } from '../focus.js';

export function Button({ busy = false, main = false, type = 'button', onClick, children, ...more }) {
  const element = useFocusKept();
  const press = (event) => {
    if (!busy) return onClick?.(event);
    event.preventDefault();
    return undefined;
  };
  return (
    <button ref={element} type={type} class={main ? 'main' : undefined} aria-disabled={busy || undefined} onClick={press} {...more}>{children}</button>
  );
}
