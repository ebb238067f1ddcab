// One payload of a span as a panel gets it: its beginning, with what is to be had of the rest on request. Everything is
// worked out once and from the payload alone, so that whoever keeps this object answers the next question at no cost.

import { type BinaryPart, foldNamed, foldText, foldValue } from "./binaryParts";
import { type DataEntry, dataEntries } from "./dataEntry";
import { cutMark, cutMessageLength, cutOutputLength, isMessageCut, isOutputCut } from "./producerMarks";
import type { TraceSpan } from "./schema";
import { firstPartLength, PartedText, type TextPart } from "./textPart";
import { asFields } from "./toolCall";
import { type ValueNode, valueNode } from "./valueNode";
import { prettyText, type WholePayload, wholePayload } from "./wholePayload";

/** `fields`: as a list of names and values. */
export type ShownAs = "diff" | "fields" | "json" | "markdown" | "text";

export interface PayloadCut {
  /** UTF-16 units that the producer kept. */
  readonly kept: number;
  /** UTF-16 units that it had, where it says so. The rest is nowhere. */
  readonly whole?: number | undefined;
}

/** An image within a payload, by its number among the payload's images. */
export interface PayloadImage {
  readonly mediaType: string;
  readonly bytes: number;
  /** Pixels, as its beginning says. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly name?: string | undefined;
}

export interface PayloadView extends TextPart {
  readonly type: WholePayload["type"];
  /** The ways in which it can be shown, the best first; none for nothing. */
  readonly views: readonly ShownAs[];
  /** Of a list or an object: its first levels. */
  readonly node?: ValueNode | undefined;
  /** The fields of it, where that is one of the ways; else those that stand beside the text or the diff. */
  readonly fields: readonly DataEntry[];
  readonly images: readonly PayloadImage[];
  /** Images that are not among them, because there are too many. */
  readonly moreImages: number;
  /** Data that is folded in what is shown, images included. */
  readonly foldedCount: number;
  readonly cut?: PayloadCut | undefined;
}

const mostImages = 100;
/** Objects with more fields are shown as JSON. */
const mostFields = 60;

export class Payload {
  readonly whole: WholePayload;
  readonly #span: TraceSpan;
  readonly #field: "input" | "output";
  #folded: { readonly value: unknown; readonly parts: readonly BinaryPart[] } | undefined;
  #shown: { readonly text: PartedText; readonly parts: readonly BinaryPart[] } | undefined;

  constructor(span: TraceSpan, field: "input" | "output") {
    this.whole = wholePayload(span, field);
    this.#span = span;
    this.#field = field;
  }

  /** What the text was taken from, with its data folded; undefined where there is nothing but the text. */
  get value(): unknown {
    return this.#foldedValue.value;
  }

  /** The text with its data folded. */
  get text(): PartedText {
    return this.#shownText.text;
  }

  /** Those that can be drawn. */
  get images(): readonly BinaryPart[] {
    return this.#parts.filter(({ image }) => image !== undefined);
  }

  view(): PayloadView {
    const { whole, value } = this;
    const views = this.#views();
    const names = views.includes("fields") ? undefined : (whole.beside ?? []);
    const hasTree = views.includes("json") && typeof value === "object" && value !== null;
    return {
      type: whole.type,
      views,
      ...this.text.part(0, firstPartLength),
      ...(hasTree ? { node: valueNode(value) } : {}),
      fields: dataEntries(value, names).entries,
      images: this.images.slice(0, mostImages).map(imageOf),
      moreImages: Math.max(0, this.images.length - mostImages),
      foldedCount: this.#parts.length,
      ...this.#cut(),
    };
  }

  get #parts(): readonly BinaryPart[] {
    return this.whole.value === undefined ? this.#shownText.parts : this.#foldedValue.parts;
  }

  get #foldedValue() {
    this.#folded ??= foldValue(this.whole.value);
    return this.#folded;
  }

  get #shownText() {
    this.#shown ??= this.#makeShownText();
    return this.#shown;
  }

  #makeShownText() {
    const { whole } = this;
    if (whole.isMade === true) {
      const { value, parts } = this.#foldedValue;
      // What is written here anew is written with the labels in it.
      return { text: new PartedText(parts.length === 0 ? whole.text : prettyText(value)), parts };
    }
    const { text, parts } = foldText(whole.text);
    const named = typeof whole.value === "object" ? this.#foldedValue.parts : [];
    return { text: new PartedText(foldNamed(text, named)), parts };
  }

  #views(): ShownAs[] {
    const { type, value } = this.whole;
    const tree: ShownAs[] = typeof value === "object" ? ["json"] : [];
    switch (type) {
      case "empty":
        return [];
      case "diff":
        return ["diff", ...(tree.length > 0 ? tree : []), "text"];
      case "json": {
        if (tree.length === 0) return ["text"];
        const fields = asFields(value);
        const isList = fields !== undefined && Object.keys(fields).length <= mostFields;
        return [...(isList ? (["fields"] as const) : []), "json", "text"];
      }
      case "markdown":
        return ["markdown", "text", ...tree];
      case "text":
        return ["text", "markdown", ...tree];
    }
  }

  #cut(): { cut?: PayloadCut } {
    if (this.whole.type === "empty") return {};
    const whole = cutMark(this.#span, this.#field);
    if (whole !== undefined) return { cut: { kept: this.whole.text.length, whole } };
    if (this.#field === "output") return isOutputCut(this.#span) ? { cut: { kept: cutOutputLength } } : {};
    return isMessageCut(this.#span) ? { cut: { kept: cutMessageLength } } : {};
  }
}

/** The payload for a panel; who answers more than one question keeps the `Payload`. */
export function payloadView(span: TraceSpan, field: "input" | "output"): PayloadView {
  return new Payload(span, field).view();
}

function imageOf({ image, source, mediaType, name }: BinaryPart): PayloadImage {
  return {
    mediaType: mediaType ?? "",
    bytes: source.byteLength,
    ...(image?.width === undefined ? {} : { width: image.width }),
    ...(image?.height === undefined ? {} : { height: image.height }),
    ...(name === undefined ? {} : { name }),
  };
}

/** Words that stand in no trace, as a payload. */
export function wordsAsPayload(text: string): PayloadView {
  return {
    type: text === "" ? "empty" : "text",
    views: text === "" ? [] : ["text"],
    ...new PartedText(text).part(0, text.length),
    fields: [],
    images: [],
    moreImages: 0,
    foldedCount: 0,
  };
}
