// The wheel over something that shows time: zooms about the time under the pointer, moves where it turns sideways.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { wheelRange } from "../input/stripPointer";
import type { TimeScale } from "../layout/timeScale";
import type { Panel } from "../model/panel";

/**
 * @param drawnAtX the drawn time at so many px from the element's left edge.
 * @param pxPerMs CSS px of a drawn ms within the element.
 */
export function useTimeWheel(
  element: RefObject<HTMLElement | null>,
  panel: Panel,
  scale: TimeScale,
  drawnAtX: (x: number) => number,
  pxPerMs: number,
): void {
  // The listener stays; what it acts on is that of the last drawing.
  const onWheel = useRef<(event: WheelEvent, left: number) => void>(() => {});
  onWheel.current = (event, left) => {
    const shown = panel.timeView.range(scale);
    const inside = Math.min(shown.to, Math.max(shown.from, drawnAtX(event.clientX - left)));
    const { deltaX, deltaY } = event;
    panel.timeView.set(scale, wheelRange(scale, shown, inside, { deltaX, deltaY, pxPerMs }));
    panel.changed();
  };
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const listen = (event: WheelEvent) => {
      event.preventDefault();
      onWheel.current(event, target.getBoundingClientRect().left);
    };
    // Not passive, which listeners set as properties are: nothing else must scroll.
    target.addEventListener("wheel", listen, { passive: false });
    return () => target.removeEventListener("wheel", listen);
  }, [element]);
}
