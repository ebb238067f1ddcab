// Runs many runs on one bus, and prints what the heap has grown by in bytes from one part of them to the next.
//
//   node --expose-gc heapChild.js plain|checkpoints|leaking <parts> <runs in a part>

import { EventBus } from "../../../src/session/bus/eventBus";
import type { RunScope } from "../../../src/session/bus/runScope";

type Sample =
  | { readonly type: "started"; readonly step: number }
  | { readonly type: "finished"; readonly step: number; readonly output: string };

const [kind = "plain", parts = "3", runs = "10000"] = process.argv.slice(2);
const bus = new EventBus<Sample>({
  nowMs: () => performance.now(),
  onHandlerError: (error) => {
    throw error;
  },
});
let steps = 0;
let written = 0;
/** Only for the check that growth is seen. */
const leaked: RunScope<Sample>[] = [];
bus.on("recorder", "all", () => steps++);
bus.onAsync("log", ["finished"], async () => {
  steps--;
});

async function oneRun(number: number): Promise<void> {
  const run = bus.openRun(`run-${number}`);
  if (kind !== "plain") run.enableRecording();
  for (let step = 0; step < 3; step++) {
    const scope = run.open(`run-${number}/${step}`);
    scope.emit({ type: "started", step });
    scope.emit({ type: "finished", step, output: `output ${number} ${step}` });
    scope.close();
    await run.storeCheckpoint(({ events }) => {
      written += events.length;
    });
  }
  await bus.settled();
  if (kind === "leaking") leaked.push(run);
  else await run.storeCheckpoint(() => undefined, { isFinal: true });
  run.close();
}

function heapBytes(): number {
  for (let times = 0; times < 4; times++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const growth: number[] = [];
let number = 0;
const part = async () => {
  for (const end = number + Number(runs); number < end; number++) await oneRun(number);
  return heapBytes();
};
// The first part compiles what runs.
let before = await part();
for (let index = 0; index < Number(parts); index++) {
  const after = await part();
  growth.push(after - before);
  before = after;
}
process.stdout.write(JSON.stringify({ growth, written, leaked: leaked.length, steps }));
