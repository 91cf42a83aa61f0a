import { STATUSES } from '../words.js';

export const Legend = () => (
  <ul class="legend" aria-label="What the signs mean">
    {Object.entries(STATUSES).map(([kind, { sign, name }]) => <li key={kind}><span class={`sign ${kind}`} aria-hidden="true">{sign}</span>{name}</li>)}
  </ul>
);
