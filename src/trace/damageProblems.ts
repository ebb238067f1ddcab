// Damage in words: what is wrong at which byte, how much was skipped, and what became of the span in which it was.

import type { PartialSpan } from "./jsonStack";
import { BYTE, endOfNuls, isWhiteSpace } from "./jsonTokens";
import type { Problem } from "./problem";
import { groupDigits, quantity } from "./problemList";
import type { ResumePoint } from "./resumePoint";

export interface Fault {
  readonly type: "cut" | "nul" | "syntax";
  /** The first byte that can't be right. */
  readonly atBytes: number;
  /** Where the search for a place to go on begins: the start of a token that may have swallowed one. */
  readonly searchFromBytes: number;
}

interface DamagePlace {
  readonly spanIndex: number | undefined;
  readonly span: PartialSpan;
}

/** @param resume where reading goes on; undefined where the rest of the file is lost. */
export function damageProblem(
  fault: Fault,
  bytes: Uint8Array,
  resume: ResumePoint | undefined,
  place: DamagePlace,
): Problem {
  const within = inSpan(place.span);
  if (fault.type === "cut") {
    return {
      code: "truncated",
      severity: "error",
      message: `The file ends too early, after ${quantity(bytes.length, "byte")}${within}`,
      offsetBytes: bytes.length,
      ...spanIndexOf(place),
    };
  }
  const from = resume === undefined ? fault.atBytes : Math.min(fault.atBytes, resume.atBytes);
  const to = resume?.atBytes ?? bytes.length;
  const count = to - from > 0 ? `${quantity(to - from, "byte")} skipped, ` : "";
  const skipped =
    resume === undefined ? "nothing after that could be read" : `${count}reading goes on at byte ${groupDigits(to)}`;
  const nulEnd = endOfNuls(bytes, fault.atBytes);
  const nuls = quantity(nulEnd - fault.atBytes, "NUL byte");
  const message =
    fault.type === "syntax"
      ? `The file is damaged at byte ${groupDigits(fault.atBytes)}${within}; ${skipped}`
      : nulEnd === bytes.length
        ? `The file ends too early: ${nuls} from byte ${groupDigits(fault.atBytes)}${within}`
        : `${nuls} from byte ${groupDigits(fault.atBytes)}${within}; ${skipped}`;
  return {
    code: fault.type === "nul" ? "nul-bytes" : "syntax",
    severity: "error",
    message,
    offsetBytes: from,
    ...spanIndexOf(place),
  };
}

/** A lost span is not in the list of spans, so it has no index there. */
function spanIndexOf({ span, spanIndex }: DamagePlace): { readonly spanIndex?: number } {
  return span === "kept" && spanIndex !== undefined ? { spanIndex } : {};
}

function inSpan(span: PartialSpan): string {
  switch (span) {
    case "none":
      return "";
    case "kept":
      return ", in the middle of a span, whose first fields are kept";
    case "lost":
      return ", within a span that is lost";
  }
}

export function skippedProblem(
  what: string,
  fromBytes: number,
  toBytes: number,
  spanIndex: number | undefined,
): Problem {
  return {
    code: "syntax",
    severity: "warning",
    message: `${what}: ${quantity(toBytes - fromBytes, "byte")} at byte ${groupDigits(fromBytes)}`,
    offsetBytes: fromBytes,
    spanIndex,
  };
}

export type Trailing = "nul" | "repeat" | "document" | "other";

/** What the bytes from `startBytes` on are, which follow a document that ended at `endBytes`. */
export function trailingType(bytes: Uint8Array, endBytes: number, startBytes: number): Trailing {
  if (endOfNuls(bytes, startBytes) === bytes.length) return "nul";
  if (repeatsTail(bytes, endBytes, startBytes)) return "repeat";
  return bytes[startBytes] === BYTE.openBrace ? "document" : "other";
}

export function trailingProblem(type: Trailing, endBytes: number, startBytes: number, lengthBytes: number): Problem {
  const count = lengthBytes - startBytes;
  return {
    code: type === "nul" ? "nul-bytes" : "trailing-bytes",
    severity: "warning",
    message: `The document ends at byte ${groupDigits(endBytes)}, and ${describeTrailing(type, count)}`,
    offsetBytes: startBytes,
  };
}

function describeTrailing(type: Trailing, count: number): string {
  switch (type) {
    case "nul":
      return `${quantity(count, "NUL byte follows", "NUL bytes follow")}`;
    case "repeat":
      return `its last ${quantity(count, "byte follows", "bytes follow")} once more`;
    case "document":
      return `another document of ${quantity(count, "byte")} follows, which is not read`;
    case "other":
      return `${quantity(count, "byte follows that does", "bytes follow that do")} not belong to it`;
  }
}

/** True where the bytes from `start` on are the last ones before `end` once more, white space at the end aside. */
function repeatsTail(bytes: Uint8Array, end: number, start: number): boolean {
  let last = bytes.length - 1;
  while (last >= start && isWhiteSpace(bytes[last])) last--;
  for (let at = last, before = end - 1; at >= start; at--, before--) {
    if (before < 0 || bytes[at] !== bytes[before]) return false;
  }
  return true;
}
