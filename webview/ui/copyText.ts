// A text that is in the page, to the clipboard. The browser's own serves, because the panel has the focus.

export function copyText(value: string): void {
  navigator.clipboard.writeText(value).catch(() => undefined);
}
