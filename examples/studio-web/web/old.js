// Which parts of the page show something that may not be so any more. The page has one word for all of them.
import { useEffect, useState } from 'preact/hooks';

const parts = new Set(), watchers = new Set();
const tell = () => watchers.forEach((watcher) => watcher([...parts]));

// A part says since when, why, and how it can be loaded again; and ends it by what this answers.
export function isOld(part) {
  parts.add(part);
  tell();
  return () => {
    parts.delete(part);
    tell();
  };
}

export function useOld() {
  const [some, set] = useState([...parts]);
  useEffect(() => {
    watchers.add(set);
    set([...parts]);
    return () => watchers.delete(set);
  }, []);
  return some;
}
