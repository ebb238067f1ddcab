// The change of one file as lines, as a panel gets it: runs of lines that stayed the same are folded, and of a long list
// only the beginning comes at once. Plain data; `reader/editRows` makes it.

export type DiffEntry =
  | {
      readonly type: "line";
      /** `=`: there before and after. */
      readonly sign: "=" | "-" | "+";
      /** Numbers of the line before and after, from 1. */
      readonly oldLine?: number | undefined;
      readonly newLine?: number | undefined;
      /** The beginning of the line, without its end. */
      readonly text: string;
      /** UTF-16 units of the whole line. */
      readonly totalLength: number;
      /** Pairs of places in `text` between which it differs from the line that it replaces or is replaced by. */
      readonly marks: readonly number[];
    }
  /** Lines that stayed the same and are not among the entries. */
  | { readonly type: "fold"; readonly from: number; readonly count: number }
  /** Lines of the file that the call does not name. */
  | { readonly type: "gap" };

export interface DiffView {
  /** "" where the call names none. */
  readonly path: string;
  readonly newPath?: string | undefined;
  readonly type: "edit" | "create" | "delete" | "write";
  /** Whether the path may be opened. */
  readonly isLink: boolean;
  /** The numbers of lines are those of the file; otherwise they are counted from where the texts begin. */
  readonly isNumbered: boolean;
  readonly added: number;
  readonly removed: number;
  /** The texts differ too much to be compared line by line: all old lines stand before all new ones. */
  readonly isRough: boolean;
  readonly entries: readonly DiffEntry[];
  /** Entries in all. */
  readonly total: number;
}
