// Runs playbooks in the real session process, and reads their traces as everybody else does.

import type { Launch } from "../../../src/session/launch";
import type { TraceFile, TraceSpan } from "../../../src/trace/schema";
import { type Ended, type Folder, makeFolder, type Recorded, type Run, type StartOptions } from "../runs";
import { spanOutcomeText } from "./spanTexts";

export interface PlaybookRuns extends AsyncDisposable {
  readonly folder: Folder;
  start(yaml: string, params?: Params, options?: PlaybookOptions): Promise<Run>;
  /** Runs it to its end. */
  run(yaml: string, params?: Params, options?: PlaybookOptions): Promise<PlaybookEnd>;
  end(run: Run): Promise<PlaybookEnd>;
}

export interface PlaybookOptions extends StartOptions {
  readonly name?: string;
  readonly stop?: Launch["stop"];
  readonly launch?: Partial<Launch>;
  /** Of its program. */
  readonly more?: object;
}

type Params = Readonly<Record<string, string | number | boolean>>;

export interface PlaybookEnd extends Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly recorded: Recorded;
  /** Of the trace as text, for what must not be in it. */
  readonly traceText: string;
  readonly tree: readonly string[];
  span(name: string): TraceSpan;
}

export async function makePlaybookRuns(): Promise<PlaybookRuns> {
  const folder = await makeFolder();
  const runs: PlaybookRuns = {
    folder,
    async start(yaml, params = {}, { name = "sample", stop, launch, more, ...options } = {}) {
      const path = await folder.dir.write(`work/${name}.playbook.yaml`, yaml);
      const origin = { type: "playbook", label: name, path } as const;
      const program = { type: "playbook", path, params: { ...params }, ...more } as const;
      return await folder.start({ title: name, program, origin, ...(stop && { stop }), ...launch }, options);
    },
    async run(yaml, params, options) {
      return await runs.end(await runs.start(yaml, params, options));
    },
    async end(run) {
      const ended = await run.ended;
      const recorded = await folder.recorded(run.launch);
      return {
        ...ended,
        stdout: run.stdout().toString(),
        stderr: run.stderr().toString(),
        recorded,
        traceText: JSON.stringify(recorded.trace),
        tree: treeOf(recorded.trace),
        span: (name) => {
          const found = recorded.trace.spans.find((span) => span.name === name);
          if (found === undefined) throw new Error(`There is no span ${name}:\n${treeOf(recorded.trace).join("\n")}`);
          return found;
        },
      };
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  return runs;
}

/** One line a span, without output: "  build ok". */
export function treeOf({ spans }: TraceFile): string[] {
  const lines: string[] = [];
  const below = (parent: string | null, indent: string) => {
    const children = spans.filter(({ parentSpanId }) => parentSpanId === parent);
    children.sort((one, other) => one.startTime - other.startTime);
    for (const span of children) {
      if (span.attributes?.["tracekeeper.output"] !== undefined) continue;
      lines.push(`${indent}${spanOutcomeText(span)}`);
      below(span.spanId, `${indent}  `);
    }
  };
  below(null, "");
  return lines;
}
