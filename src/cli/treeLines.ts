// The tree as lines: box characters, mark, words, and at the right edge what came of each step and how long it took.

import { formatBytes, formatCount } from "../trace/formatValue";
import { burstOfLine, type OutputIndex, outputIndex } from "../trace/outputIndex";
import { OutputReader } from "../trace/outputLines";
import { quantity } from "../trace/problemList";
import type { TraceSpan } from "../trace/schema";
import { FLAG, kindCodes } from "../trace/spanColumns";
import { spansInMemory } from "../trace/spanSource";
import { mostOutputLines } from "./failureLines";
import { type Piece, paint, paintLine, type Screen, type Style } from "./screen";
import type { SessionPicture } from "./sessionPicture";
import { type StepStatus, stepDuration, stepLabel, stepMark, stepName, stepOutcome, stepStatus } from "./stepWords";
import { textWidth, wrapToWidth } from "./textWidth";
import { type Elision, type TreeItem, type TreeOptions, treeItems } from "./treeItems";
import { visibleLine } from "./visibleText";

/** Deeper levels are not indented further; their number is said instead. */
const mostIndents = 12;
/** Of a program's output, where not all of it is asked for. */
const shownOutputLines = 8;
const leastOutputWidth = 10;
/** Below this many columns what came of a step is said in fewer words. */
const narrowWidth = 80;

const generation = kindCodes.indexOf("generation");

export function* treeLines(picture: SessionPicture, options: TreeOptions, screen: Screen): Iterable<string> {
  const { columns, tree, session } = picture;
  const items = treeItems(columns, tree, session.trace.spans, options);
  const output = shownOutput(session.trace.spans);
  const durationWidth = widestDuration(picture, items);
  // By depth, whether a line goes on down to a later sibling.
  const goesOn: boolean[] = [];
  for (const item of items) {
    goesOn[item.depth] = !item.isLast;
    const indent = indentOf(goesOn, item.depth);
    const branch: Piece = { text: branchOf(indent, item), style: "faint" };
    if (item.type === "elided") {
      yield paintLine([branch, { text: `⋮ ${elidedWords(picture, item)}`, style: "faint" }], [], screen);
      continue;
    }
    yield stepLine(picture, item, branch, durationWidth, screen);
    if (output?.index.roots.some((root) => root.row === item.row) !== true) continue;
    goesOn[item.depth + 1] = false;
    yield* outputOf(picture, output, item.row, indentOf(goesOn, item.depth + 1), options.isFull, screen);
  }
}

/** The lines that come down from above, without the branch of the item itself. */
function indentOf(goesOn: readonly boolean[], depth: number): string {
  let indent = "";
  for (let level = 1; level < Math.min(depth, mostIndents); level++) indent += goesOn[level] === true ? "│  " : "   ";
  return depth > mostIndents ? `${indent}+${depth - mostIndents} ` : indent;
}

function branchOf(indent: string, { depth, isLast }: TreeItem): string {
  if (depth === 0) return "";
  return indent + (isLast ? "└─ " : "├─ ");
}

function stepLine(
  picture: SessionPicture,
  { row, hidden }: Extract<TreeItem, { type: "step" }>,
  branch: Piece,
  durationWidth: number,
  screen: Screen,
): string {
  const status = stepStatus(picture, row);
  const isFailingStep = ((picture.columns.flags[row] ?? 0) & FLAG.failingStep) !== 0;
  const isFaint = status === "recovered" || status === "interrupted" || status === "notRun";
  const style: Style | undefined = isFaint ? "faint" : isFailingStep ? "errorStrong" : undefined;
  const mark = stepMark(status);
  const name = stepName(picture, row);
  const label = stepLabel(picture, row);
  const left: Piece[] = [branch, isFailingStep ? { ...mark, style: "errorStrong" } : mark, { text: " " }];
  left.push({ text: name, style: style ?? "strong" });
  if (label !== "" && label !== name) left.push({ text: "  " }, { text: label, style });
  if (hidden > 0) left.push({ text: `  +${quantity(hidden, "step")}`, style: "faint" });
  const right: Piece[] = [...outcomePieces(picture, row, status, isFailingStep, screen)];
  right.push({ text: stepDuration(picture, row).padStart(durationWidth), style: "faint" });
  return paintLine(left, right, screen).trimEnd();
}

function outcomePieces(
  picture: SessionPicture,
  row: number,
  status: StepStatus,
  isFailingStep: boolean,
  { width }: Screen,
): Piece[] {
  const isNarrow = width !== undefined && width < narrowWidth;
  const words = stepOutcome(picture, row);
  const outcome = isNarrow && words.startsWith("in progress") ? "in progress" : words;
  const pieces: Piece[] = [];
  if (status === "open" && isFailingStep) pieces.push({ text: `◀ ${outcome}`, style: "errorStrong" });
  else {
    if (outcome !== "") pieces.push({ text: outcome, style: outcomeStyle(status) });
    if (isFailingStep) pieces.push({ text: isNarrow ? " ◀" : "  ◀ failing step", style: "errorStrong" });
  }
  return pieces.length === 0 ? [] : [...pieces, { text: "  " }];
}

function outcomeStyle(status: StepStatus): Style {
  switch (status) {
    case "failed":
      return "error";
    case "open":
      return "live";
    case "ok":
    case "synthetic":
      return "warning";
    default:
      return "faint";
  }
}

/** "97 more read", "12 more, 340 steps in all, 3 recovered". */
function elidedWords({ columns, session }: SessionPicture, elided: Elision): string {
  const { count, steps, failures, recovered, alike } = elided;
  const span = alike === undefined ? undefined : session.trace.spans[alike];
  const name =
    span === undefined ? "" : columns.kind[alike ?? 0] === generation ? " generations" : ` ${visibleLine(span.name)}`;
  return [
    `${formatCount(count)} more${name}`,
    ...(steps > count ? [`${formatCount(steps)} steps in all`] : []),
    ...(failures > 0 ? [`${formatCount(failures)} failed`] : []),
    ...(recovered > 0 ? [`${formatCount(recovered)} recovered`] : []),
  ].join(", ");
}

function widestDuration(picture: SessionPicture, items: readonly TreeItem[]): number {
  let width = 0;
  for (const item of items) {
    if (item.type === "step") width = Math.max(width, textWidth(stepDuration(picture, item.row)));
  }
  return width;
}

/** The program's output: how much there is, and its last lines or all of them. */
function* outputOf(
  picture: SessionPicture,
  { index, text }: ShownOutput,
  row: number,
  indent: string,
  isFull: boolean,
  screen: Screen,
): Iterable<string> {
  const branch = (mark: string): Piece => ({ text: `${indent}${mark}  `, style: "faint" });
  const root = index.roots.find((candidate) => candidate.row === row);
  if (root === undefined || root.lineCount === 0) {
    yield paint([branch("│"), { text: "nothing was printed", style: "faint" }], screen);
    return;
  }
  const { lineCount, lastLine, bytes } = root;
  // What the failing step printed was told with it.
  const command = picture.session.trace.spans[root.commandRow];
  const isTold = !isFull && picture.failures.failingStep?.row === root.commandRow && command?.output !== undefined;
  const shown = isFull ? lineCount : Math.min(lineCount, isTold ? 0 : shownOutputLines);
  const before = isTold ? "" : `, ${quantity(lineCount - shown, "line")} before these`;
  const isAllShown = shown === lineCount || (isTold && lineCount <= mostOutputLines);
  const hint = isAllShown ? "" : `${before}; --full prints all`;
  const told = `${quantity(lineCount, "line")}, ${formatBytes(bytes)}${hint}`;
  yield paintLine([branch("⋮"), { text: told, style: "faint" }], [], screen);
  const width =
    screen.width === undefined ? undefined : Math.max(leastOutputWidth, screen.width - textWidth(indent) - 3);
  for (let line = lastLine - shown + 1; line <= lastLine; line++) {
    const stream = index.bursts[burstOfLine(index, line)]?.stream;
    const style: Style | undefined = stream === "stderr" ? "warning" : undefined;
    const content = visibleLine(text(line).replaceAll("\t", "    ").trimEnd());
    for (const part of width === undefined ? [content] : wrapToWidth(content, width)) {
      yield paint([branch("│"), { text: part, style }], screen).trimEnd();
    }
  }
}

interface ShownOutput {
  readonly index: OutputIndex;
  text(line: number): string;
}

function shownOutput(spans: readonly TraceSpan[]): ShownOutput | undefined {
  const source = spansInMemory(spans);
  const index = outputIndex(source);
  if (index === undefined) return undefined;
  const reader = new OutputReader(index, source);
  return { index, text: (line) => reader.text(line) };
}
