// Makes the calls of a run with the public `Trace`, and tells before and after each burst how far it is. An event is told
// as acknowledged from a callback of `setImmediate`, as a program may take it for safe from then on.

import { FileExporter } from "../../src/recorder/fileExporter";
import { Trace } from "../../src/recorder/trace";
import { type Call, callKey, messageKey, payload, type Run, spanKey } from "./killPlan";
import type { Report } from "./killReport";

/** @param onEnding called when the end has begun */
export async function recordRun(
  directory: string,
  run: Run,
  report: (what: Report) => void,
  onEnding?: () => void,
): Promise<void> {
  const { index, fsync } = run;
  const onProblem = ({ message }: { readonly message: string }) => {
    report({ type: "problem", run: index, what: message });
  };
  const trace = Trace.withExporters([new FileExporter(directory, 0, { fsync, onProblem })]);
  const spanIds = new Map<string, string>();
  const flushes: Promise<void>[] = [];
  let count = 0;
  for (const { phase, calls, flush } of run.bursts) {
    report({ type: "phase", phase });
    count += calls.length;
    report({ type: "attempt", run: index, count });
    const [first] = calls;
    if (first?.type === "begin") {
      if (first.how === "start") trace.startTrace(run.id, { instance_id: run.root });
      else if (!(await trace.rehydrateFromFile(run.id))) report({ type: "refused", run: index });
    } else if (first?.type === "end") {
      const ending = trace.endTrace(first.error);
      onEnding?.();
      if ((await ending) === undefined) report({ type: "refused", run: index });
      report({ type: "acknowledged", run: index, count });
      continue;
    } else if (first?.type === "crash") {
      trace.flushSync(first.reason);
      report({ type: "acknowledged", run: index, count });
      continue;
    } else {
      for (const call of calls) log(trace, run, call, spanIds);
    }
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        if (trace.health.state === "ok") report({ type: "acknowledged", run: index, count });
        resolve();
      });
    });
    if (trace.health.state !== "ok") {
      // The machine was so slow that appends are not waited for any more.
      await trace.sync();
      report({ type: "acknowledged", run: index, count });
    }
    if (flush === "none") continue;
    const upTo = count;
    const flushed = trace.flush().then(() => report({ type: "flushed", run: index, count: upTo }));
    flushes.push(flushed);
    if (flush === "awaited") await flushed;
  }
  await Promise.all(flushes);
}

function log(trace: Trace, { root }: Run, call: Call, spanIds: Map<string, string>): void {
  const { n } = call;
  switch (call.type) {
    case "tool": {
      const input = { n };
      const time = { start: n, end: n + 1 };
      const part = { tool: `tool-${n % 3}`, callID: callKey(n) };
      if (call.isFailed) trace.logToolCall({ ...part, state: { status: "error", input, error: payload(n), time } });
      else trace.logToolCall({ ...part, state: { status: "completed", input, output: payload(n), time } });
      break;
    }
    case "toolBegin":
      spanIds.set(callKey(n), trace.startToolCall({ tool: `tool-${n % 3}`, callID: callKey(n), input: { n } }));
      break;
    case "toolEnd":
      trace.endToolCall(call.key, { status: "completed", output: payload(n) });
      break;
    case "step":
      trace.logStepStart({ id: `${n}` });
      break;
    case "text":
      trace.logText({ text: `<${n}>` });
      break;
    case "stepEnd": {
      const tokens = { input: n, output: 2, reasoning: 3, cache: { read: 4, write: 5 } };
      trace.logStepFinish({ id: `${n}`, reason: `reason-${n}`, cost: n, tokens });
      break;
    }
    case "event": {
      const spanId = call.key === root ? undefined : spanIds.get(call.key);
      trace.addEvent(spanId, { name: `event-${n}`, attributes: { n } });
      break;
    }
    case "attributes":
      trace.setSpanAttributes({ [`k${n % 4}`]: n }, call.target);
      break;
    case "message":
      trace.logUserMessage(messageKey(n));
      break;
    case "span":
      trace.logSpan({ name: spanKey(n), startTime: n, endTime: n + 1, output: payload(n) });
      break;
    case "title":
      trace.setTitle(`title-${n}`);
  }
}
