// What the server says has changed, for all parts of the page. The browser comes back by itself when the stream ends, and says
// how far it was; the server then sends what was missed.
import { useEffect, useState } from 'preact/hooks';
import { get } from './api.js';

const listeners = new Set();      // of events
const watchers = new Set();       // of whether we hear
let source = null, hears = true, timer;

const tell = (event) => listeners.forEach((listener) => listener(event));

function nowHears(yes) {
  clearTimeout(timer);
  timer = undefined;
  if (yes === hears) return;
  hears = yes;
  watchers.forEach((watcher) => watcher(yes));
  if (yes) tell({ type: 'reset' });        // what was on the page may be of before
}

// A stream that comes back within two seconds is not worth a word. One that is refused does not come back by itself; it may be that
// the log-in has expired, and an ordinary request says so to everybody.
function lost() {
  timer ??= setTimeout(() => nowHears(false), navigator.onLine ? 2000 : 0);
  if (source?.readyState !== EventSource.CLOSED) return;
  get('/api/auth/me').catch(() => {});
  setTimeout(() => { if (source?.readyState === EventSource.CLOSED) listen(); }, 2000);
}

// Answers when the server has begun to tell: what is asked for from then on misses no change. If that takes long, the page is
// shown all the same, and loaded again then.
export function listen() {
  source?.close();
  source = new EventSource('/api/events');
  source.onopen = () => nowHears(true);
  source.onerror = lost;
  source.addEventListener('change', ({ data }) => tell({ type: 'change', ...JSON.parse(data) }));
  source.addEventListener('slots', () => tell({ type: 'slots' }));
  source.addEventListener('reset', () => tell({ type: 'reset' }));
  return new Promise((resolve) => {
    let shown = false;
    const show = () => { shown = true; resolve(); };
    source.addEventListener('hello', () => { if (shown) tell({ type: 'reset' }); show(); });
    setTimeout(show, 1000);
  });
}

export function stopListening() {
  source?.close();
  source = null;
  clearTimeout(timer);
  timer = undefined;
}

addEventListener('offline', lost);
addEventListener('online', () => { if (source) listen(); });

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Whether this page hears of changes at the moment.
export function useHears() {
  const [yes, set] = useState(hears);
  useEffect(() => {
    watchers.add(set);
    set(hears);
    return () => watchers.delete(set);
  }, []);
  return yes;
}

// Whether an event may change what a person's part of the page shows.
export const concerns = (userId) => ({ type, userId: whose }) => type !== 'change' || whose === undefined || whose === userId;
