// A box beside the pointer that is kept within the page.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export function Tip({ x, y, children }: { x: number; y: number; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { width, height } = element.getBoundingClientRect();
    const below = y + 18;
    element.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 4))}px`;
    element.style.top = `${Math.max(4, below + height > innerHeight - 4 ? y - height - 10 : below)}px`;
  });
  return (
    <div ref={box} class="tip tip-words" aria-hidden="true">
      {children}
    </div>
  );
}
