// Lanes by concurrency: as many as steps were at work at once, the first that was free taken by each. What a program
// printed has lanes of its own below, because its pieces are no steps.

import { FLAG, type SpanColumns } from "../spanColumns";
import { type LaneGroup, type LaneLayout, occupiedUntil } from "./laneLayout";
import { LanePacker } from "./packLanes";
import { ROW, type WorkRows } from "./workRows";

export function concurrencyLanes(columns: SpanColumns, work: WorkRows): LaneLayout {
  const { ordered, role, startMs } = work;
  const lanes = new Int32Array(ordered.length);
  const steps = new LanePacker();
  const output = new LanePacker();
  for (let index = 0; index < ordered.length; index++) {
    const row = ordered[index] ?? 0;
    const isOpen = ((columns.flags[row] ?? 0) & FLAG.open) !== 0;
    const packer = role[row] === ROW.output ? output : steps;
    lanes[index] = packer.add(startMs[row] ?? 0, occupiedUntil(work, isOpen, row));
  }
  if (output.laneCount > 0) {
    for (let index = 0; index < ordered.length; index++) {
      if (role[ordered[index] ?? 0] === ROW.output) lanes[index] = (lanes[index] ?? 0) + steps.laneCount;
    }
  }
  const groups: LaneGroup[] = [];
  if (steps.laneCount > 0) groups.push({ kind: "main", name: 0, firstLane: 0, laneCount: steps.laneCount, agents: 0 });
  if (output.laneCount > 0) {
    groups.push({ kind: "output", name: 0, firstLane: steps.laneCount, laneCount: output.laneCount, agents: 0 });
  }
  return { rows: ordered, lanes, laneCount: steps.laneCount + output.laneCount, groups };
}
