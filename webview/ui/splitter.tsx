// A line between two parts that moves by mouse and by arrow keys; a double click gives the default back.

import { useRef } from "preact/hooks";

export interface SplitterProps {
  readonly label: string;
  /** `vertical`: a line from top to bottom, which moves sideways. */
  readonly orientation: "vertical" | "horizontal";
  /** Size in px of the part before the line, or after it where `reversed`. */
  readonly size: number;
  readonly min: number;
  readonly max: number;
  readonly reversed?: boolean | undefined;
  readonly onResize: (size: number | undefined) => void;
  readonly style?: Record<string, string> | undefined;
}

const keyStepPx = 16;

export function Splitter(props: SplitterProps) {
  const start = useRef<{ pointer: number; size: number } | undefined>(undefined);
  const sign = props.reversed === true ? -1 : 1;
  const isVertical = props.orientation === "vertical";
  const resize = (size: number) => props.onResize(Math.round(Math.min(props.max, Math.max(props.min, size))));
  const pointerAt = (event: PointerEvent) => (isVertical ? event.clientX : event.clientY);
  const onKeyDown = (event: KeyboardEvent) => {
    const less = isVertical ? "ArrowLeft" : "ArrowUp";
    const more = isVertical ? "ArrowRight" : "ArrowDown";
    if (event.key === less) resize(props.size - sign * keyStepPx);
    else if (event.key === more) resize(props.size + sign * keyStepPx);
    else if (event.key === "Home") resize(props.min);
    else if (event.key === "End") resize(props.max);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class={`splitter splitter-${props.orientation}`}
      role="separator"
      tabIndex={0}
      aria-label={props.label}
      aria-orientation={props.orientation}
      aria-valuenow={Math.round(props.size)}
      aria-valuemin={Math.round(props.min)}
      aria-valuemax={Math.round(props.max)}
      style={props.style ?? {}}
      onKeyDown={onKeyDown}
      onDblClick={() => props.onResize(undefined)}
      onPointerDown={(event) => {
        start.current = { pointer: pointerAt(event), size: props.size };
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        if (start.current !== undefined) resize(start.current.size + sign * (pointerAt(event) - start.current.pointer));
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
      onPointerCancel={() => {
        start.current = undefined;
      }}
    />
  );
}
