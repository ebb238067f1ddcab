// The beginning of a long text as Markdown. Of more than this nobody reads the layout, and reading it anew with every part
// would take longer each time: the whole is to be had as text.

import type { TextPart } from "../../../src/trace/textPart";
import type { Panel } from "../../model/panel";
import type { TextAddress } from "../../model/textLoader";
import { text } from "../../text";
import { Markdown } from "./markdown";
import { textAddress } from "./textLinks";
import { MoreOfText, useTextLoader } from "./textWell";

/** UTF-16 units. */
const mostDrawn = 131_072;

export interface MarkdownTextProps {
  readonly panel: Panel;
  readonly address: TextAddress;
  readonly first: TextPart;
  readonly label: string;
}

export function MarkdownText({ panel, address, first, label }: MarkdownTextProps) {
  const loader = useTextLoader(panel, address, first);
  const source = loader.parts
    .map((part) => part.text)
    .join("")
    .slice(0, mostDrawn);
  const links = loader.parts.flatMap((part) =>
    part.links.map(({ start, ...link }) => ({ ...link, start: part.from + start, end: part.from + link.end })),
  );
  return (
    <>
      <div data-links="" {...textAddress(address.field, address.path)}>
        <Markdown source={source} links={links} />
      </div>
      {loader.length > mostDrawn ? (
        <p class="cut-mark">{text("markdownCut")}</p>
      ) : (
        <MoreOfText panel={panel} address={address} first={first} label={label} isWrapped loader={loader} />
      )}
    </>
  );
}
