import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLAG, kindCodes } from "../../../src/trace/spanColumns";
import { countFacets, hasStatus, outcomeFilters } from "../../../webview/model/filters";
import { arbitraryFacts, columnsOf, madeRows } from "./madeColumns";

describe("what can be filtered by", () => {
  it("is counted as it is filtered", () => {
    fc.assert(
      fc.property(fc.array(arbitraryFacts, { maxLength: 60 }), fc.nat({ max: 7 }), (facts, synthetic) => {
        const rows = madeRows(facts).map((row, index) =>
          index === synthetic ? { ...row, flags: row.flags | FLAG.synthetic } : row,
        );
        const real = rows.filter(({ flags }) => (flags & FLAG.synthetic) === 0);
        const { kinds, outcomes } = countFacets(columnsOf(rows));
        expect([...kinds]).toEqual(kindCodes.map((_, kind) => real.filter((row) => row.kind === kind).length));
        expect([...outcomes]).toEqual(
          outcomeFilters.map((wanted) => real.filter(({ flags, status }) => hasStatus(flags, status, wanted)).length),
        );
      }),
    );
  });

  it("is nothing where there is no trace", () => {
    expect([...countFacets(undefined).kinds]).toEqual(kindCodes.map(() => 0));
  });
});
