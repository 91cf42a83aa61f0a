// Says that what is shown is not of now, and since when.
import { useOld } from '../old.js';
import { showTime } from '../time.js';
import { Button } from './button.jsx';

export function Old() {
  const parts = useOld();
  const [first] = parts.toSorted((a, b) => a.since - b.since);
  return (
    <div class={first ? 'old' : undefined} role="status">
      {first && (
        <>
          <span>{first.why} Out of date: as it was at {showTime(first.since)}.</span>
          <Button onClick={() => parts.forEach(({ reload }) => reload())}>Try again</Button>
        </>
      )}
    </div>
  );
}
