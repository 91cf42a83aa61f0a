// The address says which page is shown.
import { useEffect, useState } from 'preact/hooks';

const here = () => location.pathname + location.search;
const changed = () => dispatchEvent(new Event('popstate'));

export function go(path, { replace = false } = {}) {
  if (path === here()) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', path);
  changed();
}

// The path, and the parameters behind it.
export function usePlace() {
  const [place, set] = useState(here);
  useEffect(() => {
    const look = () => set(here());
    addEventListener('popstate', look);
    return () => removeEventListener('popstate', look);
  }, []);
  const { pathname, searchParams } = new URL(place, location.origin);
  return { path: pathname, parameters: searchParams };
}

// Other parameters for the page that is shown; those that are empty are left out. The way back leads to those of before.
export function setParameters(some, how) {
  const next = new URL(location.href);
  for (const [name, value] of Object.entries(some))
    if (value == null || value === '') next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  go(next.pathname + next.search, how);
}

export function Link({ to, children, ...more }) {
  const follow = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button > 0) return;
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={follow} {...more}>{children}</a>;
}
