// A place in a source file that a trace names. The path is as the trace has it: foreign, relative or absolute;
// whoever opens it maps it to a workspace folder first.

export type PlaceOrigin = "attribute" | "stack" | "text" | "tool";

export interface Place {
  /** As written in the trace; `file:` URLs are decoded to paths. Never empty. */
  readonly path: string;
  /** From 1. */
  readonly line?: number | undefined;
  /** From 1. */
  readonly column?: number | undefined;
  readonly origin: PlaceOrigin;
  /** Texts of which the first that is found in the file marks the place, where no line is known (an edit's new, then its old text). */
  readonly find?: readonly string[] | undefined;
  /** The line of the trace's text that named it, cut to 200 characters; for picks. */
  readonly context?: string | undefined;
}
