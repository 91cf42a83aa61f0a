// How a part of a page says that it is loading, empty, refused, offline or out of date, and goes on.
import { useHears } from '../events.js';
import { showTime } from '../time.js';

export const Loading = ({ what }) => <p class="state loading" role="status">Loading {what} …</p>;

export const Empty = ({ children }) => <p class="state">{children}</p>;

export function Failed({ error, again }) {
  return (
    <div class="state failed" role="alert">
      <p>{error.message}</p>
      {error.status !== 403 && <button type="button" onClick={again}>Try again</button>}
    </div>
  );
}

// What is shown of a useLoad(): its data, and a word where they are not there, or not of now.
export function Loaded({ of: { data, error, since, loading, reload }, what, empty, children }) {
  const hears = useHears();
  if (data === undefined) return error ? <Failed error={error} again={reload} /> : <Loading what={what} />;
  const old = error || !hears;
  return (
    <div class={loading ? 'loaded busy' : 'loaded'} aria-busy={loading}>
      {old && (
        <div class="old" role="status">
          <span>{error && error.status > 0 && error.status < 500 ? error.message : 'Offline'}. Out of date: as it was at {showTime(since)}.</span>
          <button type="button" onClick={reload}>Try again</button>
        </div>
      )}
      {empty && (data.rows ?? data).length === 0 ? <Empty>{empty}</Empty> : children(data)}
    </div>
  );
}

// The sentence of what was refused, beside the button.
export const Refused = ({ error }) => (error ? (
  <p class="refused" role="alert">{error.message}{error.unanswered && ' It is safe to press the button again: it will be done once.'}</p>
) : null);
