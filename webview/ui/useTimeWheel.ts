// The wheel over something that shows time: zooms about the time under the pointer, moves where it turns sideways.

import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
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
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const shown = panel.timeView.range(scale);
      const point = drawnAtX(event.clientX - target.getBoundingClientRect().left);
      const inside = Math.min(shown.to, Math.max(shown.from, point));
      panel.timeView.set(
        scale,
        wheelRange(scale, shown, inside, { deltaX: event.deltaX, deltaY: event.deltaY, pxPerMs }),
      );
      panel.changed();
    };
    // Not passive, which listeners set as properties are: nothing else must scroll.
    target.addEventListener("wheel", onWheel, { passive: false });
    return () => target.removeEventListener("wheel", onWheel);
  });
}
