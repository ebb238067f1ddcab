// Colours that only the timeline has, beside those of all canvases.

import type { Palette } from "../draw/palette";

export interface TimelinePalette extends Palette {
  readonly burst: string;
  readonly burstText: string;
  readonly selection: string;
  readonly group: string;
  readonly risk: string;
  readonly synced: string;
  readonly saved: string;
  readonly recoveredGround: string;
  /** How much of a bar's colour its ground has: text is read on it. */
  readonly barGround: number;
  readonly isHighContrast: boolean;
}

export function timelinePalette(palette: Palette, element: HTMLElement): TimelinePalette {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const isHighContrast = palette.outline !== "";
  return {
    ...palette,
    burst: color("--tk-burst"),
    burstText: color("--tk-foreground"),
    selection: color("--tk-focus"),
    group: color("--tk-group"),
    risk: color("--tk-risk"),
    synced: color("--tk-passed"),
    saved: color("--tk-info"),
    recoveredGround: color("--tk-warning"),
    barGround: isHighContrast ? 0 : 0.42,
    isHighContrast,
  };
}
