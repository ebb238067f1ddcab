// The theme's colours for the canvases of a batch, read again when the theme changes.

import { useLayoutEffect, useState } from "preact/hooks";
import { onThemeChange } from "../../draw/palette";
import { type BatchPalette, readBatchPalette } from "../draw/batchPalette";

export function useBatchPalette(): BatchPalette {
  const [palette, setPalette] = useState(() => readBatchPalette(document.body));
  useLayoutEffect(() => {
    let isPending = false;
    return onThemeChange(() => {
      // VS Code rewrites several attributes in a row.
      if (isPending) return;
      isPending = true;
      queueMicrotask(() => {
        isPending = false;
        setPalette(readBatchPalette(document.body));
      });
    });
  }, []);
  return palette;
}
