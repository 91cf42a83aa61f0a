// Where the focus goes when what had it goes away: to the heading of the part of the page that it was in.
import { useLayoutEffect, useRef } from 'preact/hooks';

function toHeading(home) {
  if (document.activeElement !== document.body) return;         // somebody has given it to something else
  const place = home?.isConnected ? home : document.getElementById('content');
  const heading = place?.querySelector('h2, h3') ?? document.querySelector('h1');
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus();
}

// A ref for an element that may vanish while it has the focus.
export function useFocusKept() {
  const element = useRef(null);
  useLayoutEffect(() => {
    const here = element.current;
    return () => {
      if (document.activeElement !== here) return;
      const home = here.closest('aside, dialog, section');
      requestAnimationFrame(() => toHeading(home));
    };
  }, []);
  return element;
}
