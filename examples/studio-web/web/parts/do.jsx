// A button that has something done, with what became of it. `once` is for what the database does once without a key, and takes none for.
import { useAction } from '../action.js';
import { post } from '../api.js';
import { Button } from './button.jsx';
import { Refused } from './states.jsx';
import { toast } from './toasts.jsx';

export function Do({ label, of, path, body, said, done = () => {}, main, once }) {
  const [run, { busy, error }] = useAction((key, ...what) => post(what[0], what[1], once ? undefined : key));
  async function press() {
    const answer = await run(path, body);
    if (!answer) return;
    toast('Success', said ?? answer.message);
    done(answer);
  }
  return (
    <>
      <Button main={main} busy={busy} onClick={press} aria-label={of && `${label} ${of}`}>{label}</Button>
      <Refused error={error} />
    </>
  );
}
