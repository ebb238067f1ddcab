// What is wrong with a journal, gathered in the order of the file: damaged bytes in a row are one region, and repeated
// lines are counted, so that the list stays short however long the journal is.

import type { Problem } from "./problem";
import { groupDigits, ProblemList, quantity } from "./problemList";
import type { MissingSeqs } from "./seqLog";

interface Region {
  readonly offsetBytes: number;
  endBytes: number;
  nulBytes: number;
  /** Lines, or parts of lines, that hold something else than NUL bytes. */
  lines: number;
  /** The last of them is the end of the file and has no line feed. */
  isTorn: boolean;
}

interface Tally {
  readonly offsetBytes: number;
  count: number;
}

export class JournalProblems {
  readonly #fileName: string;
  readonly #list = new ProblemList();
  #region: Region | undefined;
  #duplicates: Tally | undefined;
  #secondWriter: Tally | undefined;
  #unknownTypes: (Tally & { readonly type: string }) | undefined;

  constructor(fileName: string) {
    this.#fileName = fileName;
  }

  fork(): JournalProblems {
    const copy = new JournalProblems(this.#fileName);
    copy.#list.addAll(this.#list.toArray());
    copy.#region = this.#region && { ...this.#region };
    copy.#duplicates = this.#duplicates && { ...this.#duplicates };
    copy.#secondWriter = this.#secondWriter && { ...this.#secondWriter };
    copy.#unknownTypes = this.#unknownTypes && { ...this.#unknownTypes };
    return copy;
  }

  addDamage(bytes: Uint8Array, offsetBytes: number, isTail: boolean): void {
    let nulBytes = 0;
    for (const byte of bytes) if (byte === 0) nulBytes++;
    const lines = nulBytes < bytes.length || bytes.length === 0 ? 1 : 0;
    const endBytes = offsetBytes + bytes.length;
    const region = this.#region;
    // One byte between two regions is the line feed.
    if (region && offsetBytes <= region.endBytes + 1) {
      region.endBytes = endBytes;
      region.nulBytes += nulBytes;
      region.lines += lines;
      region.isTorn = isTail && lines > 0;
      return;
    }
    this.endRegion();
    this.#region = { offsetBytes, endBytes, nulBytes, lines, isTorn: isTail && lines > 0 };
  }

  /** A sound record follows: what was damaged before it is one region. */
  endRegion(): void {
    const region = this.#region;
    if (!region) return;
    this.#region = undefined;
    this.#list.add(this.#describeRegion(region));
  }

  addDuplicate(offsetBytes: number): void {
    if (this.#duplicates) this.#duplicates.count++;
    else this.#duplicates = { offsetBytes, count: 1 };
  }

  addSecondWriter(offsetBytes: number): void {
    if (this.#secondWriter) this.#secondWriter.count++;
    else this.#secondWriter = { offsetBytes, count: 1 };
  }

  addUnknownType(type: string, offsetBytes: number): void {
    if (this.#unknownTypes) this.#unknownTypes.count++;
    else this.#unknownTypes = { offsetBytes, count: 1, type: type.slice(0, 40) };
  }

  addNote(severity: "error" | "warning", message: string, offsetBytes: number): void {
    this.#list.add({ code: "journal-record", severity, message, offsetBytes, file: this.#fileName });
  }

  addNewerVersion(version: number, offsetBytes: number): void {
    const message = `The journal has format version ${groupDigits(version)}, which is newer than this Tracekeeper understands; update Tracekeeper to read it`;
    this.#list.add({ code: "newer-version", severity: "error", message, offsetBytes, file: this.#fileName });
  }

  /** What is lost in the damage at the end, where no later sequence number shows how much it is. */
  lossAtEnd(): { readonly lines: number; readonly isTorn: boolean } {
    const region = this.#region;
    return { lines: region ? region.lines - (region.isTorn ? 1 : 0) : 0, isTorn: region?.isTorn ?? false };
  }

  /** All problems, by their place in the file. */
  toArray(lengthBytes: number, isHeaderLost: boolean, missing: readonly MissingSeqs[]): Problem[] {
    const all = this.fork();
    const file = this.#fileName;
    if (lengthBytes === 0)
      all.#list.add({ code: "empty-file", severity: "warning", message: "The journal is empty", file });
    if (isHeaderLost) {
      const message = "The header of the journal is missing or damaged, so that nobody knows who wrote it";
      all.#list.add({ code: "journal-record", severity: "error", message, offsetBytes: 0, file });
    }
    all.endRegion();
    for (const gap of missing) {
      const message = describeGap(gap);
      if (message === undefined) continue;
      const count = gap.toSeq - Math.max(1, gap.fromSeq) + 1;
      all.#list.add({ code: "journal-gap", severity: "error", message, offsetBytes: gap.offsetBytes, file, count });
    }
    all.#addTallies();
    return all.#list.toArray().sort((a, b) => (a.offsetBytes ?? 0) - (b.offsetBytes ?? 0));
  }

  #addTallies(): void {
    const file = this.#fileName;
    if (this.#duplicates) {
      const message = `${quantity(this.#duplicates.count, "line")} that repeat earlier ones were left out`;
      this.#list.add({ code: "journal-duplicate", severity: "info", message, file, ...this.#duplicates });
    }
    if (this.#secondWriter) {
      const message = `${quantity(this.#secondWriter.count, "record")} of a second writer were left out; the first writer's are kept`;
      this.#list.add({ code: "second-writer", severity: "error", message, file, ...this.#secondWriter });
    }
    if (this.#unknownTypes) {
      const { type, ...tally } = this.#unknownTypes;
      const message = `${quantity(tally.count, "record")} of a type that this Tracekeeper does not know, such as "${type}"`;
      this.#list.add({ code: "journal-record", severity: "info", message, file, ...tally });
    }
  }

  #describeRegion(region: Region): Problem {
    const { offsetBytes, endBytes, nulBytes, lines, isTorn } = region;
    const file = this.#fileName;
    const bytes = quantity(Math.max(1, endBytes - offsetBytes), "byte");
    if (lines === 0) {
      const message = `${quantity(nulBytes, "NUL byte")} where records should be`;
      return { code: "nul-bytes", severity: "warning", message, offsetBytes, file };
    }
    if (isTorn && lines === 1 && nulBytes === 0) {
      const message = `The last record is cut off after ${bytes}`;
      return { code: "truncated", severity: "warning", message, offsetBytes, file };
    }
    const nul = nulBytes > 0 ? `, ${quantity(nulBytes, "NUL byte")} among them,` : "";
    const message = `${bytes}${nul} of the journal ${endBytes - offsetBytes > 1 ? "are" : "is"} damaged`;
    return { code: "journal-record", severity: "error", message, offsetBytes, file };
  }
}

function describeGap({ fromSeq, toSeq }: MissingSeqs): string | undefined {
  // The header has number 0 and a problem of its own.
  const from = Math.max(1, fromSeq);
  if (from > toSeq) return undefined;
  if (from === toSeq) return `Record ${groupDigits(from)} is missing`;
  return `Records ${groupDigits(from)} to ${groupDigits(toSeq)} are missing`;
}
