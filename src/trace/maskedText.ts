// Texts in which a run has masked secrets, for whoever looks for what they said all the same.

/** Stands for a secret, however long it is. */
export const maskText = "•••";

export function isMasked(text: string): boolean {
  return text.includes(maskText);
}

/** Whether the text becomes the masked one where something in it is masked. */
export function fitsMasked(masked: string, text: string): boolean {
  const [start = "", ...rest] = masked.split(maskText);
  const end = rest.pop();
  if (end === undefined) return masked === text;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const piece of rest) {
    // A secret has a letter at least.
    const found = text.indexOf(piece, at + 1);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - end.length > at && text.endsWith(end);
}
