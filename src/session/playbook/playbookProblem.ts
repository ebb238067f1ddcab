// What is wrong with a playbook, in words, and where: a range within the file that a person can be taken to.

/** Lines and columns count from 1, the offset from 0; columns and offsets in UTF-16 code units, as editors count. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

export interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
}

export interface PlaybookProblem {
  /** With an error there is no playbook to run; a warning says what is likely not meant. */
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly range: TextRange;
}

/** `build.playbook.yaml:12:5: error: …`, as compilers write it. */
export function problemLine(path: string, { severity, message, range }: PlaybookProblem): string {
  return `${path}:${range.start.line}:${range.start.column}: ${severity}: ${message}`;
}
