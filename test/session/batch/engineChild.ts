// A process that runs a batch to its end, for tests that kill it: started again it goes on with the same batch.

import { openBatches } from "../../../src/session/batch/openBatches";

interface Order {
  readonly directory: string;
  readonly folder: string;
  readonly program: string;
  readonly command: string;
  readonly runCount: number;
  readonly maxAttempts: number;
  /** Indexes of items whose task is not known. */
  readonly unknown: readonly number[];
}

export interface EngineReport {
  readonly status: string;
  readonly runs: readonly {
    readonly state: string;
    readonly attempts: readonly (string | undefined)[];
    readonly error: string | undefined;
  }[];
}

async function main(order: Order): Promise<EngineReport> {
  const { directory, folder, program, command, runCount, maxAttempts, unknown } = order;
  const host = openBatches({
    directory,
    folder,
    tasks: { item: { command } },
    program,
    settings: { stop: { terminateAfterMs: 60_000, killAfterMs: 60_000 } },
    onProblem: (message, error) => process.stderr.write(`${message}: ${error.stack}\n`),
  });
  const settings = { concurrency: 2, maxAttempts, backoffMs: 10 };
  const { id, isCached } = await host.create({ runCount, idempotencyKey: "the batch", settings });
  if (isCached) await host.goOn(id);
  else {
    async function* lines() {
      for (let index = 0; index < runCount; index++) {
        const payload = Buffer.from(JSON.stringify({ index }));
        const task = unknown.includes(index) ? "no such task" : "item";
        yield { line: index + 1, index, task, payload, payloadType: "application/json" };
      }
    }
    const answer = await host.streamItems(id, lines(), new AbortController().signal);
    if (!answer.sealed) throw new Error(JSON.stringify(answer));
  }
  const state = await host.whenEnded(id);
  const runs = Array.from({ length: runCount }, (_, index) => {
    const run = state.run(index);
    const attempts = run?.attempts.map(({ outcome }) => outcome) ?? [];
    return { state: run?.state ?? "", attempts, error: run?.error };
  });
  const report = { status: state.status, runs };
  await host.dispose();
  return report;
}

main(JSON.parse(process.argv[2] ?? "{}") as Order).then(
  (report) => {
    process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`, () => process.exit(1));
  },
);
