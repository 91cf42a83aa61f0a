// Something that somebody wants done: once, however often he presses the button, and again with the same key when no answer came.
import { useRef, useState } from 'preact/hooks';
import { newKey } from './api.js';

// `act(key, ...)` is the request. Answers [run, { busy, error, clear }]; run gives the answer, or undefined if there is none.
export function useAction(act) {
  const [state, setState] = useState({ busy: false, error: null });
  const key = useRef(null), underWay = useRef(false), said = useRef('');

  async function run(...what) {
    if (underWay.current) return undefined;
    underWay.current = true;
    const now = JSON.stringify(what);
    if (now !== said.current) key.current = null;       // something else is wanted by now
    said.current = now;
    key.current ??= newKey();
    setState({ busy: true, error: null });
    try {
      const answer = await act(key.current, ...what);
      key.current = null;
      setState({ busy: false, error: null });
      return answer;
    } catch (error) {
      if (!error.unanswered) key.current = null;
      setState({ busy: false, error });
      return undefined;
    } finally {
      underWay.current = false;
    }
  }

  return [run, { ...state, clear: () => setState({ busy: false, error: null }) }];
}
