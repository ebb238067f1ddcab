// Lanes by sub-agent. A sub-agent is a call with turns of a model or several calls of its own below it; it and what belongs to it
// (what is below it but not below another one) make a block, the agent's own bar on top. Agents of one name share a group,
// in which blocks lie beside each other where they do not overlap in time, and below each other where they do.

import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../spanColumns";
import { type LaneGroup, type LaneLayout, occupiedUntil } from "./laneLayout";
import { LanePacker } from "./packLanes";
import { ROW, type WorkRows } from "./workRows";

const tool = kindCodes.indexOf("tool");
const generation = kindCodes.indexOf("generation");
const plainSpan = kindCodes.indexOf("span");

/** One byte a row: whether it is a sub-agent. */
export function findAgents(columns: SpanColumns, tree: SpanTree): Uint8Array {
  const { count, kind, flags, parent } = columns;
  const isAgent = new Uint8Array(count);
  const hasGeneration = new Uint8Array(count);
  const calls = new Uint8Array(count);
  const isLeftOut = (row: number) => ((flags[row] ?? 0) & (FLAG.output | FLAG.synthetic)) !== 0;
  for (let position = count - 1; position >= 0; position--) {
    const row = tree.preorder[position] ?? 0;
    if (hasGeneration[row] === 1 && kind[row] === tool && !isLeftOut(row)) isAgent[row] = 1;
    const above = parent[row] ?? -1;
    if (above < 0 || isLeftOut(row) || isLeftOut(above)) continue;
    if (kind[row] === generation) {
      hasGeneration[above] = 1;
      // Frameworks wrap what they do in spans; only the innermost around a model's turn is taken for an agent.
      if (kind[above] === plainSpan) isAgent[above] = 1;
    } else if (hasGeneration[row] === 1) hasGeneration[above] = 1;
    // A single one is what the call does, as a shell runs a script.
    if (kind[row] === tool && kind[above] === tool && isSecond(calls, above)) isAgent[above] = 1;
  }
  return isAgent;
}

/** Counts, up to two. */
function isSecond(counts: Uint8Array, row: number): boolean {
  if ((counts[row] ?? 0) > 0) return true;
  counts[row] = 1;
  return false;
}

/** By row: the innermost sub-agent above it, -1 without one. */
function ownersOf(columns: SpanColumns, tree: SpanTree, isAgent: Uint8Array): Int32Array {
  const owner = new Int32Array(columns.count).fill(-1);
  for (let position = 0; position < columns.count; position++) {
    const row = tree.preorder[position] ?? 0;
    const above = columns.parent[row] ?? -1;
    if (above >= 0) owner[row] = isAgent[above] === 1 ? above : (owner[above] ?? -1);
  }
  return owner;
}

interface Block {
  readonly agent: number;
  fromMs: number;
  toMs: number;
  readonly packer: LanePacker;
  firstLane: number;
}

export function agentLanes(columns: SpanColumns, tree: SpanTree, work: WorkRows): LaneLayout {
  const isAgent = findAgents(columns, tree);
  const owner = ownersOf(columns, tree, isAgent);
  const rows = withAgents(work, isAgent);
  const lanes = new Int32Array(rows.length);
  const blocks = new Map<number, Block>();
  const output = new LanePacker();
  const blockOf = (agent: number): Block => {
    let block = blocks.get(agent);
    if (block === undefined) {
      const never = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };
      block = { agent, ...never, packer: new LanePacker(), firstLane: 0 };
      blocks.set(agent, block);
    }
    return block;
  };
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    const start = work.startMs[row] ?? 0;
    const end = occupiedUntil(work, ((columns.flags[row] ?? 0) & FLAG.open) !== 0, row);
    if (work.role[row] === ROW.output) {
      lanes[index] = output.add(start, end);
      continue;
    }
    const block = blockOf(isAgent[row] === 1 ? row : (owner[row] ?? -1));
    block.fromMs = Math.min(block.fromMs, start);
    block.toMs = Math.max(block.toMs, end);
    // Lane 0 is the agent's own.
    lanes[index] = isAgent[row] === 1 ? 0 : block.packer.add(start, end) + (block.agent < 0 ? 0 : 1);
  }
  const { groups, laneCount } = stack(columns, blocks);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    const block = blocks.get(isAgent[row] === 1 ? row : (owner[row] ?? -1));
    lanes[index] = (lanes[index] ?? 0) + (work.role[row] === ROW.output ? laneCount : (block?.firstLane ?? 0));
  }
  if (output.laneCount > 0)
    groups.push({ kind: "output", name: 0, firstLane: laneCount, laneCount: output.laneCount, agents: 0 });
  return { rows, lanes, laneCount: laneCount + output.laneCount, groups };
}

/** The rows that are drawn and the agents, by start. */
function withAgents(work: WorkRows, isAgent: Uint8Array): Int32Array {
  const { ordered, role, startMs } = work;
  const added: number[] = [];
  for (let row = 0; row < role.length; row++) {
    if (isAgent[row] === 1 && role[row] === ROW.none && !Number.isNaN(startMs[row])) added.push(row);
  }
  if (added.length === 0) return ordered;
  const isBefore = (a: number, b: number) => {
    const byStart = (startMs[a] ?? 0) - (startMs[b] ?? 0);
    return byStart < 0 || (byStart === 0 && a < b);
  };
  added.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const all = new Int32Array(ordered.length + added.length);
  let from = 0;
  let at = 0;
  for (const row of added) {
    while (from < ordered.length && isBefore(ordered[from] ?? 0, row)) all[at++] = ordered[from++] ?? 0;
    all[at++] = row;
  }
  all.set(ordered.subarray(from), at);
  return all;
}

/** Gives every block its first lane. */
function stack(columns: SpanColumns, blocks: ReadonlyMap<number, Block>): { groups: LaneGroup[]; laneCount: number } {
  const byName = new Map<number, Block[]>();
  const inOrder = [...blocks.values()].sort((a, b) => a.fromMs - b.fromMs || a.agent - b.agent);
  // What belongs to nobody comes first, whenever it begins.
  if (blocks.has(-1)) byName.set(-1, []);
  for (const block of inOrder) {
    const name = block.agent < 0 ? -1 : (columns.name[block.agent] ?? 0);
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [block]);
    else known.push(block);
  }
  const groups: LaneGroup[] = [];
  let laneCount = 0;
  for (const [name, members] of byName) {
    const slots = new LanePacker();
    const slotOf = members.map(({ fromMs, toMs }) => slots.add(fromMs, toMs));
    const heights: number[] = new Array<number>(slots.laneCount).fill(0);
    for (const [index, { agent, packer }] of members.entries()) {
      const slot = slotOf[index] ?? 0;
      heights[slot] = Math.max(heights[slot] ?? 0, packer.laneCount + (agent < 0 ? 0 : 1));
    }
    const firstLane = laneCount;
    const slotLanes = heights.map((height) => {
      laneCount += height;
      return laneCount - height;
    });
    for (const [index, block] of members.entries()) block.firstLane = slotLanes[slotOf[index] ?? 0] ?? 0;
    groups.push({
      kind: name < 0 ? "main" : "agent",
      name: Math.max(0, name),
      firstLane,
      laneCount: laneCount - firstLane,
      agents: name < 0 ? 0 : members.length,
    });
  }
  return { groups, laneCount };
}
