// A text of any length, and what it takes to see more of it: pieces of which only those in view are laid out, how much of
// how much is shown, the next part, all parts, an editor.

import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "preact/hooks";
import type { TextPart } from "../../../src/trace/textPart";
import { formatBytes } from "../../format";
import { rowsOf, type TextChunk, withPart } from "../../layout/textChunks";
import type { Panel } from "../../model/panel";
import { mostShownLength, type TextAddress, TextLoader } from "../../model/textLoader";
import { text } from "../../text";
import { LinkedText, textAddress } from "./textLinks";

export interface TextWellProps {
  readonly panel: Panel;
  readonly address: TextAddress;
  /** The beginning, which came with the details. */
  readonly first: TextPart;
  readonly label: string;
  readonly isWrapped: boolean;
  /** Look of the text: a well of its own, or part of what is around it. */
  readonly class?: string | undefined;
  readonly canOpen?: boolean | undefined;
}

/** As tall as a line is in a well, and as wide as a letter; only an estimate for what is not in view. */
const linePx = 18;
const letterPx = 7.3;

export function TextWell(props: TextWellProps) {
  const { panel, address, first, label, isWrapped } = props;
  const loader = useTextLoader(panel, address, first);
  const chunks = useChunks(loader.parts);
  const well = useRef<HTMLPreElement>(null);
  const columns = isWrapped ? Math.max(20, Math.floor((well.current?.clientWidth ?? 500) / letterPx)) : Infinity;
  const pieces = useMemo(
    () => chunks.map((chunk) => <Piece key={chunk.from} chunk={chunk} columns={columns} />),
    [chunks, columns],
  );
  const isWhole = loader.length >= loader.totalLength;
  const wasPart = useRef(false);
  useLayoutEffect(() => {
    // The buttons have gone with the last part, and with them the focus.
    if (isWhole && wasPart.current && document.activeElement === document.body) well.current?.focus();
    wasPart.current = !isWhole;
  }, [isWhole]);
  return (
    <>
      <pre
        ref={well}
        class={`payload-text ${isWrapped ? "is-wrapped" : ""} ${props.class ?? ""}`}
        role="group"
        tabIndex={0}
        aria-label={label}
        data-links=""
        {...textAddress(address.field, address.path)}
        onCopy={copyWithoutPieces}
      >
        {pieces}
      </pre>
      <MoreOfText {...props} loader={loader} />
    </>
  );
}

export function useTextLoader(panel: Panel, address: TextAddress, first: TextPart): TextLoader {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const loader = useMemo(
    () =>
      new TextLoader(
        panel.connection,
        () => redraw(undefined),
        () => void panel.details.load(address.epoch, address.row, true),
      ),
    [panel, address.epoch, address.row],
  );
  loader.begin(address, first);
  useEffect(() => () => loader.stop(), [loader]);
  return loader;
}

/** Pieces of the parts; those of parts that were here before are the same objects. */
function useChunks(parts: readonly TextPart[]): readonly TextChunk[] {
  const made = useRef<{ parts: readonly TextPart[]; chunks: readonly TextChunk[] }>({ parts: [], chunks: [] });
  return useMemo(() => {
    const before = made.current;
    const isLonger = before.parts.length > 0 && before.parts.every((part, index) => part === parts[index]);
    let chunks = isLonger ? before.chunks : [];
    for (const part of parts.slice(isLonger ? before.parts.length : 0)) chunks = withPart(chunks, part);
    made.current = { parts, chunks };
    return chunks;
  }, [parts]);
}

function Piece({ chunk, columns }: { chunk: TextChunk; columns: number }) {
  const inner = useMemo(() => <LinkedText value={chunk.text} links={chunk.links} from={chunk.from} />, [chunk]);
  return (
    <div
      class={`text-piece ${chunk.continues ? "continues" : ""}`}
      style={{ containIntrinsicBlockSize: `auto ${rowsOf(chunk, columns) * linePx}px` }}
    >
      {inner}
    </div>
  );
}

/** Pieces are no lines: a line that was cut for the page is copied as the one that it is. */
function copyWithoutPieces(event: ClipboardEvent): void {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0 || event.clipboardData === null) return;
  event.clipboardData.setData("text/plain", selection.getRangeAt(0).toString());
  event.preventDefault();
}

export function MoreOfText({
  panel,
  address,
  label,
  canOpen,
  loader,
}: TextWellProps & { readonly loader: TextLoader }) {
  const { length, totalLength } = loader;
  if (length >= totalLength && !loader.isLoading) return null;
  const isFull = length >= mostShownLength;
  return (
    <p class="cut-mark more-of-text" role="group" aria-label={text("moreOf", label)}>
      <span role="status">
        {loader.hasFailed
          ? text("payloadFailed")
          : text("firstBytesOf", formatBytes(loader.bytes), formatBytes(loader.totalBytes))}
      </span>
      {!isFull && (
        <button
          type="button"
          class="link-button"
          aria-disabled={loader.isLoading}
          onClick={() => {
            if (!loader.isLoading) void loader.more();
          }}
        >
          {text("showMore")}
        </button>
      )}
      {!isFull && totalLength <= mostShownLength && (
        // One button for both, so that the focus stays on it.
        <button
          type="button"
          class="link-button"
          onClick={() => (loader.isLoadingAll ? loader.stop() : void loader.all())}
        >
          {text(loader.isLoadingAll ? "stopLoading" : "showAll")}
        </button>
      )}
      {canOpen !== false && (
        <button
          type="button"
          class="link-button"
          onClick={() => panel.connection.post({ type: "openText", ...address })}
        >
          {text("openInEditorShort")}
        </button>
      )}
    </p>
  );
}
