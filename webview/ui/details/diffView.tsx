// The change that a call asked for, line by line: below each other, or old and new beside each other where there is room.
// What differs within a line is marked, what stayed the same is folded.

import type { ComponentChildren } from "preact";
import { useMemo, useReducer, useRef } from "preact/hooks";
import type { DiffEntry, DiffView } from "../../../src/trace/diffView";
import { type DiffLine, type DiffRow, diffRows } from "../../layout/diffPairs";
import { type DiffAddress, DiffLoader } from "../../model/diffLoader";
import type { Panel } from "../../model/panel";
import { countText, formatInteger, text } from "../../text";
import { useSize } from "../useSize";
import { TextLinkMark, textAddress } from "./textLinks";

/** Narrower than this two sides have no room. */
const leastSideBySidePx = 520;
/** Rows that are laid out together. */
const rowsPerPiece = 60;
const rowPx = 18;

export interface DiffListProps {
  readonly panel: Panel;
  readonly reference: { readonly epoch: number; readonly row: number };
  readonly changes: readonly DiffView[];
}

export function DiffList({ panel, reference, changes }: DiffListProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const isSideBySide = panel.settings.sideBySide && width >= leastSideBySidePx;
  return (
    <div ref={box} class={`diff ${panel.settings.wrapText || isSideBySide ? "is-wrapped" : ""}`}>
      {changes.map((view, index) => (
        <Change
          key={index}
          panel={panel}
          address={{ ...reference, change: index }}
          view={view}
          isSideBySide={isSideBySide}
        />
      ))}
    </div>
  );
}

interface ChangeProps {
  readonly panel: Panel;
  readonly address: DiffAddress;
  readonly view: DiffView;
  readonly isSideBySide: boolean;
}

function Change({ panel, address, view, isSideBySide }: ChangeProps) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const loader = useMemo(() => new DiffLoader(panel.connection, () => redraw(undefined)), [panel]);
  loader.begin(address, view);
  const { entries } = loader;
  const digits = Math.max(1, ...entries.map(digitsOf));
  const lines = useMemo(() => {
    const unfold = (fold: Extract<DiffEntry, { type: "fold" }>) => void loader.unfold(fold);
    return isSideBySide
      ? pieces(diffRows(entries), (row, key) => <PairRow key={key} row={row} view={view} unfold={unfold} />)
      : pieces(entries, (entry, key) => <EntryRow key={key} entry={entry} view={view} unfold={unfold} />);
  }, [entries, isSideBySide]);
  const left = view.total - loader.shown;
  return (
    <figure class="diff-change" aria-label={`${view.path} ${summaryOf(view)}`.trim()}>
      <Caption view={view} change={address.change} />
      {entries.length > 0 && (
        <div
          class={`diff-lines ${isSideBySide ? "is-side-by-side" : ""} ${view.type === "write" ? "is-neutral" : ""}`}
          style={{ "--digits": `${digits}ch` }}
          tabIndex={0}
          role="group"
          aria-label={text("viewDiff")}
        >
          {lines}
        </div>
      )}
      {(left > 0 || loader.hasFailed) && (
        <p class="cut-mark">
          {loader.hasFailed
            ? text("payloadFailed")
            : text("firstLinesOf", formatInteger(loader.shown), formatInteger(view.total))}{" "}
          <button type="button" class="link-button" aria-disabled={loader.isLoading} onClick={() => void loader.more()}>
            {text("showMore")}
          </button>
        </p>
      )}
    </figure>
  );
}

function Caption({ view, change }: { view: DiffView; change: number }) {
  const notes = notesOf(view);
  return (
    <figcaption>
      {view.path !== "" && (
        <span class="diff-path" data-links="" {...textAddress("diff", [change])}>
          {view.isLink ? (
            <TextLinkMark title={view.newPath ?? view.path} type="place" offset={0}>
              {view.path}
            </TextLinkMark>
          ) : (
            view.path
          )}
          {view.newPath !== undefined && ` → ${view.newPath}`}
        </span>
      )}
      <span class="diff-counts">
        {view.type !== "write" && view.added > 0 && <span class="diff-added-count">+{formatInteger(view.added)}</span>}
        {view.removed > 0 && <span class="diff-removed-count">−{formatInteger(view.removed)}</span>}
        {view.type === "write" && countText("oneLine", "manyLines", view.added)}
      </span>
      {notes.length > 0 && <span class="diff-notes">{notes.join(" · ")}</span>}
    </figcaption>
  );
}

function notesOf(view: DiffView): string[] {
  const notes: string[] = [];
  if (view.type === "write") notes.push(text("diffWritten"));
  if (view.type === "create") notes.push(text("diffCreated"));
  if (view.type === "delete") notes.push(text("diffDeleted"));
  if (view.isRough) notes.push(text("diffRough"));
  if (!view.isNumbered && view.entries.length > 0) notes.push(text("diffNotNumbered"));
  return notes;
}

function summaryOf({ type, added, removed }: DiffView): string {
  if (type === "write") return countText("oneLine", "manyLines", added);
  return text("diffSummary", formatInteger(added), formatInteger(removed));
}

/** Rows in pieces of which only those in view are laid out. */
function pieces<Row>(rows: readonly Row[], draw: (row: Row, key: number) => ComponentChildren): ComponentChildren[] {
  const made: ComponentChildren[] = [];
  for (let from = 0; from < rows.length; from += rowsPerPiece) {
    const part = rows.slice(from, from + rowsPerPiece);
    made.push(
      <div key={from} class="diff-piece" style={{ containIntrinsicBlockSize: `auto ${part.length * rowPx}px` }}>
        {part.map((row, index) => draw(row, from + index))}
      </div>,
    );
  }
  return made;
}

interface RowProps {
  readonly view: DiffView;
  readonly unfold: (fold: Extract<DiffEntry, { type: "fold" }>) => void;
}

function EntryRow({ entry, view, unfold }: RowProps & { readonly entry: DiffEntry }) {
  if (entry.type !== "line") return <Between entry={entry} unfold={unfold} />;
  const hasBoth = view.type === "edit";
  return (
    <div class={`diff-row ${lookOf(entry)}`}>
      {hasBoth && <LineNumber value={entry.oldLine} />}
      <LineNumber value={hasBoth ? entry.newLine : (entry.newLine ?? entry.oldLine)} />
      <Sign line={entry} />
      <Content line={entry} />
    </div>
  );
}

function PairRow({ row, unfold }: RowProps & { readonly row: DiffRow }) {
  if (row.type !== "lines") return <Between entry={row} unfold={unfold} />;
  return (
    <div class="diff-row">
      <Half line={row.left} number={row.left?.oldLine} />
      <Half line={row.right} number={row.right?.newLine} />
    </div>
  );
}

function Half({ line, number }: { line: DiffLine | undefined; number: number | undefined }) {
  if (line === undefined) return <div class="diff-half is-missing" />;
  return (
    <div class={`diff-half ${lookOf(line)}`}>
      <LineNumber value={number} />
      <Sign line={line} />
      <Content line={line} />
    </div>
  );
}

function Between({ entry, unfold }: { entry: Exclude<DiffEntry, DiffLine>; unfold: RowProps["unfold"] }) {
  if (entry.type === "gap") {
    return (
      <div class="diff-between" title={text("diffGap")}>
        ⋯
      </div>
    );
  }
  return (
    <div class="diff-between">
      <button type="button" class="link-button" onClick={() => unfold(entry)}>
        {countText("diffFoldOne", "diffFoldMany", entry.count)}
      </button>
    </div>
  );
}

function LineNumber({ value }: { value: number | undefined }) {
  return (
    <span class="diff-number" aria-hidden="true">
      {value}
    </span>
  );
}

function Sign({ line }: { line: DiffLine }) {
  return <span class="diff-sign">{line.sign === "+" ? "+" : line.sign === "-" ? "−" : " "}</span>;
}

function Content({ line }: { line: DiffLine }) {
  const left = line.totalLength - line.text.length;
  return (
    <span class="diff-content">
      {line.text === "" ? "\u200b" : marked(line)}
      {left > 0 && <span class="line-cut">{text("moreCharacters", formatInteger(left))}</span>}
    </span>
  );
}

function marked({ text: value, marks, sign }: DiffLine): ComponentChildren {
  if (marks.length === 0) return value;
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (let index = 0; index + 1 < marks.length; index += 2) {
    const start = marks[index] ?? 0;
    const end = marks[index + 1] ?? 0;
    parts.push(value.slice(at, start));
    const inner = value.slice(start, end);
    parts.push(sign === "+" ? <ins key={start}>{inner}</ins> : <del key={start}>{inner}</del>);
    at = end;
  }
  parts.push(value.slice(at));
  return parts;
}

function lookOf({ sign }: DiffLine): string {
  return sign === "+" ? "diff-added" : sign === "-" ? "diff-removed" : "diff-same";
}

function digitsOf(entry: DiffEntry): number {
  if (entry.type !== "line") return 1;
  return String(Math.max(entry.oldLine ?? 0, entry.newLine ?? 0)).length;
}
