// What must be found of one session after each kill: its calls so far as a plain list, of which a prefix that holds every
// acknowledged call is in the files, and nothing else. What has landed once must be there after every later kill.

import { expect } from "vitest";
import type { LoadedSession } from "../../src/trace/sessionFiles";
import type { SessionState } from "../../src/trace/state";
import { type Call, callKey, generationKey, messageKey, payload, type Run, spanKey } from "./killPlan";
import type { Progress } from "./killReport";
import { differences, type Step } from "./oracle";

/** What is wrong with a session, in words, and in which way. */
export interface Fault {
  readonly type: "lost" | "invented" | "unopenable" | "falseCrash" | "state" | "refused" | "problem";
  readonly what: string;
}

/** How a session may have ended. */
interface Outcome {
  readonly status: SessionState["status"];
  readonly error?: string | undefined;
}

type Loaded = Pick<LoadedSession, "trace">;

/** What a reader makes of a session. */
export interface FoundSession extends Loaded {
  readonly state: SessionState;
}

/** A busy machine makes a disk slow, which is no fault of the recorder's. */
const slowDisk = /^An append took|^The journal is written again/;

const killed: Outcome = { status: "crashed" };

export class SessionLedger {
  readonly id: string;
  /** What was begun so far, in its order, each step one record of the journal. */
  readonly #steps: Step[] = [];
  /** Steps up to here are known to be in the files, were acknowledged, or were brought into `S.json` by a flush. */
  #landed = 0;
  #acknowledged = 0;
  #flushed = 0;
  #outcomes: readonly Outcome[] = [];
  #isRefused = false;
  #problems: string[] = [];

  constructor(id: string) {
    this.id = id;
  }

  /** Something of the session must be there; where nothing is, it may have no file, or one in which nothing stands. */
  get isExpected(): boolean {
    return this.#least > 0;
  }

  /** Key of the first root that has landed. */
  get root(): string | undefined {
    const first = this.#steps.slice(0, this.#landed).find((step) => "fields" in step);
    return first && "spanId" in first ? first.spanId : undefined;
  }

  /** Adds a run of the child that was killed; those of one session in their order. */
  add(run: Run, { attempted, acknowledged, flushed, isRefused, problems }: Progress): void {
    const calls = run.bursts.flatMap((burst) => burst.calls).slice(0, attempted);
    for (const [index, call] of calls.entries()) {
      this.#steps.push(...stepsOf(call, run.root, this.#open()));
      if (index < acknowledged) this.#acknowledged = this.#steps.length;
      if (index < flushed) this.#flushed = this.#steps.length;
    }
    this.#isRefused ||= isRefused;
    this.#problems.push(...problems.filter((what) => !slowDisk.test(what)));
    const own = outcomes(calls, acknowledged);
    // Where nothing of the run was acknowledged, it may never have begun.
    this.#outcomes = acknowledged > 0 ? own : [...this.#outcomes, ...own];
  }

  /**
   * Holds what a reader found against what must be there, and takes what has landed for certain from now on.
   * @param found undefined where the session has no file
   * @param isBlank its newest journal has no byte: a writer that nothing names was killed before its first record
   */
  check(found: FoundSession | undefined, isBlank = false): Fault[] {
    if (this.#isRefused) return [{ type: "refused", what: "it could not be resumed or ended" }];
    if (found === undefined) {
      if (this.isExpected) return [{ type: "lost", what: "it has no file" }];
      this.#settle(0);
      return [];
    }
    const trace = withKeys(found);
    const problems = this.#problems.splice(0).map((what): Fault => ({ type: "problem", what }));
    const faults = [...problems, ...doubledCrashes(found), ...this.#checkOutcome(found.state, isBlank)];
    let closest: string[] | undefined;
    for (let count = this.#steps.length; count >= this.#least; count--) {
      const found = this.#differences(trace, count, count);
      if (found.length > 0) {
        if (closest === undefined || found.length < closest.length) closest = found;
        continue;
      }
      this.#settle(count);
      return faults;
    }
    const missing = this.#differences(trace, this.#least, this.#steps.length);
    // Each part could be there by itself, and yet there is no instant at which these were the records.
    const all = missing.length > 0 ? missing : (closest ?? []).map((what) => `out of order: ${what}`);
    return [...faults, ...all.map(faultOf)];
  }

  /** The same of `S.json` alone, which must hold what was flushed; after a recovery everything that has landed. */
  checkSnapshot(snapshot: Loaded, isRecovered: boolean): Fault[] {
    const { status } = snapshot.trace.summary;
    const [outcome] = this.#outcomes;
    if (isRecovered && status !== (outcome?.status === "failed" ? "error" : outcome?.status)) {
      return [{ type: "state", what: `S.json alone: ${status} instead of ${outcome?.status}` }];
    }
    const least = isRecovered ? this.#landed : this.#flushed;
    return this.#differences(withKeys(snapshot), least, this.#landed).map((what) => faultOf(`S.json alone: ${what}`));
  }

  get #least(): number {
    return Math.max(this.#landed, this.#acknowledged);
  }

  #settle(count: number): void {
    this.#steps.length = count;
    this.#landed = count;
  }

  #differences(trace: Loaded, least: number, most: number): string[] {
    return differences(this.#steps.slice(0, least), trace, this.#steps.slice(0, most));
  }

  /** Keys of the spans that are open after the steps so far, those that began first at the front. */
  #open(): Set<string> {
    const open = new Set<string>();
    for (const step of this.#steps) {
      if (!("fields" in step) || !("endTime" in step.fields)) continue;
      if (step.fields["endTime"] === undefined) open.add(step.spanId);
      else open.delete(step.spanId);
    }
    return open;
  }

  #checkOutcome(state: SessionState, isBlank: boolean): Fault[] {
    // Nobody can tell whether that writer is gone.
    if (isBlank && (state.status === "running" || state.status === "unknown")) return [];
    const fits = this.#outcomes.some(
      ({ status, error }) => status === state.status && (error === undefined || error === state.error),
    );
    if (fits) {
      this.#outcomes = [{ status: state.status, error: state.error }];
      return [];
    }
    const wanted = this.#outcomes.map(({ status, error }) => [status, error].filter(Boolean).join(" ")).join(" or ");
    const what = `${state.status} ${state.error ?? ""} instead of ${wanted}`;
    const isFalse = state.status === "crashed" && this.#outcomes.every(({ status }) => status !== "crashed");
    return [{ type: isFalse ? "falseCrash" : "state", what }];
  }
}

function doubledCrashes({ trace }: Loaded): Fault[] {
  const events = trace.spans.flatMap((span) => span.events ?? []).filter(({ name }) => name === "tracekeeper.crash");
  const incarnations = new Set(events.map(({ attributes }) => attributes?.["incarnation"]));
  return incarnations.size === events.length ? [] : [{ type: "invented", what: "a crash is told of twice" }];
}

function faultOf(what: string): Fault {
  return { type: /is there twice$|was never recorded$/.test(what) ? "invented" : "lost", what };
}

function outcomes(calls: readonly Call[], acknowledged: number): Outcome[] {
  const at = calls.findIndex(({ type }) => type === "end" || type === "crash");
  const last = calls[at];
  if (last?.type === "end") {
    const ended: Outcome = { status: last.error === undefined ? "completed" : "failed", error: last.error };
    return at < acknowledged ? [ended] : [ended, killed];
  }
  if (last?.type === "crash" && at < acknowledged) return [{ status: "crashed", error: last.reason }];
  return [killed];
}

/** Spans under the names that the plan gives them; the recorder's own ids are random. */
function withKeys({ trace }: Loaded): Loaded {
  const keys = new Map(trace.spans.map((span) => [span.spanId, keyOf(span)]));
  const spans = trace.spans.map((span) => {
    const { spanId, parentSpanId } = span;
    return {
      ...span,
      spanId: keys.get(spanId) ?? spanId,
      parentSpanId: parentSpanId === null ? null : (keys.get(parentSpanId) ?? parentSpanId),
    };
  });
  return { trace: { ...trace, spans } };
}

function keyOf({ kind, name, tool, input, spanId }: LoadedSession["trace"]["spans"][number]): string {
  if (kind === "tool") return tool?.callId ?? spanId;
  return kind === "user-message" ? String(input) : name;
}

/** What a call changes, in the order of its records. */
function stepsOf(call: Call, root: string, open: ReadonlySet<string>): Step[] {
  const { n } = call;
  const endTime = expect.any(Number) as unknown;
  const span = (spanId: string, fields: Readonly<Record<string, unknown>>): Step => ({ spanId, fields });
  switch (call.type) {
    case "begin": {
      const begun = span(root, { kind: "session", endTime: undefined });
      if (call.how === "start") return [begun];
      const reopened = span(root, { endTime: undefined, status: "ok", statusMessage: undefined });
      const interrupted = { status: "error", interrupted: true, endTime };
      return [reopened, ...[...open].filter((key) => key !== root).map((key) => span(key, interrupted))];
    }
    case "tool": {
      const said = payload(n);
      const result = call.isFailed
        ? { status: "error", statusMessage: said, output: { error: said } }
        : { status: "ok", output: said };
      const fields = { kind: "tool", name: `tool-${n % 3}`, parentSpanId: call.parent, input: { n } };
      return [span(callKey(n), { ...fields, startTime: n, endTime: n + 1, ...result })];
    }
    case "toolBegin": {
      const fields = { kind: "tool", name: `tool-${n % 3}`, parentSpanId: call.parent, input: { n } };
      return [span(callKey(n), { ...fields, endTime: undefined })];
    }
    case "toolEnd":
      return [span(call.key, { status: "ok", output: payload(n), endTime })];
    case "step":
      return [span(generationKey(n), { kind: "generation", parentSpanId: root, endTime: undefined })];
    case "text":
      return [{ spanId: call.key, text: `<${n}>` }];
    case "stepEnd":
      return [span(call.key, { endTime, finishReason: `reason-${n}`, cost: n, tokens: tokensOf(n) })];
    case "event":
      return [{ spanId: call.key, event: { name: `event-${n}`, attributes: { n } } }];
    case "attributes":
      return [{ spanId: call.key, attributes: { [`k${n % 4}`]: n } }];
    case "message":
      return [span(messageKey(n), { kind: "user-message", parentSpanId: root })];
    case "span":
      return [span(spanKey(n), { kind: "span", parentSpanId: root, startTime: n, output: payload(n) })];
    case "title":
      return [{ metadata: { title: `title-${n}` } }];
    case "end": {
      const failed = call.error === undefined ? { status: "ok" } : { status: "error", statusMessage: call.error };
      return [span(root, { ...failed, endTime })];
    }
    case "crash":
      return [span(root, { status: "error", statusMessage: call.reason, endTime })];
  }
}

function tokensOf(n: number) {
  return { input: n, output: 2, reasoning: 3, cacheRead: 4, cacheWrite: 5, total: n + 14 };
}
