// The page's clock, frames and turns. A page that is not drawn has no frames; there work goes on by a timer.

import type { FrameClock } from "./slicedWork";

/** After this long no frame is waited for any more. */
const longestWaitMs = 100;

export const frameClock: FrameClock = {
  now: () => performance.now(),
  nextFrame: (run) => {
    let isOver = false;
    const once = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      run();
    };
    const timer = setTimeout(once, longestWaitMs);
    // Absent in tests.
    globalThis.requestAnimationFrame?.(once);
  },
  nextTurn: (run) => {
    // A timer that follows a timer is kept back for some milliseconds.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      run();
    };
    port2.postMessage(undefined);
  },
};
