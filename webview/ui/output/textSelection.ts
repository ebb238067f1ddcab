// The part of the output that the person has marked with the mouse, as lines and places in them.

export interface MarkedText {
  readonly from: number;
  readonly fromOffset: number;
  readonly to: number;
  readonly toOffset: number;
}

/** Undefined where nothing within `list` is marked. */
export function markedText(list: HTMLElement): MarkedText | undefined {
  const selection = list.ownerDocument.getSelection();
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  const first = placeIn(list, range.startContainer, range.startOffset);
  const last = placeIn(list, range.endContainer, range.endOffset);
  if (first === undefined || last === undefined) return undefined;
  return { from: first.line, fromOffset: first.offset, to: last.line, toOffset: last.offset };
}

function placeIn(list: HTMLElement, node: Node, nodeOffset: number): { line: number; offset: number } | undefined {
  const element = node instanceof Element ? node : node.parentElement;
  const row = element?.closest<HTMLElement>("[data-line]");
  if (row == null || !list.contains(row)) return undefined;
  const line = Number(row.dataset["line"]);
  const words = row.querySelector(".line-text");
  if (words === null || !words.contains(node)) return { line, offset: 0 };
  const before = list.ownerDocument.createRange();
  before.selectNodeContents(words);
  before.setEnd(node, nodeOffset);
  return { line, offset: before.toString().length };
}
