// A dialog over the page: Escape closes it, and the focus goes back to where it was.
import { useEffect, useId, useRef } from 'preact/hooks';

export function Dialog({ title, close, children }) {
  const element = useRef(null), id = useId();
  useEffect(() => {
    const before = document.activeElement, dialog = element.current;
    dialog.showModal();
    return () => { dialog.close(); before?.focus?.(); };
  }, []);
  return (
    <dialog ref={element} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); close(); }}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" aria-label="Close" onClick={close}>×</button>
      </header>
      {children}
    </dialog>
  );
}
