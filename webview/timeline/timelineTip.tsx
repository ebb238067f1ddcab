// What the timeline says beside the pointer: of a step what its bar in the tree says, of what cannot be told apart how much
// it is, of a burst its name.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { BarTip } from "../ui/barTip";

export type TimelineTipTarget =
  | { readonly type: "row"; readonly row: number; readonly x: number; readonly y: number }
  | {
      readonly type: "words";
      readonly title: string;
      readonly lines: readonly string[];
      readonly x: number;
      readonly y: number;
    };

export function TimelineTip({ panel, picture, target }: { panel: Panel; picture: Picture; target: TimelineTipTarget }) {
  if (target.type === "row") return <BarTip panel={panel} picture={picture} target={target} />;
  return <WordsTip {...target} />;
}

function WordsTip({ title, lines, x, y }: Extract<TimelineTipTarget, { type: "words" }>) {
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
      <div class="tip-title">{title}</div>
      {lines.map((line) => (
        <div key={line} class="dim">
          {line}
        </div>
      ))}
    </div>
  );
}
