// The work for an event of a session that is followed, in traces of 1,000 to 1,000,000 spans, against the smallest.
import { type Figure, reportBench } from "../support/bench";
import { measureLiveTail } from "./liveTail";

const events = 12_000;
const asked = process.argv.slice(2).map(Number);
const sizes = asked.length === 0 ? [1_000, 200_000, 1_000_000] : asked;

// What is compiled for the first one helps all others.
await measureLiveTail(1_000, events);
const figures: Figure[] = [];
let reference: number | undefined;
for (const spans of sizes) {
  const { eventUs, slowPieceMs, openMs, heldBytes } = await measureLiveTail(spans, events);
  const what = `${spans.toLocaleString("en")} spans`;
  figures.push(
    { what: `an event in ${what}`, unit: "µs", value: eventUs, reference, ...(reference ? { reach: 1.2 } : {}) },
    { what: "  99 of 100 pieces of 15 events take at most", unit: "ms", value: slowPieceMs },
    { what: "  opened", unit: "ms", value: openMs },
    { what: "  held for each span", unit: "bytes", value: heldBytes },
  );
  reference ??= eventUs;
}
await reportBench("tail", figures);
