// The colours of the canvases, read from the page's style so that they are the theme's. Kind and state colours are
// defined in panel.css as `--tk-...`.

import { kindCodes } from "../../src/trace/spanColumns";

export interface Palette {
  /** By kind code. */
  readonly kinds: readonly string[];
  readonly failed: string;
  readonly recovered: string;
  readonly interrupted: string;
  readonly text: string;
  readonly dimText: string;
  readonly grid: string;
  readonly gap: string;
  readonly background: string;
  readonly generations: string;
  readonly others: string;
  readonly now: string;
  /** Outline of bars in high contrast; empty elsewhere. */
  readonly outline: string;
  readonly font: string;
}

export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    kinds: kindCodes.map((kind) => color(`--tk-kind-${kind}`)),
    failed: color("--tk-failed"),
    recovered: color("--tk-recovered"),
    interrupted: color("--tk-interrupted"),
    text: color("--tk-foreground"),
    dimText: color("--tk-dim"),
    grid: color("--tk-grid"),
    gap: color("--tk-gap"),
    background: color("--tk-background"),
    generations: color("--tk-kind-generation"),
    others: color("--tk-kind-tool"),
    now: color("--tk-now"),
    outline: color("--tk-bar-outline"),
    font: `11px ${style.fontFamily}`,
  };
}

/** Calls back whenever the theme changes: VS Code rewrites the variables on <html> and the classes on <body>. */
export function onThemeChange(run: () => void): () => void {
  const observer = new MutationObserver(run);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  const queries = ["(forced-colors: active)", "(prefers-color-scheme: dark)"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", run);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener("change", run);
  };
}
