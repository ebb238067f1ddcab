// Device px of a CSS px, which change when the window is zoomed or moves to another screen.

import { useEffect, useState } from "preact/hooks";
import { devicePixelRatio } from "../draw/canvas";

export function usePixelRatio(): number {
  const [ratio, setRatio] = useState(devicePixelRatio);
  useEffect(() => {
    const query = matchMedia(`(resolution: ${ratio}dppx)`);
    const onChange = () => setRatio(devicePixelRatio());
    query.addEventListener("change", onChange);
    // It may have changed before anybody listened.
    onChange();
    return () => query.removeEventListener("change", onChange);
  }, [ratio]);
  return ratio;
}
