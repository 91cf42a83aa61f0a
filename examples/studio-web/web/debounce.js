// A value once it has stayed the same for a while: what somebody has typed, not each letter of it.
import { useEffect, useRef, useState } from 'preact/hooks';

export function useDebounced(value, ms, then = () => {}) {
  const [settled, set] = useState(value);
  const after = useRef(then);
  after.current = then;
  useEffect(() => {
    if (value === settled) return undefined;
    const timer = setTimeout(() => { after.current(); set(value); }, ms);
    return () => clearTimeout(timer);
  }, [value, settled]);
  return settled;
}
