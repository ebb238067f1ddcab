// What is wrong with a trace, as data. A reader never throws for bad bytes: it returns what is sound and a list of these.

export type ProblemCode =
  /** The file holds no byte. */
  | "empty-file"
  /** The bytes end in the middle of the document. */
  | "truncated"
  /** A run of NUL bytes where text should be, as a full disk or a power cut leaves it. */
  | "nul-bytes"
  /** Bytes that are not JSON at this place. */
  | "syntax"
  /** Bytes after the end of the document. */
  | "trailing-bytes"
  /** Bytes that are not UTF-8. */
  | "encoding"
  /** JSON, but not a trace. */
  | "not-a-trace"
  /** A trace of a version that this reader does not know. */
  | "newer-version"
  /** A field that has the wrong type or an impossible value; it was replaced or left out. */
  | "invalid-field"
  /** A span without what makes it a span. */
  | "invalid-span"
  | "duplicate-span-id"
  | "parent-not-received"
  | "parent-cycle"
  /** A span ends before it starts, or starts at a time before the epoch. */
  | "impossible-time"
  /** The producer left spans out on purpose. */
  | "elided-spans"
  /** The producer cut a text and says so, or its length shows it. */
  | "cut-output"
  /** A damaged line of a journal. */
  | "journal-record"
  /** Records that are missing between two sound ones. */
  | "journal-gap"
  /** Lines that repeat earlier ones; dropped. */
  | "journal-duplicate"
  /** Two writers used one journal; the first is kept. */
  | "second-writer"
  /** A snapshot and a journal that do not belong together. */
  | "instance-mismatch"
  /** A crash marker that does not speak of the session as it is now. */
  | "crash-marker"
  /** The file could not be read at all. */
  | "unreadable";

export interface Problem {
  readonly code: ProblemCode;
  /** `error`: something is missing or was replaced; `warning`: everything is there, but it is odd; `info`: a note. */
  readonly severity: "error" | "warning" | "info";
  /** One sentence in words, without a trailing period; may contain text from the trace. */
  readonly message: string;
  /** Where in the file, in bytes from its start. */
  readonly offsetBytes?: number | undefined;
  /** Name of the file of the session (for example `S.1.journal.ndjson`), where it is not `S.json`. */
  readonly file?: string | undefined;
  /** Index into `TraceFile.spans`, where the problem is one span's. */
  readonly spanIndex?: number | undefined;
  /** How many times this happened, where equal problems were counted together. */
  readonly count?: number | undefined;
}
