// Names of the files beside a trace that say which session goes on with it: `resumed/<S>.<k>.json`.

export const resumedFolder = "resumed";

/** @param number from 1 on */
export function resumeClaimName(safeId: string, number: number): string {
  return `${safeId}.${number}.json`;
}

/** Undefined for a file that is no claim on this session. */
export function resumeClaimNumber(name: string, safeId: string): number | undefined {
  const number = endOf(name, safeId, /^([1-9]\d{0,8})\.json$/)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** A claim on this session, or what is left of writing one. */
export function isOfResumeClaim(name: string, safeId: string): boolean {
  return endOf(name, safeId, /^[1-9]\d{0,8}\.json(?:\.tmp\.[0-9a-f]+)?$/) !== undefined;
}

function endOf(name: string, safeId: string, end: RegExp): RegExpExecArray | undefined {
  return name.startsWith(`${safeId}.`) ? (end.exec(name.slice(safeId.length + 1)) ?? undefined) : undefined;
}
