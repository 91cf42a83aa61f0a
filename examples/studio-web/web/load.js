// What a part of the page shows, loaded again whenever an event says that it may have changed.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { subscribe } from './events.js';

const always = () => true;
const PAUSE = 120;     // many events at once, as of a series, are one reason to load

// `load` is a function that answers with a promise; it is called anew when one of `inputs` changes. Answers
// { data, error, since, loading, reload, change }: data stays what it was last while it is out of date, and then there is
// an error beside it; but what belongs to other inputs does not outlive an error. `loading` is of the first time, and after
// other inputs. `change` shows something at once that the server has not confirmed yet.
export function useLoad(load, inputs, matters = always) {
  const [state, setState] = useState({ loading: true });
  const current = useRef({ turn: 0 });
  current.current.load = load;
  current.current.matters = matters;

  const reload = useCallback(async () => {
    const turn = ++current.current.turn;
    try {
      const data = await current.current.load();
      if (turn === current.current.turn) setState({ data, since: new Date() });
    } catch (error) {
      if (turn === current.current.turn) setState(({ data, since, loading }) => (loading ? { error } : { data, since, error }));
    }
  }, []);

  useEffect(() => {
    setState(({ data, since }) => ({ data, since, loading: true }));
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

// Loads again every minute what changes by itself as time goes by: what has begun, and until when something is free.
export function useMinutes(reload) {
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) reload(); }, 60e3);
    return () => clearInterval(timer);
  }, []);
}
