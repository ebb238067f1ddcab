// Where each row of a timeline lies: its lane, and which lanes belong together. Entries are in the order of their starts,
// so that rows that come later are appended and a panel is sent no more than these.

import type { WorkRows } from "./workRows";

export type LaneGroupKind =
  /** Everything that is not below a sub-agent. */
  | "main"
  /** Sub-agents of one name; see `agentLanes`. */
  | "agent"
  /** What the program printed. */
  | "output";

export interface LaneGroup {
  readonly kind: LaneGroupKind;
  /** Index into `columns.strings`; 0 where the group has no name of its own. */
  readonly name: number;
  readonly firstLane: number;
  readonly laneCount: number;
  /** Sub-agents in it; 0 for other groups. */
  readonly agents: number;
}

export interface LaneLayout {
  /** By start, then by row. */
  readonly rows: Int32Array;
  /** Of each of them. */
  readonly lanes: Int32Array;
  readonly laneCount: number;
  /** From top to bottom, without a lane between them. */
  readonly groups: readonly LaneGroup[];
}

/**
 * Open rows take their lane for good: what begins later would otherwise move once they end.
 */
export function occupiedUntil(work: WorkRows, isOpen: boolean, row: number): number {
  return isOpen ? Number.POSITIVE_INFINITY : (work.endMs[row] ?? 0);
}
