// A JSON value as a tree that opens level by level: only what is open is in the page, long lists come in portions.
// Arrow keys work as in every tree.

import { useRef, useState } from "preact/hooks";
import { formatInteger, text } from "../../text";
import { Icon } from "../icon";

const portion = 100;
const shownTextLength = 2_000;
/** Levels that are open at first. */
const openLevels = 2;
const openEntries = 40;

export function JsonTree({ value, label }: { value: unknown; label: string }) {
  const tree = useRef<HTMLUListElement>(null);
  const [active, setActive] = useState("$");
  return (
    <ul
      ref={tree}
      class="json-tree"
      role="tree"
      aria-label={label}
      onKeyDown={(event) => moveFocus(event, tree.current)}
      onFocusIn={(event) => {
        const path = (event.target as HTMLElement).dataset["path"];
        if (path !== undefined) setActive(path);
      }}
    >
      <JsonNode name={undefined} value={value} path="$" level={1} active={active} />
    </ul>
  );
}

interface JsonNodeProps {
  readonly name: string | undefined;
  readonly value: unknown;
  readonly path: string;
  readonly level: number;
  readonly active: string;
}

function JsonNode({ name, value, path, level, active }: JsonNodeProps) {
  const entries = entriesOf(value);
  const [isOpen, setOpen] = useState(level <= openLevels && (entries?.length ?? 0) <= openEntries);
  const [shown, setShown] = useState(portion);
  const [isWhole, setWhole] = useState(false);
  if (entries === undefined) {
    const full = scalarText(value);
    const isCut = full.length > shownTextLength && !isWhole;
    return (
      <li role="treeitem" tabIndex={path === active ? 0 : -1} data-path={path} aria-level={level}>
        <span class="json-line">
          <span class="json-twisty" />
          {name !== undefined && <span class="json-name">{name}</span>}
          <span class={`json-value value-${scalarType(value)}`}>{isCut ? full.slice(0, shownTextLength) : full}</span>
          {isCut && (
            <button type="button" class="link-button" tabIndex={-1} onClick={() => setWhole(true)}>
              {text("showMore")}
            </button>
          )}
        </span>
      </li>
    );
  }
  const isArray = Array.isArray(value);
  return (
    <li
      role="treeitem"
      aria-expanded={isOpen}
      aria-level={level}
      tabIndex={path === active ? 0 : -1}
      data-path={path}
      data-open={isOpen ? "yes" : "no"}
    >
      <span class="json-line is-parent" data-toggle="" onClick={() => setOpen(!isOpen)}>
        <span class="json-twisty">
          <Icon name={isOpen ? "chevron-down" : "chevron-right"} />
        </span>
        {name !== undefined && <span class="json-name">{name}</span>}
        <span class="json-size">
          {isArray ? "[" : "{"}
          {isOpen ? "" : ` ${preview(entries)} `}
          {isArray ? "]" : "}"}
          <span class="json-count">{formatInteger(entries.length)}</span>
        </span>
      </span>
      {isOpen && entries.length > 0 && (
        <ul role="group">
          {entries.slice(0, shown).map(([key, child]) => (
            <JsonNode key={key} name={key} value={child} path={`${path}/${key}`} level={level + 1} active={active} />
          ))}
          {entries.length > shown && (
            <li role="none">
              <button type="button" class="link-button" onClick={() => setShown(shown + 10 * portion)}>
                {text("moreEntries", formatInteger(entries.length - shown))}
              </button>
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value)) return value.map((child: unknown, index) => [String(index), child]);
  return typeof value === "object" && value !== null ? Object.entries(value) : undefined;
}

function preview(entries: readonly [string, unknown][]): string {
  const parts = entries.slice(0, 4).map(([key, value]) => {
    const shown = entriesOf(value) === undefined ? scalarText(value).slice(0, 24) : "…";
    return /^\d+$/.test(key) ? shown : `${key}: ${shown}`;
  });
  return parts.join(", ") + (entries.length > 4 ? ", …" : "");
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function scalarType(value: unknown): string {
  return typeof value === "string" ? "text" : value === null ? "null" : typeof value;
}

function moveFocus(event: KeyboardEvent, tree: HTMLElement | null): void {
  if (tree === null || event.ctrlKey || event.metaKey || event.altKey) return;
  const items = [...tree.querySelectorAll<HTMLElement>("[role='treeitem']")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const item = items[at];
  if (item === undefined) return;
  const toggle = () => item.querySelector<HTMLElement>(":scope > [data-toggle]")?.click();
  const open = item.dataset["open"];
  let next: HTMLElement | null | undefined;
  switch (event.key) {
    case "ArrowDown":
      next = items[at + 1];
      break;
    case "ArrowUp":
      next = items[at - 1];
      break;
    case "Home":
      next = items[0];
      break;
    case "End":
      next = items.at(-1);
      break;
    case "ArrowRight":
      if (open === "no") toggle();
      else next = items[at + 1];
      break;
    case "ArrowLeft":
      if (open === "yes") toggle();
      else next = item.parentElement?.closest<HTMLElement>("[role='treeitem']");
      break;
    case "Enter":
    case " ":
      if (open !== undefined) toggle();
      break;
    default:
      return;
  }
  event.preventDefault();
  event.stopPropagation();
  next?.focus();
}
