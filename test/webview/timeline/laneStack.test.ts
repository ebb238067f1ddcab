import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LaneGroupView } from "../../../src/protocol/timelineMessages";
import {
  groupHeadPx,
  laneAt,
  laneTop,
  leastLanePx,
  stackLanes,
  usualLanePx,
} from "../../../webview/timeline/laneStack";

function groupsOf(counts: readonly number[], kind: LaneGroupView["kind"] = "agent"): LaneGroupView[] {
  let firstLane = 0;
  return counts.map((laneCount) => {
    firstLane += laneCount;
    return { kind, name: "task", firstLane: firstLane - laneCount, laneCount, agents: 1 };
  });
}

describe("the stack of lanes", () => {
  it("gives each lane a place of its own, from which it is found again", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }), fc.nat(900), (counts, heightPx) => {
        const stack = stackLanes(groupsOf(counts), heightPx);
        const laneCount = counts.reduce((sum, count) => sum + count, 0);
        let bottom = 0;
        for (let lane = 0; lane < laneCount; lane++) {
          const top = laneTop(stack, lane);
          expect(top).toBeGreaterThanOrEqual(bottom);
          bottom = top + stack.lanePx;
          expect(laneAt(stack, top)).toBe(lane);
          expect(laneAt(stack, bottom - 0.5)).toBe(lane);
        }
        expect(stack.height).toBeGreaterThanOrEqual(bottom);
        expect(laneTop(stack, laneCount)).toBe(-1);
        expect(laneAt(stack, bottom + 1)).toBe(-1);
      }),
    );
  });

  it("makes lanes lower where there is no room, as far as words are still read, and lower where there are many", () => {
    expect(stackLanes(groupsOf([5], "main"), 400).lanePx).toBe(usualLanePx);
    expect(stackLanes(groupsOf([20], "main"), 310).lanePx).toBe(15);
    expect(stackLanes(groupsOf([20], "main"), 100).lanePx).toBe(14);
    expect(stackLanes(groupsOf([500], "main"), 100).lanePx).toBe(leastLanePx);
  });

  it("names groups where there are several, or one that is not everything", () => {
    expect(stackLanes(groupsOf([3], "main"), 200).places[0]?.lanesTop).toBe(0);
    expect(stackLanes(groupsOf([3], "output"), 200).places[0]?.lanesTop).toBe(groupHeadPx);
    expect(stackLanes([], 200)).toMatchObject({ places: [] });
  });
});
