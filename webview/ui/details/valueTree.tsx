// A value of JSON as a tree that opens level by level. Texts of several lines are shown as such, places in texts are
// links. Arrow keys work as in every tree; Ctrl+C copies the entry that has the focus, as the trace has it.

import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { ValueNode } from "../../../src/trace/valueNode";
import type { Panel } from "../../model/panel";
import type { TextAddress } from "../../model/textLoader";
import { ValueTreeModel } from "../../model/valueTree";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";
import { LinkedText, textAddress } from "./textLinks";
import { TextWell } from "./textWell";
import { treeKey } from "./treeFocus";
import { Waiting } from "./waiting";

/** Deeper levels are not moved further to the right. */
const mostIndents = 12;

export interface ValueTreeProps {
  readonly panel: Panel;
  readonly address: TextAddress;
  /** With its first levels, where they are known. */
  readonly node: ValueNode | undefined;
  readonly label: string;
}

export function ValueTree({ panel, address, node, label }: ValueTreeProps) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const model = useMemo(() => new ValueTreeModel(panel.connection, () => redraw(undefined)), [panel]);
  model.begin(address, node);
  useEffect(() => () => model.stop(), [model]);
  const tree = useRef<HTMLUListElement>(null);
  const [active, setActive] = useState("0");
  const root = model.entries([]);
  if (root === undefined || (root.isLoading && root.nodes.length === 0)) return <Waiting />;
  const context: TreeContext = { panel, address, model, active };
  return (
    <ul
      ref={tree}
      class={`value-tree ${panel.settings.wrapText ? "is-wrapped" : ""}`}
      role="tree"
      aria-label={label}
      onKeyDown={(event) => treeKey(event, tree.current)}
      onFocusIn={(event) => {
        const path = (event.target as HTMLElement).closest<HTMLElement>("[role='treeitem']")?.dataset["path"];
        if (path !== undefined) setActive(path);
      }}
      onCopy={(event) => {
        if (document.getSelection()?.isCollapsed === false) return;
        event.preventDefault();
        panel.connection.post({ type: "copy", ...address, path: [...(address.path ?? []), ...numbersOf(active)] });
      }}
    >
      <Entries context={context} path={[]} />
    </ul>
  );
}

interface TreeContext {
  readonly panel: Panel;
  readonly address: TextAddress;
  readonly model: ValueTreeModel;
  /** The entry that Tab leads to. */
  readonly active: string;
}

function Entries({ context, path }: { context: TreeContext; path: readonly number[] }) {
  const entries = context.model.entries(path);
  if (entries === undefined) return null;
  const left = entries.total - entries.nodes.length;
  return (
    <>
      {entries.nodes.map((node, index) => (
        <Entry key={index} context={context} node={node} path={[...path, index]} size={entries.total} />
      ))}
      {entries.isLoading && entries.nodes.length === 0 && (
        <li role="none" class="value-more" aria-busy="true">
          {text("loading")}
        </li>
      )}
      {entries.hasFailed && (
        <li role="none" class="value-more cut-mark">
          {text("payloadFailed")}
        </li>
      )}
      {left > 0 && !entries.isLoading && (
        <li role="none" class="value-more">
          <button type="button" class="link-button" onClick={() => context.model.more(path)}>
            {text("moreEntries", formatInteger(left))}
          </button>
        </li>
      )}
    </>
  );
}

interface EntryProps {
  readonly context: TreeContext;
  readonly node: ValueNode;
  readonly path: readonly number[];
  /** Entries beside it, itself included. */
  readonly size: number;
}

function Entry({ context, node, path, size }: EntryProps) {
  const { model, active } = context;
  const key = path.join(" ");
  const isParent = node.type === "list" || node.type === "object";
  const isOpen = isParent && model.entries(path) !== undefined;
  const position = path.at(-1) ?? 0;
  const { panel, address } = context;
  const own = { panel, address: { ...address, path: [...(address.path ?? []), ...path] } };
  const isLong =
    !isParent && (node.text.length < node.totalLength || (node.type === "text" && node.text.includes("\n")));
  return (
    <li role="none">
      {/* What is below an entry is beside it, so that its name is no more than its own line. */}
      <div
        role="treeitem"
        class={`value-line ${isParent ? "is-parent" : isLong ? "has-block" : ""}`}
        tabIndex={key === active ? 0 : -1}
        data-path={key}
        data-open={isParent ? (isOpen ? "yes" : "no") : undefined}
        aria-level={path.length}
        aria-posinset={position + 1}
        aria-setsize={size}
        aria-expanded={isParent ? isOpen : undefined}
        onClick={isParent ? () => (isOpen ? model.close(path) : model.open(path)) : undefined}
      >
        <span class="value-twisty">{isParent && <Icon name={isOpen ? "chevron-down" : "chevron-right"} />}</span>
        <span class={`value-name ${node.name === "" ? "is-number" : ""}`}>{node.name || position}</span>
        {isParent ? (
          <ParentText node={node} isOpen={isOpen} />
        ) : isLong ? (
          <LongText {...own} node={node} />
        ) : (
          <LeafText {...own} node={node} />
        )}
      </div>
      {isOpen && node.count > 0 && (
        <ul role="group" class={path.length >= mostIndents ? "is-deep" : undefined}>
          <Entries context={context} path={path} />
        </ul>
      )}
    </li>
  );
}

function ParentText({ node, isOpen }: { node: ValueNode; isOpen: boolean }) {
  return (
    <>
      <span class="value-size">
        {node.type === "list" ? "[" : "{"}
        {isOpen ? "" : node.text}
        {node.type === "list" ? "]" : "}"}
      </span>
      <span class="value-count" title={text("entryCount", formatInteger(node.count))}>
        {formatInteger(node.count)}
        {node.isInText && ` · ${text("jsonInText")}`}
      </span>
    </>
  );
}

interface LeafProps {
  readonly panel: Panel;
  readonly address: TextAddress;
  readonly node: ValueNode;
}

function LeafText({ address, node }: LeafProps) {
  const quote = node.type === "text" ? '"' : "";
  return (
    <span class={`value-text-line value-${node.type}`} {...textAddress(address.field, address.path)}>
      {quote}
      <LinkedText value={node.text} links={node.links} />
      {quote}
    </span>
  );
}

/** A text of several lines, or one of which only the beginning is here. */
function LongText({ panel, address, node }: LeafProps) {
  const { text: beginning, totalLength, totalBytes, links } = node;
  const first = useMemo(() => ({ text: beginning, from: 0, totalLength, totalBytes, links }), [node]);
  return (
    <div class="value-block">
      <TextWell
        panel={panel}
        address={address}
        first={first}
        label={node.name}
        isWrapped={panel.settings.wrapText}
        class="is-field"
      />
    </div>
  );
}

function numbersOf(path: string): number[] {
  return path.split(" ").filter(Boolean).map(Number);
}
