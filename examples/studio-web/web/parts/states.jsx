// How a part of a page says that it is loading, empty, refused, offline or out of date, and goes on.
import { useEffect } from 'preact/hooks';
import { useHears } from '../events.js';
import { isOld } from '../old.js';
import { Button } from './button.jsx';

export const Loading = ({ what }) => <p class="state loading" role="status">Loading {what} …</p>;

export const Empty = ({ children }) => <p class="state">{children}</p>;

export function Failed({ error, again }) {
  return (
    <div class="state failed" role="alert">
      <p>{error.message}</p>
      {error.status !== 403 && <Button onClick={again}>Try again</Button>}
    </div>
  );
}

// What is shown of a useLoad(): its data, and a word where they are not there, or not of now.
export function Loaded({ of: { data, error, since, loading, reload }, what, empty, children }) {
  const old = !useHears() || error !== undefined, why = error?.status > 0 && error.status < 500 ? error.message : 'Offline.';
  useEffect(() => (old && data !== undefined ? isOld({ since, why, reload }) : undefined), [old, why, since]);
  if (data === undefined) return error ? <Failed error={error} again={reload} /> : <Loading what={what} />;
  return (
    <div class={loading ? 'loaded busy' : 'loaded'} aria-busy={loading}>
      {empty && (data.rows ?? data).length === 0 ? <Empty>{empty}</Empty> : children(data)}
    </div>
  );
}

// The sentence of what was refused, beside the button.
export const Refused = ({ error }) => (error ? (
  <p class="refused" role="alert">{error.message}{error.unanswered && ' It is safe to press the button again: it will be done once.'}</p>
) : null);
