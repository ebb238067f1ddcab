// What the main thread of a page does for each frame, from a browser trace.
//
//   const tracer = await FrameTracer.attach(page);
//   const frames = await tracer.record(async () => { ... });   // ms of scripting and layout, frame by frame
//   percentile(frames.map(({ workMs }) => workMs), 0.99)
import type { CDPSession, Page } from "playwright-core";

export interface Frame {
  /** CPU time of scripting, garbage collection, style and layout: what other programs take of the machine is not in it. */
  readonly workMs: number;
  /** The same by the clock on the wall. */
  readonly wallMs: number;
  /** CPU time of painting into draw lists, on the main thread too. */
  readonly paintMs: number;
  /** ms of the work by the kind of event, the outermost alone. */
  readonly parts: Readonly<Record<string, number>>;
}

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** CPU time of the thread. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const categories = [
  "devtools.timeline",
  "disabled-by-default-devtools.timeline",
  "v8",
  "disabled-by-default-v8.gc",
  "__metadata",
];
const workEvents = new Set([
  "EvaluateScript",
  "FunctionCall",
  "EventDispatch",
  "TimerFire",
  "FireAnimationFrame",
  "FireIdleCallback",
  "RunMicrotasks",
  "HandlePostMessage",
  "V8.GCScavenger",
  "V8.GCFinalizeMC",
  "V8.GCIncrementalMarking",
  "MinorGC",
  "MajorGC",
  "UpdateLayoutTree",
  "ParseAuthorStyleSheet",
  "Layout",
  "HitTest",
  "ScheduleStyleRecalculation",
]);
const paintEvents = new Set(["PrePaint", "Paint", "Layerize", "Commit", "UpdateLayer"]);

export class FrameTracer {
  readonly #session: CDPSession;
  readonly #page: Page;

  private constructor(session: CDPSession, page: Page) {
    this.#session = session;
    this.#page = page;
  }

  static async attach(page: Page): Promise<FrameTracer> {
    return new FrameTracer(await page.context().newCDPSession(page), page);
  }

  async record(action: () => Promise<void>): Promise<Frame[]> {
    const events: TraceEvent[] = [];
    const collect = ({ value }: { value: unknown[] }) => {
      for (const event of value) events.push(event as TraceEvent);
    };
    this.#session.on("Tracing.dataCollected", collect as never);
    await this.#session.send("Tracing.start", {
      transferMode: "ReportEvents",
      traceConfig: { includedCategories: categories, excludedCategories: ["*"] },
    });
    await action();
    await twoFrames(this.#page);
    const complete = new Promise<void>((resolve) => this.#session.once("Tracing.tracingComplete", () => resolve()));
    await this.#session.send("Tracing.end");
    await complete;
    this.#session.off("Tracing.dataCollected", collect as never);
    return framesOf(events);
  }
}

export async function twoFrames(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Of 60 a second. */
const frameUs = 16_667;

/** Work is counted for the frame that is committed after it, and where nothing is to be drawn for the time of a frame. */
function framesOf(events: readonly TraceEvent[]): Frame[] {
  const main = mainThread(events);
  const own = events.filter(({ pid, tid, ph }) => `${pid}/${tid}` === main && (ph === "X" || ph === "I" || ph === "B"));
  own.sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  const frames: Frame[] = [];
  let parts: Record<string, number> = {};
  let workUs = 0;
  let wallUs = 0;
  let paintUs = 0;
  let until = 0;
  let beganUs = 0;
  const end = (ts: number) => {
    frames.push({ workMs: workUs / 1_000, wallMs: wallUs / 1_000, paintMs: paintUs / 1_000, parts });
    parts = {};
    workUs = 0;
    wallUs = 0;
    paintUs = 0;
    beganUs = ts;
  };
  for (const { name, ts, dur = 0, tdur = dur } of own) {
    if (name === "Commit") {
      paintUs += tdur;
      end(ts);
    } else if (ts >= until && workEvents.has(name)) {
      if (ts - beganUs > frameUs) end(ts);
      workUs += tdur;
      wallUs += dur;
      parts[name] = (parts[name] ?? 0) + tdur / 1_000;
      until = ts + dur;
    } else if (ts >= until && paintEvents.has(name)) {
      paintUs += tdur;
      until = ts + dur;
    }
  }
  return frames;
}

/** That of the page's renderer: the thread with the most events of the page. */
function mainThread(events: readonly TraceEvent[]): string {
  const names = events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const counts = new Map<string, number>(names.map(({ pid, tid }) => [`${pid}/${tid}`, 0]));
  for (const { pid, tid, name } of events) {
    const key = `${pid}/${tid}`;
    const count = counts.get(key);
    if (count !== undefined && (name === "FunctionCall" || name === "UpdateLayoutTree")) counts.set(key, count + 1);
  }
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ["", -1])[0];
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
