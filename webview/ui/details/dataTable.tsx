// Attributes: names and values, long ones folded, each to be copied.

import { useState } from "preact/hooks";
import type { DataEntry } from "../../../src/trace/spanDetails";
import { formatInteger, text } from "../../text";
import { IconButton } from "../iconButton";
import { JsonTree } from "./jsonTree";

/** Values longer than this are folded at first. */
const foldedLength = 300;

export function DataTable({ entries, label }: { entries: readonly DataEntry[]; label: string }) {
  return (
    <table class="data-table" aria-label={label}>
      <tbody>
        {entries.map((entry, index) => (
          <DataRow key={index} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}

function DataRow({ entry }: { entry: DataEntry }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = entry.text.length > foldedLength || entry.type === "json";
  const shown = isOpen || !isLong ? entry.text : entry.text.slice(0, foldedLength);
  const json = isOpen && entry.type === "json" ? parsed(entry) : undefined;
  return (
    <tr>
      <th scope="row">{entry.name}</th>
      <td class={`value-${entry.type}`}>
        {json !== undefined ? (
          <JsonTree value={json.value} label={entry.name} />
        ) : (
          <span class={isOpen ? "value-text" : "value-text is-folded"}>{shown}</span>
        )}
        {isLong && (
          <button type="button" class="link-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {text(isOpen ? "showLess" : "showMore")}
          </button>
        )}
        {entry.text.length < entry.totalLength && isOpen && (
          <span class="cut-mark">
            {text("firstOf", formatInteger(entry.text.length), formatInteger(entry.totalLength))}
          </span>
        )}
      </td>
      <td class="data-copy">
        <IconButton icon="copy" label={text("copyValue", entry.name)} onClick={() => copyText(entry.text)} />
      </td>
    </tr>
  );
}

/** The text is here already, so that the browser's own clipboard serves; the panel's focus allows it. */
export function copyText(value: string): void {
  navigator.clipboard.writeText(value).catch(() => undefined);
}

function parsed(entry: DataEntry): { value: unknown } | undefined {
  if (entry.text.length < entry.totalLength) return undefined;
  try {
    return { value: JSON.parse(entry.text) };
  } catch {
    return undefined;
  }
}
