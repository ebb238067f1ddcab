// What can wait is drawn a frame after the rest, so that the first frame comes at once.

import { useEffect, useState } from "preact/hooks";

/** False in the first frame, true from the next one on. */
export function useLater(): boolean {
  const [isLater, setLater] = useState(false);
  useEffect(() => {
    // Without frames there is nobody who waits for the first one.
    const timer = setTimeout(() => setLater(true), 100);
    const frame = requestAnimationFrame(() => requestAnimationFrame(() => setLater(true)));
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
  }, []);
  return isLater;
}
