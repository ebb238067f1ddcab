// Whatever a program hands to a `Trace`, in whatever order: no call throws or rejects, nothing of the caller's changes, and
// what is recorded is a sound trace.

import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import type { TraceExporter } from "../../src/recorder/traceTypes";
import { makeTempDir } from "../support/tempDir";
import { type Call, call, makeOddValues, oddValue, recordingCalls, sessionCalls, withOddValues } from "./hostileValues";
import { contractErrors, memorySessions } from "./memoryRecorder";
import { readAllSessions } from "./sessionsOnDisk";

const allCalls = { ...recordingCalls, ...sessionCalls };

afterEach(() => {
  contractErrors.length = 0;
});

/** Makes the call and waits for what it gives back. */
async function make(trace: Trace, { method, args }: Call): Promise<unknown> {
  const run = (trace as unknown as Record<string, (...args: readonly unknown[]) => unknown>)[method];
  if (run === undefined) throw new Error(`There is no ${method}`);
  return await run.apply(trace, withOddValues(args) as unknown[]);
}

test("every method of a Trace is among the calls that are tried", () => {
  // The last one takes nothing and is about the process, which these tests share with others.
  const others = ["constructor", "health", "handleProcessEnd"];
  const methods = Object.getOwnPropertyNames(Trace.prototype).filter((name) => !others.includes(name));
  expect(Object.keys(allCalls).sort()).toEqual(methods.sort());
});

test("takes any call in any order without throwing, and keeps the recorder's contract", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call(allCalls), { maxLength: 40 }), async (calls) => {
      const { recorders, openSession } = memorySessions();
      const trace = Trace.withExporters([new FileExporter("/nowhere", 0, { openSession })]);
      for (const each of calls) await make(trace, each);
      await trace.endTrace();
      expect(contractErrors).toEqual([]);
      for (const recorder of recorders) recorder.trace();
    }),
    { numRuns: 400 },
  );
});

test("records what a session is told between its start and its end, whatever it is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call(recordingCalls), { maxLength: 60 }), async (calls) => {
      const { recorders, openSession } = memorySessions();
      const trace = Trace.withExporters([new FileExporter("/nowhere", 0, { openSession })]);
      trace.startTrace("one", {});
      for (const each of calls) await make(trace, each);
      expect(await trace.endTrace()).toBe("/nowhere/one.json");
      expect(contractErrors).toEqual([]);
      const recorded = recorders[0]?.trace();
      expect(recorded?.summary.status).toBe("completed");
      expect(recorded?.spans[0]).toMatchObject({ kind: "session", status: "ok", endTime: expect.any(Number) });
    }),
    { numRuns: 400 },
  );
});

test("leaves what the caller owns as it was, and does not look at it later", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call(recordingCalls), { minLength: 1, maxLength: 20 }), async (calls) => {
      const plain = calls.filter(({ args }) => isPlain(withOddValues(args)));
      const copies = structuredClone(plain);
      const write = async (mutates: boolean) => {
        const { recorders, openSession } = memorySessions();
        const trace = Trace.withExporters([new FileExporter("/nowhere", 0, { openSession })]);
        trace.startTrace("one", {});
        for (const each of structuredClone(plain)) {
          await make(trace, each);
          if (mutates) for (const value of each.args) scramble(value);
        }
        await trace.endTrace();
        return withoutIds(JSON.stringify(recorders[0]?.trace().spans));
      };
      const { openSession } = memorySessions();
      const trace = Trace.withExporters([new FileExporter("/nowhere", 0, { openSession })]);
      trace.startTrace("one", {});
      for (const each of plain) await make(trace, each);
      expect(plain).toEqual(copies);
      expect(await write(true)).toBe(await write(false));
    }),
    { numRuns: 150 },
  );
});

test("takes odd exporters, options and directories", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(oddValue(), { maxLength: 4 }), oddValue(), async (oddExporters, oddOptions) => {
      const [exporters, options] = withOddValues([oddExporters, oddOptions] as const);
      const { openSession } = memorySessions();
      const list = [...exporters, new FileExporter("/nowhere", 0, { openSession })] as TraceExporter[];
      const before = [...list];
      const trace = Trace.withExporters(list, options as { maxFiles?: number });
      trace.startTrace("one", {});
      await trace.endTrace();
      expect(list.every((exporter, index) => Object.is(exporter, before[index]))).toBe(true);
      expect(list.length).toBe(before.length);
      Trace.withExporters(options as TraceExporter[]);
      expect(typeof new FileExporter(options as string, options as number).getDir()).toBe("string");
      expect(typeof Trace.getTracesDir(options as string)).toBe("string");
    }),
    { numRuns: 100 },
  );
});

test("takes odd settings of an exporter", () => {
  for (const odd of makeOddValues()) {
    expect(() => new FileExporter("/nowhere", odd as number, odd as object).markCrashed(odd as string)).not.toThrow();
  }
});

test("writes a trace that every reader reads without a problem, whatever it is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call(recordingCalls), { maxLength: 40 }), async (calls) => {
      await using own = await makeTempDir();
      const trace = Trace.withExporters([new FileExporter(own.path, 0, { fsync: "never" })]);
      trace.startTrace("one", {});
      for (const each of calls) await make(trace, each);
      await trace.flush();
      const [running] = await readAllSessions(own.path);
      expect(running?.problems).toEqual([]);
      await trace.endTrace();
      const [ended] = await readAllSessions(own.path);
      expect(ended?.problems).toEqual([]);
      expect(ended?.trace.summary.status).toBe("completed");
    }),
    { numRuns: 40 },
  );
});

function isPlain(value: unknown): boolean {
  try {
    return value === undefined || JSON.stringify(structuredClone(value)) !== undefined;
  } catch {
    return false;
  }
}

/** Changes a plain object in place, on every level. */
function scramble(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const name of Object.keys(value)) {
    const fields = value as Record<string, unknown>;
    scramble(fields[name]);
    fields[name] = "changed afterwards";
  }
}

function withoutIds(json: string | undefined): string | undefined {
  return json?.replace(/"[0-9a-f]{16}"/g, '"id"');
}
