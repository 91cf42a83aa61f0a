// Short words on what has been done, read aloud, and gone after a while.
import { useEffect, useState } from 'preact/hooks';
import { Button } from './button.jsx';

let show = () => {};
let count = 0;

export const toast = (title, text) => show({ id: ++count, title, text });

export function Toasts() {
  const [list, setList] = useState([]);
  const drop = (id) => setList((before) => before.filter((one) => one.id !== id));
  useEffect(() => {
    show = (one) => {
      setList((before) => [...before.slice(-1), one]);
      setTimeout(() => drop(one.id), 10000);
    };
    return () => { show = () => {}; };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {list.map(({ id, title, text }) => (
        <div class="toast" key={id}>
          <p><strong>{title}</strong> {text}</p>
          <Button aria-label="Close this message" onClick={() => drop(id)}>×</Button>
        </div>
      ))}
    </div>
  );
}
