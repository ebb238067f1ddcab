// One file of lines while it is read: cuts it, parses each line, hands records to the importer, and reports what is wrong
// with a line by its offset. Lines that are damaged are left out; a last line that is torn may still be completed.

import type { Problem } from "../trace/problem";
import { groupDigits, type ProblemList } from "../trace/problemList";
import type { LinePlace } from "./importedSpans";
import { type CutLine, LineCutter } from "./lineCutter";
import { isFields } from "./recordFields";
import { hasIdentity, RepeatedLines } from "./repeatedLines";
import type { TranscriptImporter } from "./transcript";

export interface ImportedFileOptions {
  readonly importer: Pick<TranscriptImporter, "take" | "takeComplaint"> & {
    /** A line may be a list of records. */
    readonly takesLists?: boolean;
    /** Every line names ids, wherever in it: equal ones are one. */
    readonly hasIdsInLines?: boolean;
  };
  readonly problems: ProblemList;
  /** Number of the file; 0 is the one that was opened. */
  readonly number: number;
  /** Its name, where it is not the one that was opened. */
  readonly name?: string | undefined;
  readonly longestLineBytes?: number | undefined;
  /** Called after each line that was taken. */
  readonly onTaken?: (() => void) | undefined;
}

export class ImportedFile {
  readonly #options: ImportedFileOptions;
  readonly #cutter: LineCutter;
  readonly #repeated = new RepeatedLines();
  /** Offset of a last line without a line feed that was taken all the same. */
  #takenRest = -1;
  #sizeBytes = 0;
  #contradicts = false;

  constructor(options: ImportedFileOptions) {
    this.#options = options;
    this.#cutter = new LineCutter(options.longestLineBytes);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** What came later shows that a line was taken for whole that was not: the file has to be read from its start. */
  get contradicts(): boolean {
    return this.#contradicts;
  }

  /** Takes further bytes; pauses after each line. */
  *push(bytes: Uint8Array): Generator<undefined, void> {
    this.#sizeBytes += bytes.length;
    for (const line of this.#cutter.push(bytes)) {
      if (line.offsetBytes === this.#takenRest) this.#contradicts ||= parse(line.bytes) === undefined;
      else this.#line(line);
      yield;
    }
  }

  /** All bytes that there are have been given: a last line that is whole counts, also without its line feed. */
  atEnd(): Problem | undefined {
    const rest = this.#cutter.rest;
    if (this.#sizeBytes === 0) return this.#problem("empty-file", "error", "The file is empty", 0);
    if (rest === undefined || (rest.bytes.length === 0 && rest.tooLongBytes === 0 && rest.nulBytes === 0))
      return undefined;
    if (rest.bytes.length === 0 && rest.tooLongBytes === 0) {
      return this.#problem(
        "nul-bytes",
        "warning",
        `${groupDigits(rest.nulBytes)} NUL bytes at the end of the file`,
        rest.offsetBytes - rest.nulBytes,
      );
    }
    // Only what can't go on is taken: of a number that is written the last digit may be missing.
    const value = isClosing(rest.bytes.at(-1)) ? parse(rest.bytes) : undefined;
    if (value === undefined) {
      if (rest.offsetBytes === this.#takenRest) return undefined;
      return this.#problem(
        "truncated",
        "warning",
        `The last line, ${rest.number}, ends in its middle`,
        rest.offsetBytes,
      );
    }
    if (rest.offsetBytes !== this.#takenRest) {
      this.#takenRest = rest.offsetBytes;
      this.#line(rest);
    }
    return undefined;
  }

  #line(line: CutLine): void {
    const { bytes, nulBytes, tooLongBytes, offsetBytes, number } = line;
    if (nulBytes > 0) {
      this.#report("nul-bytes", "warning", `${groupDigits(nulBytes)} NUL bytes in line ${number}`, line);
    }
    if (tooLongBytes > 0) {
      const length = groupDigits(tooLongBytes);
      return this.#report("syntax", "error", `Line ${number} has ${length} bytes and is left out`, line);
    }
    const start = number === 1 && hasByteOrderMark(bytes) ? 3 : 0;
    if (isBlank(bytes, start)) return;
    const value = parse(start === 0 ? bytes : bytes.subarray(start));
    if (value === undefined) {
      return this.#report("syntax", "error", `Line ${number} is no JSON and is left out`, line);
    }
    const { importer } = this.#options;
    const records = importer.takesLists === true && Array.isArray(value) ? value.filter(isFields) : [value];
    if (!records.every(isFields)) {
      return this.#report("not-a-trace", "warning", `Line ${number} is no record and is left out`, line);
    }
    if (this.#repeated.isRepeated(bytes, importer.hasIdsInLines === true || records.some(hasIdentity))) {
      this.#report("journal-duplicate", "info", `Line ${number} repeats an earlier one`, line, "duplicate");
      return;
    }
    const at: LinePlace = {
      file: this.#options.number,
      offsetBytes: offsetBytes + start,
      lengthBytes: bytes.length - start,
    };
    for (const fields of records) importer.take({ fields, at });
    this.#options.onTaken?.();
    for (let told = importer.takeComplaint(); told !== undefined; told = importer.takeComplaint()) {
      this.#report("invalid-field", told.severity, `${told.message} (line ${number})`, line, told.key);
    }
  }

  #report(
    code: Problem["code"],
    severity: Problem["severity"],
    message: string,
    { offsetBytes }: CutLine,
    key?: string,
  ): void {
    this.#options.problems.add(this.#problem(code, severity, message, offsetBytes), key);
  }

  #problem(code: Problem["code"], severity: Problem["severity"], message: string, offsetBytes: number): Problem {
    const { name } = this.#options;
    return { code, severity, message, offsetBytes, ...(name === undefined ? {} : { file: name }) };
  }
}

/** Of an object or a list. */
function isClosing(byte: number | undefined): boolean {
  return byte === 0x7d || byte === 0x5d;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function isBlank(bytes: Buffer, start: number): boolean {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
