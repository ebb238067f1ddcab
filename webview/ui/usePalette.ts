// The theme's colours for the canvases, read again when the theme changes.

import { useLayoutEffect, useState } from "preact/hooks";
import { onThemeChange, type Palette, readPalette } from "../draw/palette";

export function usePalette(): Palette {
  const [palette, setPalette] = useState(() => readPalette(document.body));
  useLayoutEffect(() => {
    let isPending = false;
    return onThemeChange(() => {
      // VS Code rewrites several attributes in a row.
      if (isPending) return;
      isPending = true;
      queueMicrotask(() => {
        isPending = false;
        setPalette(readPalette(document.body));
      });
    });
  }, []);
  return palette;
}
