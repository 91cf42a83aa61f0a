// A dialog over the page: Escape closes it, and the focus goes back to where it was. One that is tall does not grow with what it loads.
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button.jsx';

export function Dialog({ title, close, tall, children }) {
  const element = useRef(null), id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement, dialog = element.current;
    dialog.showModal();
    return () => { dialog.close(); before?.focus?.(); };
  }, []);
  return (
    <dialog ref={element} class={tall ? 'tall' : undefined} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); close(); }} onClose={(event) => { if (event.target.isConnected) close(); }}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button aria-label="Close" onClick={close}>×</Button>
      </header>
      {children}
    </dialog>
  );
}

// The form of a dialog, with its buttons: what it does, and Close.
export function DialogForm({ title, close, submit, label, busy, children }) {
  const send = (event) => {
    event.preventDefault();
    submit();
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={send}>
        {children}
        <p class="buttons">
          <Button type="submit" main busy={busy}>{label}</Button>
          <Button onClick={close}>Close</Button>
        </p>
      </form>
    </Dialog>
  );
}
