// The change that an edit asked for, line by line.

import { diffLines } from "diff";
import { useMemo } from "preact/hooks";
import type { TextChange } from "../../../src/trace/editDiff";
import { formatInteger, text } from "../../text";

const mostLines = 2_000;
/** Beyond this a line-by-line comparison may take too long; then all old lines come first. */
const comparedLength = 100_000;

interface DiffLine {
  readonly sign: "+" | "-" | " ";
  readonly content: string;
}

export function DiffView({ changes }: { changes: readonly TextChange[] }) {
  return (
    <div class="diff">
      {changes.map((change, index) => (
        <ChangeView key={index} change={change} />
      ))}
    </div>
  );
}

function ChangeView({ change }: { change: TextChange }) {
  const lines = useMemo(() => changeLines(change.oldText, change.newText), [change.oldText, change.newText]);
  const shown = lines.slice(0, mostLines);
  return (
    <figure class="diff-change">
      {change.path !== "" && <figcaption>{change.path}</figcaption>}
      <div class="diff-lines">
        {shown.map((line, index) => (
          <div key={index} class={line.sign === "+" ? "diff-added" : line.sign === "-" ? "diff-removed" : "diff-same"}>
            <span class="diff-sign">{line.sign}</span>
            <span class="diff-content">{line.content === "" ? "\u200b" : line.content}</span>
          </div>
        ))}
      </div>
      {shown.length < lines.length && (
        <p class="cut-mark">{text("firstLinesOf", formatInteger(shown.length), formatInteger(lines.length))}</p>
      )}
    </figure>
  );
}

export function changeLines(oldText: string, newText: string): DiffLine[] {
  if (oldText.length + newText.length > comparedLength) {
    return [...linesOf(oldText, "-"), ...linesOf(newText, "+")];
  }
  return diffLines(withEnd(oldText), withEnd(newText)).flatMap((part) =>
    linesOf(part.value, part.added ? "+" : part.removed ? "-" : " "),
  );
}

/** A missing line end at the end of one text alone is no change worth showing. */
function withEnd(value: string): string {
  return value === "" || value.endsWith("\n") ? value : `${value}\n`;
}

function linesOf(value: string, sign: DiffLine["sign"]): DiffLine[] {
  if (value === "") return [];
  return value
    .replace(/\n$/, "")
    .split("\n")
    .map((content) => ({ sign, content }));
}
