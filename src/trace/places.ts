// Where in the source a span points to, best first. In order of trust: attributes made for it, stack traces, what error
// texts name, what the tool was called with, what the output mentions. Network paths are never among them.

import type { Place } from "./place";
import { acceptPath, isLibraryPath, pathOfUrl, positionNumber } from "./placePath";
import { type FoundPlace, placesInText, type ScanWork, WORTH } from "./placesInText";
import { placesOfTool } from "./placesOfTool";
import { oneLine } from "./plainText";
import type { TraceSpan } from "./schema";
import { asFields, asNumber, textField, toolCall } from "./toolCall";

const mostPlaces = 50;
/** Texts of one output that are looked at, and how deep they may lie. */
const mostTexts = 40;
const deepestText = 4;

/** At most 50 different places, the most useful first; code of dependencies only where there is no other. */
export function findPlaces(span: TraceSpan, work?: ScanWork): Place[] {
  const isFailed = span.status === "error";
  const stacks = stackTexts(span).flatMap((text) => placesInText(text, false, work));
  const errors = errorTexts(span).flatMap((text) => placesInText(text, true, work));
  const mentions = outputTexts(span).flatMap((text) => placesInText(text, isFailed, work));
  const outputs = isFailed ? framesFirst(mentions) : mentions;
  const tool = placesOfTool(span);
  const { action } = toolCall(span);
  // What a call reads or writes is full of places that have nothing to do with the call.
  const isAboutFile = span.kind === "tool" && (action === "read" || action === "write" || action === "edit");
  const mentioned = outputs.map((found) => asPlace(found, "text"));
  const all = [
    ...placesOfAttributes(span),
    ...stacks.map((found) => asPlace(found, "stack")),
    ...errors.map((found) => asPlace(found, "text")),
    ...(isAboutFile ? [...tool, ...mentioned] : [...mentioned.filter(hasSpot), ...tool, ...mentioned]),
  ];
  return withoutRepeats(withoutLibraries(all)).slice(0, mostPlaces);
}

/** The place to open without asking: the first with a line or a text to find, else the first. */
export function bestPlace(places: readonly Place[]): Place | undefined {
  return places.find(hasSpot) ?? places[0];
}

function hasSpot(place: Place): boolean {
  return place.line !== undefined || place.find !== undefined;
}

/** What a failed program printed names many places, and its stack says which of them it failed at. */
function framesFirst(found: readonly FoundPlace[]): FoundPlace[] {
  const rank = ({ worth, isFrame }: FoundPlace) => (worth === WORTH.named && isFrame ? WORTH.named - 0.5 : worth);
  return [...found].sort((a, b) => rank(a) - rank(b));
}

function placesOfAttributes(span: TraceSpan): (Place & { readonly isLibrary?: true })[] {
  const attributes = span.attributes;
  if (attributes === undefined) return [];
  const named = textField(attributes, ["code.file.path", "code.filepath"]);
  const url = named === undefined ? undefined : pathOfUrl(named.trim());
  const path = url === undefined ? undefined : acceptPath(url);
  if (path === undefined) return [];
  const line = positionNumber(asNumber(attributes["code.line.number"] ?? attributes["code.lineno"]));
  const column = positionNumber(asNumber(attributes["code.column.number"] ?? attributes["code.column"]));
  const context = textField(attributes, ["code.function.name", "code.function"]);
  return [
    {
      path,
      origin: "attribute",
      ...(line === undefined ? {} : { line }),
      ...(line === undefined || column === undefined ? {} : { column }),
      ...(context === undefined ? {} : { context: oneLine(context) }),
      ...(isLibraryPath(path) ? { isLibrary: true as const } : {}),
    },
  ];
}

/** The last exception first: it is the one that the span ended with. */
function stackTexts(span: TraceSpan): string[] {
  const names = ["exception.stacktrace", "code.stacktrace", "error.stack"];
  const ofEvents = (span.events ?? [])
    .slice(-10)
    .reverse()
    .flatMap((event) => textField(event.attributes ?? {}, names) ?? []);
  const own = textField(span.attributes ?? {}, names);
  return own === undefined ? ofEvents : [...ofEvents, own];
}

function errorTexts(span: TraceSpan): string[] {
  const texts: string[] = [];
  if (span.statusMessage !== undefined) texts.push(span.statusMessage);
  for (const event of (span.events ?? []).slice(-10)) {
    const message = textField(event.attributes ?? {}, ["exception.message"]);
    if (message !== undefined) texts.push(message);
  }
  const attributes = span.attributes ?? {};
  const message = textField(attributes, ["error.message", "exception.message"]);
  if (message !== undefined) texts.push(message);
  const output = asFields(span.output);
  if (output !== undefined) collectTexts([output["error"], output["stderr"]], texts);
  return [...new Set(texts)];
}

function outputTexts(span: TraceSpan): string[] {
  const attributes = span.attributes ?? {};
  const output =
    span.output ??
    attributes["gen_ai.tool.call.result"] ??
    attributes["ai.toolCall.result"] ??
    attributes["output.value"] ??
    attributes["traceloop.entity.output"];
  const fields = asFields(output);
  const texts: string[] = [];
  if (fields === undefined) collectTexts([output], texts);
  else
    collectTexts(
      Object.entries(fields)
        .slice(0, mostTexts)
        .flatMap(([name, value]) => (name === "error" || name === "stderr" ? [] : [value])),
      texts,
    );
  return texts.filter((text) => text !== span.statusMessage);
}

/** The texts in a value, level by level, so that those on top come first and the depth costs no stack. */
function collectTexts(values: readonly unknown[], texts: string[]): void {
  let level = values;
  for (let depth = 0; depth < deepestText && level.length > 0 && texts.length < mostTexts; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === "string") {
        if (texts.length < mostTexts) texts.push(value);
      } else if (Array.isArray(value)) next.push(...(value as unknown[]).slice(0, mostTexts));
      else if (typeof value === "object" && value !== null) next.push(...Object.values(value).slice(0, mostTexts));
    }
    level = next.slice(0, mostTexts * mostTexts);
  }
}

function asPlace(found: FoundPlace, origin: "stack" | "text"): Place & { readonly isLibrary?: true } {
  return {
    path: found.path,
    origin: found.isFrame ? "stack" : origin,
    ...(found.line === undefined ? {} : { line: found.line }),
    ...(found.line === undefined || found.column === undefined ? {} : { column: found.column }),
    context: oneLine(found.context),
    ...(found.worth === WORTH.dependency ? { isLibrary: true as const } : {}),
  };
}

function withoutLibraries(places: readonly (Place & { readonly isLibrary?: true })[]): Place[] {
  const own = places.filter((place) => place.isLibrary !== true);
  return (own.length > 0 ? own : places).map(({ isLibrary: _, ...place }) => place);
}

/**
 * Each place once. The same file under a longer and a shorter name (`/repo/src/x.ts`, `src/x.ts`) is one place where the
 * lines agree, and a file without a line is left out where another place names a spot in it.
 */
function withoutRepeats(places: readonly Place[]): Place[] {
  const kept = new Set<Place>();
  const byFile = new Map<string, Place[]>();
  for (const place of [...places.filter(hasSpot), ...places.filter((place) => !hasSpot(place))]) {
    const base = place.path.slice(Math.max(place.path.lastIndexOf("/"), place.path.lastIndexOf("\\")) + 1);
    const same = byFile.get(base) ?? [];
    byFile.set(base, same);
    const isRepeat = same.some(
      (other) =>
        isSamePath(other.path, place.path) &&
        (!hasSpot(place) || (other.line === place.line && (place.line !== undefined || other.find !== undefined))),
    );
    if (isRepeat || same.length >= mostPlaces) continue;
    same.push(place);
    kept.add(place);
  }
  return places.filter((place) => kept.has(place));
}

function isSamePath(a: string, b: string): boolean {
  const left = a.replaceAll("\\", "/").replace(/^\.\//, "");
  const right = b.replaceAll("\\", "/").replace(/^\.\//, "");
  return left === right || left.endsWith(`/${right}`) || right.endsWith(`/${left}`);
}
