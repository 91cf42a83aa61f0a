// What a part of the page shows, loaded again whenever an event says that it may have changed.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { subscribe } from './events.js';

const always = () => true;
const PAUSE = 120;     // many events at once, as of a series, are one reason to load

// `load` is a function that answers with a promise; it is called anew when one of `inputs` changes. Answers
// { data, error, since, loading, reload, change }: data stays what it was last while it is out of date, and then there is
// an error beside it. `change` shows something at once that the server has not confirmed yet.
export function useLoad(load, inputs, matters = always) {
  const [state, setState] = useState({ loading: true });
  const current = useRef({ turn: 0 });
  current.current.load = load;
  current.current.matters = matters;

  const reload = useCallback(async () => {
    const turn = ++current.current.turn;
    setState((before) => ({ ...before, loading: true }));
    try {
      const data = await current.current.load();
      if (turn === current.current.turn) setState({ data, since: new Date() });
    } catch (error) {
      if (turn === current.current.turn) setState(({ data, since }) => ({ data, since, error }));
    }
  }, []);

  // Other inputs, other data: what belongs to the ones before is not shown.
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) setState({ loading: true });
    first.current = false;
    reload();
  }, inputs);

  useEffect(() => {
    let timer;
    const end = subscribe((event) => {
      if (!current.current.matters(event)) return;
      clearTimeout(timer);
      timer = setTimeout(reload, PAUSE);
    });
    return () => { clearTimeout(timer); end(); current.current.turn++; };
  }, []);

  const change = useCallback((how) => setState((before) => before.data === undefined ? before : { ...before, data: how(before.data) }), []);
  return { ...state, reload, change };
}
