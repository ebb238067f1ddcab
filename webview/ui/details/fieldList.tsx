// Names and values (arguments, attributes): short values beside their names, texts of several lines and values with parts
// below them, over the whole width. Each value can be copied, as the trace has it.

import type { DataEntry } from "../../../src/trace/dataEntry";
import type { Panel } from "../../model/panel";
import type { TextAddress } from "../../model/textLoader";
import { text } from "../../text";
import { IconButton } from "../iconButton";
import { LinkedText, textAddress } from "./textLinks";
import { TextWell } from "./textWell";
import { ValueTree } from "./valueTree";

/** A text that is longer stands below its name. */
const shortLength = 64;

export interface FieldListProps {
  readonly panel: Panel;
  readonly entries: readonly DataEntry[];
  /** Of what the entries are counted in. */
  readonly address: TextAddress;
  readonly label: string;
}

export function FieldList(props: FieldListProps) {
  return (
    <dl class="fields" aria-label={props.label}>
      {props.entries.map((entry) => (
        <Field key={entry.index} {...props} entry={entry} />
      ))}
    </dl>
  );
}

function Field({ panel, entry, address }: FieldListProps & { readonly entry: DataEntry }) {
  const own = { ...address, path: [...(address.path ?? []), entry.index] };
  const isBlock = entry.node !== undefined || isLongText(entry);
  return (
    <div class={`field ${isBlock ? "is-block" : ""}`}>
      <dt>{entry.name}</dt>
      <dd class={`value-${entry.type}`} data-links="" {...textAddress(own.field, own.path)}>
        <FieldValue panel={panel} entry={entry} address={own} />
      </dd>
      <dd class="field-copy">
        <IconButton
          icon="copy"
          label={text("copyValue", entry.name)}
          onClick={() => panel.connection.post({ type: "copy", ...own })}
        />
      </dd>
    </div>
  );
}

function FieldValue({ panel, entry, address }: { panel: Panel; entry: DataEntry; address: TextAddress }) {
  if (entry.node !== undefined) {
    return <ValueTree panel={panel} address={address} node={entry.node} label={entry.name} />;
  }
  if (!isLongText(entry)) return <LinkedText value={entry.text} links={entry.links} />;
  const { text: beginning, totalLength, totalBytes, links } = entry;
  return (
    <TextWell
      panel={panel}
      address={address}
      first={{ text: beginning, from: 0, totalLength, totalBytes, links }}
      label={entry.name}
      isWrapped={panel.settings.wrapText}
      class="is-field"
      canOpen={entry.text.length < totalLength}
    />
  );
}

function isLongText({ type, text: value, totalLength }: DataEntry): boolean {
  return type === "text" && (totalLength > shortLength || value.includes("\n"));
}
