// The way to the disk in words: for tips, for screen readers and for the text view.

import type { DurabilityAtResult, DurabilityResult } from "../../src/protocol/durabilityMessages";
import { formatDuration } from "../format";
import type { Panel } from "../model/panel";
import type { Picture } from "../model/traceModel";
import { countText, formatInteger, text } from "../text";
import { pointText } from "./timelineWords";

const fsyncText = { always: "fsyncAlways", interval: "fsyncInterval", never: "fsyncNever" } as const;

/** "Had the machine lost power here, 37 events (1.2 s) would have been lost", and what else is known of that instant. */
export function instantWords(panel: Panel, picture: Picture, at: DurabilityAtResult, atMs: number): string[] {
  const lines = [powerCutText(at, atMs), text(at.isDegraded ? "killedMaybe" : "killedNothing")];
  lines.push(
    at.lastSyncMs === undefined
      ? text("neverSynced")
      : text("lastSync", pointText(panel, picture, at.lastSyncMs), formatDuration(Math.max(0, atMs - at.lastSyncMs))),
  );
  if (at.unsaved > 0) lines.push(countText("oneInJournal", "manyInJournal", at.unsaved));
  return lines;
}

function powerCutText({ unsynced, unsyncedSinceMs, isExact }: DurabilityAtResult, atMs: number): string {
  if (unsynced === 0) return text("powerCutNothing");
  const lost = countText("oneEvent", "manyEvents", unsynced);
  const ms = formatDuration(atMs - (unsyncedSinceMs ?? atMs));
  return text(isExact ? "powerCut" : "powerCutAtMost", lost, ms);
}

/** Why there is nothing to draw; undefined where there is. */
export function unknownText({ known }: DurabilityResult): string | undefined {
  if (known === "noted") return undefined;
  return text(known === "foreign" ? "durabilityForeign" : "durabilityNotNoted");
}

/** Everything that is known, a sentence each. */
export function durabilityFacts(panel: Panel, picture: Picture, result: DurabilityResult): string[] {
  const unknown = unknownText(result);
  const facts = unknown === undefined ? [] : [unknown];
  const point = (ms: number) => pointText(panel, picture, ms);
  if (unknown === undefined) {
    if (result.fsync !== undefined) facts.push(text(fsyncText[result.fsync]));
    facts.push(
      text("marksCounted", formatInteger(result.syncCount), formatInteger(result.snapshotCount)),
      result.worst === undefined
        ? text("neverSynced")
        : text("worstInstant", countText("oneEvent", "manyEvents", result.worst.events), point(result.worst.atMs)),
    );
  }
  for (const { atMs, reason } of result.crashes) {
    facts.push(reason === undefined ? text("crashedAt", point(atMs)) : text("crashedBecause", point(atMs), reason));
  }
  if (result.onlyInJournal > 0) facts.push(recoveredText(result));
  if (result.recovered !== undefined && result.recovered.lost > 0) {
    facts.push(countText("oneRecordLost", "manyRecordsLost", result.recovered.lost));
  }
  for (const { fromMs, toMs, reason } of result.degraded) {
    facts.push(text("degradedFrom", point(fromMs), toMs === undefined ? text("theEnd") : point(toMs), reason ?? ""));
  }
  for (const { atMs, count } of result.dropped) facts.push(text("droppedAt", formatInteger(count), point(atMs)));
  return facts;
}

export function recoveredText({ onlyInJournal }: DurabilityResult): string {
  return countText("oneFromJournal", "manyFromJournal", onlyInJournal);
}
