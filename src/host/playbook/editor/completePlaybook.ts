// What is offered while a playbook is typed: keys that may stand at the place, values where they are known, and within
// texts and conditions the names of parameters and steps.

import type { YamlPath } from "../../../session/playbook/yamlText";
import { type CursorPlace, cursorPlace } from "./cursorPlace";
import { keysOf, takesKeys, valuesOf, wordsOf } from "./placeSchema";
import { outlineOf } from "./playbookOutline";
import { conditionOffers, type Offer, placeholderOffers } from "./references";

export interface PlaybookOffer {
  readonly label: string;
  readonly kind: "key" | "value" | "reference";
  readonly detail?: string;
  readonly words?: string;
  /** With `$0` where the cursor goes; what is a name is escaped. */
  readonly snippet: string;
  /** Offsets of what it replaces. */
  readonly start: number;
  readonly end: number;
}

/** @param only names of parameters and steps alone, where another extension offers what the schema knows */
export function completePlaybook(text: string, offset: number, only?: "references"): PlaybookOffer[] {
  const place = cursorPlace(text, offset);
  if (place === undefined) return [];
  const references = referenceOffers(text, offset, place);
  if (references !== undefined) return references.map((offer) => referenceOffer(offer, place));
  if (only === "references") return [];
  const { path, kind, root, start, end } = place;
  const isKeyPlace = kind === "key" || (place.before === "" && takesKeys(path, root));
  const keys = isKeyPlace ? keyOffers(text, place) : [];
  if (kind === "key" || place.before !== "") return keys;
  const values = valuesOf(path, root).map(({ value, words }) => ({
    label: value,
    kind: "value" as const,
    ...(words !== undefined && { words }),
    snippet: value,
    start,
    end,
  }));
  return [...keys, ...values];
}

function keyOffers(text: string, { path, root, siblings, start, end }: CursorPlace): PlaybookOffer[] {
  const isFollowed = /^[ \t]*:/.test(text.slice(end));
  const given = siblings.map((key) => key);
  return keysOf(path, root)
    .filter((key) => !given.includes(key))
    .map((key) => {
      const words = wordsOf([...path, key], root);
      const below = isFollowed ? "" : `: ${snippetOf([...path, key], root)}`;
      return {
        label: key,
        kind: "key" as const,
        ...(words !== undefined && { words }),
        snippet: key + below,
        start,
        end,
      };
    });
}

/** What is written after a key so that the next thing can be typed. */
function snippetOf(path: YamlPath, root: unknown): string {
  const values = valuesOf(path, root).map(({ value }) => value);
  if (values.length > 0) return `\${1|${values.join(",")}|}$0`;
  return "$0";
}

/** Undefined where the cursor is not in a text or condition that could name something. */
function referenceOffers(text: string, offset: number, place: CursorPlace): readonly Offer[] | undefined {
  const { path, kind, before, root, yaml, start } = place;
  if (kind !== "value" || path[0] === "params" || path[0] === "guardrails") return undefined;
  const outline = outlineOf(yaml, root);
  const typed = text.slice(start, offset);
  if (path.at(-1) === "if" && path.length === 3) return conditionOffers(before + typed, outline, path);
  // `items: {from: steps.list.json}` of a batch names a step without braces.
  if (path.slice(2).join(".") === "with.items.from") {
    const offers = placeholderOffers(before + typed, outline, path);
    const dots = (before + typed).split(".").length - 1;
    if (dots === 1) return offers;
    return offers.filter(({ text }) => (dots === 0 ? text === "steps" : text === "json" || text === "output"));
  }
  const open = /\{([A-Za-z0-9_.[\]-]*)$/.exec(before + typed);
  if (open === null) return undefined;
  return placeholderOffers(open[1] ?? "", outline, path);
}

function referenceOffer({ text, detail, words }: Offer, { start, end }: CursorPlace): PlaybookOffer {
  return {
    label: text,
    kind: "reference",
    ...(detail !== "" && { detail }),
    ...(words !== undefined && { words }),
    snippet: text.replaceAll(/[\\$}]/g, "\\$&"),
    start,
    end,
  };
}
