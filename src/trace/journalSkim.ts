// Records that a snapshot is known to hold are passed over: their checksum is looked at and what stands at their beginning,
// and nothing of them is parsed. What is wrong with the rest of one, its writer must have known when it made the snapshot.

import type { JournalRecord } from "./journalRecord";

/** What stands for a record that was passed over. It changes nothing where it is applied. */
export const passedOver: JournalRecord = { t: "heartbeat" };

/** The beginning of a record about a span, as our recorder writes it. Of the others each says something of the session. */
const beginning =
  /^\{ "s":(\d{1,15}),"w":(-?\d+(?:\.\d+)?),"m":(-?\d+(?:\.\d+)?(?:e-?\d+)?),"i":"([^"\\]{0,16})","t":"(?:begin|end|span|set|attributes|text|event|link)",/;
const longestBeginning = 160;
const decoder = new TextDecoder();

/** The stamp of a record up to `mostSeq`; undefined where it has to be read. */
export function skimRecord(
  line: Uint8Array,
  mostSeq: number,
): { readonly seq: number; readonly wallMs: number; readonly monoMs: number; readonly tag: string } | undefined {
  if (mostSeq < 0) return undefined;
  const found = beginning.exec(decoder.decode(line.subarray(0, longestBeginning)));
  const seq = Number(found?.[1] ?? Number.NaN);
  if (found === null || !(seq <= mostSeq)) return undefined;
  return { seq, wallMs: Number(found[2]), monoMs: Number(found[3]), tag: found[4] ?? "" };
}
