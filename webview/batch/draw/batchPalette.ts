// The colours of the batch's canvases, read from the page's style so that they are the theme's.

import { type BatchStatus, batchStatuses } from "../../../src/trace/batch/batchRecord";
import { type CellLook, cellLooks } from "../layout/cellLook";

export interface BatchPalette {
  readonly looks: Readonly<Record<CellLook, string>>;
  readonly statuses: Readonly<Record<BatchStatus, string>>;
  readonly background: string;
  readonly text: string;
  readonly dimText: string;
  readonly grid: string;
  readonly running: string;
  readonly failed: string;
  readonly isHighContrast: boolean;
  readonly font: string;
}

export function readBatchPalette(element: HTMLElement): BatchPalette {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    looks: Object.fromEntries(cellLooks.map((look) => [look, color(`--tk-run-${look}`)])) as Record<CellLook, string>,
    statuses: Object.fromEntries(batchStatuses.map((status) => [status, color(`--tk-status-${status}`)])) as Record<
      BatchStatus,
      string
    >,
    background: color("--tk-background"),
    text: color("--tk-foreground"),
    dimText: color("--tk-dim"),
    grid: color("--tk-grid"),
    running: color("--tk-running"),
    failed: color("--tk-failed"),
    isHighContrast:
      element.classList.contains("vscode-high-contrast") ||
      element.classList.contains("vscode-high-contrast-light") ||
      matchMedia("(forced-colors: active)").matches,
    font: `11px ${style.fontFamily}`,
  };
}
