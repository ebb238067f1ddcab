// What a bar says when the pointer is over its row: when it began and ended, and how long it took.

import { useLayoutEffect, useRef } from "preact/hooks";
import { formatOffset } from "../../src/trace/formatValue";
import { durationText, formatDateTime } from "../format";
import type { Panel } from "../model/panel";
import { rowDuration } from "../model/rowDuration";
import type { Picture } from "../model/traceModel";
import { stringAt } from "../model/traceModel";
import { text } from "../text";

export interface TipTarget {
  readonly row: number;
  /** Pointer, in CSS px of the page. */
  readonly x: number;
  readonly y: number;
}

export function BarTip({ panel, picture, target }: { panel: Panel; picture: Picture; target: TipTarget }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { width, height } = element.getBoundingClientRect();
    const left = Math.min(target.x + 14, innerWidth - width - 4);
    const below = target.y + 18;
    const top = below + height > innerHeight - 4 ? target.y - height - 10 : below;
    element.style.left = `${Math.max(4, left)}px`;
    element.style.top = `${Math.max(4, top)}px`;
  });
  const { columns } = picture.model;
  const { times } = picture;
  const { row } = target;
  const start = times.startMs[row] ?? Number.NaN;
  const end = times.endMs[row] ?? Number.NaN;
  const duration = rowDuration(picture.model, times, row);
  const zone = panel.header?.timeZone ?? "UTC";
  return (
    <div ref={box} class="tip" aria-hidden="true">
      <div class="tip-title">
        {stringAt(columns, "name", row)} <span class="dim">{stringAt(columns, "label", row)}</span>
      </div>
      <div class="tip-facts">
        <b>{durationText(duration)}</b>
        <span>
          {formatOffset(start - times.firstMs)}
          {duration.type === "known" && ` → ${formatOffset(end - times.firstMs)}`}
          {duration.type === "elapsed" && ` → ${text("now")}`}
        </span>
      </div>
      <div class="dim">
        {formatDateTime(start, zone)} {zone}
      </div>
    </div>
  );
}
