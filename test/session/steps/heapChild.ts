// Runs a playbook many times in one process, recorder and all, and prints what the heap has grown by in bytes from one part
// of the runs to the next.
//
//   node --expose-gc heapChild.mjs plain|checkpoints|leaking <parts> <runs in a part>

import type { SessionRecorder } from "../../../src/recorder/sessionRecorder";
import { EventBus } from "../../../src/session/bus/eventBus";
import { ProgramSpans } from "../../../src/session/guardrails/programSpans";
import { parsePlaybook } from "../../../src/session/playbook/parsePlaybook";
import { maskedEvent } from "../../../src/session/secrets/maskedEvent";
import { SecretMask } from "../../../src/session/secrets/secretMask";
import { PlaybookRun, type RunResult } from "../../../src/session/steps/playbookRun";
import { isRecordedEvent, type RunEvent } from "../../../src/session/steps/runEvent";
import { RunRecorder } from "../../../src/session/steps/runRecorder";
import type { RunServices } from "../../../src/session/steps/runServices";
import { defaultGuardrails } from "../../../src/trace/guardrails/guardrail";

const [kind = "plain", parts = "3", runs = "10000"] = process.argv.slice(2);
const yaml = `name: Small
params: { n: { type: number } }
guardrails: { budget: { time: 1h } }
steps:
  - { id: one, action: http, with: { url: "http://127.0.0.1/{n}" }, timeout: 1h, expect: { output_matches: answer } }
  - { id: two, action: http, with: { url: "http://127.0.0.1/{steps.one.output}" }, if: steps.one.ok, failure_message: "no {n}" }
  - { id: three, action: http, with: { url: "http://127.0.0.1/no" }, on_failure: continue }
`;
const { playbook, problems } = parsePlaybook(yaml, "/small.playbook.yaml");
if (playbook === undefined) throw new Error(problems.map(({ message }) => message).join("; "));

let calls = 0;
/** Takes everything and keeps nothing. */
const recorder = new Proxy({} as SessionRecorder, {
  get: (_target, name) => (name === "nowMs" ? () => performance.now() : () => void calls++),
});
const mask = new SecretMask(["hunter22"]);
const bus = new EventBus<RunEvent>({
  nowMs: () => performance.now(),
  onHandlerError: (error) => {
    throw error;
  },
  prepare: (event) => maskedEvent(event, mask),
  isRecorded: isRecordedEvent,
});
const services: RunServices = {
  bus,
  mask,
  fetch: async (url) => {
    const isWrong = String(url).endsWith("/no");
    return new Response("the answer hunter22", { status: isWrong ? 500 : 200 });
  },
  environment: {},
  secret: () => undefined,
  nowMs: () => performance.now(),
  readPlaybook: async () => ({ problems: [] }),
  fileExists: async () => false,
  realPath: (path) => path,
  guardrails: { ...defaultGuardrails, consecutiveErrors: 100 },
  programSpans: new ProgramSpans(),
  commands: {
    recorder: undefined,
    shown: { show: () => undefined, queuedBytes: 0 },
    pauses: { terminateAfterMs: 0, killAfterMs: 0 },
    onShown: () => () => undefined,
    environment: () => ({}),
  },
};
const leaked: RunResult[] = [];
let failed = 0;

async function oneRun(number: number): Promise<void> {
  const scope = bus.openRun(`run-${number}`);
  if (kind === "checkpoints") scope.enableRecording();
  const listening = new RunRecorder(recorder, "root").listen(bus);
  if (playbook === undefined) return;
  const run = new PlaybookRun({ playbook, params: { n: number }, scope, services });
  const result = await run.run();
  failed += result.results.filter(({ status }) => status === "failed").length;
  await run.publish(result);
  await scope.storeCheckpoint(() => undefined, { isFinal: true });
  scope.close();
  listening.dispose();
  if (kind === "leaking") leaked.push(result);
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
process.stdout.write(JSON.stringify({ growth, failed, calls, leaked: leaked.length }));
