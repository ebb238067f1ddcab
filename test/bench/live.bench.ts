// Follows a session of 200,000 spans at 300 events a second, from the journal to the pixel, against the same in 1,000 spans; and a file that is rewritten whole.
//
// The session is written by the recorder in a process of its own; store, reader, host and page are those of the product,
// the page in Chromium. Then what taking in an event costs by itself, in up to 1,000,000 spans, and a line of a transcript of
// another program.
// `npm run bench -- live [spans...]`; the first number is the reference.

import { setTimeout as delay } from "node:timers/promises";
import { build } from "../../esbuild.mjs";
import { AsyncOwner } from "../support/asyncOwner";
import { type Figure, median, reportBench } from "../support/bench";
import { type Browser, launchChromium } from "../support/chromium";
import { makeTempDir } from "../support/tempDir";
import { isWriter, LiveSession, writeSession } from "./liveSession";
import { measureLiveTail } from "./liveTail";
import { LoopWatch, type Stalls } from "./loopWatch";
import { type OpenedPanel, PanelHost } from "./openedPanel";
import { TailWatch } from "./tailWatch";
import { measureTranscriptTail } from "./transcriptTail";
import { type Work, WorkMeter } from "./workMeter";

const perSecond = 300;
const warmUpSeconds = 4;
/** Short and many, in turns, so that a busy moment of the machine hurts both. */
const watchedSeconds = 1;
const measuredSeconds = 1;
const rounds = 16;
/** A small session that is quiet is given a snapshot, which is nothing of what is measured. */
const quietMs = 400;
const reach = 1.2;
const tailEvents = 12_000;
const tailSizes = [1_000, 200_000, 1_000_000];
const transcriptLines = 4_000;
const transcriptSizes = [1_000, 100_000];
const rewrittenSpans = 100_000;
const rewrittenSeconds = 30;
const rewritesPerSecond = 0.5;

if (isWriter) await writeSession();
const asked = process.argv.slice(2).map(Number);
const sizes = asked.length === 0 ? [1_000, 200_000] : asked;
await build({ names: ["webview", "reader"], production: true, quiet: true, budgets: false });
const browser = await launchChromium();
// The reader keeps no process alive.
const alive = setInterval(() => {}, 1_000_000);
try {
  const figures = [...(await followed(browser)), ...(await rewritten(browser)), ...(await tailed())];
  figures.push(...(await transcripts()));
  await reportBench("live", figures);
} finally {
  clearInterval(alive);
  await browser.close();
}

interface Followed {
  readonly spans: number;
  /** Of each round. */
  readonly medianMs: number[];
  readonly slowMs: number[];
  readonly work: Work[];
  /** The longest of all rounds. */
  stalls: Stalls;
}

interface Subject extends Followed {
  readonly session: LiveSession;
  readonly panel: OpenedPanel;
  readonly meter: WorkMeter;
}

async function followed(browser: Browser): Promise<Figure[]> {
  await using owned = new AsyncOwner();
  const subjects: Subject[] = [];
  for (const spans of sizes) {
    const folder = owned.add(await makeTempDir());
    const session = owned.add(await LiveSession.start({ type: "recorded", folder: folder.path, spans }));
    // Each in a host of its own, so that a reader has one trace to follow.
    const host = owned.add(await PanelHost.start(browser, [folder.path]));
    const panel = owned.add(await host.open(session.key));
    await TailWatch.goToTail(panel.page);
    await session.play({ seconds: warmUpSeconds, perSecond });
    const meter = new WorkMeter(host.worker, panel);
    const stalls = { cpuMs: 0, clockMs: 0 };
    subjects.push({ spans, session, panel, meter, medianMs: [], slowMs: [], work: [], stalls });
  }
  for (let round = 0; round < rounds; round++) {
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) await followOnce(subject);
  }
  const [first] = subjects;
  return subjects.flatMap((subject) => figuresOf(subject, subject === first ? undefined : first));
}

async function followOnce(subject: Subject): Promise<void> {
  const { session, panel, meter } = subject;
  await delay(quietMs);
  const loop = new LoopWatch();
  const watch = await TailWatch.start(panel.page);
  const { told } = await session.play({ seconds: watchedSeconds, perSecond });
  const latencies = await watch.latencies(told);
  subject.stalls = longer(subject.stalls, loop.stop());
  subject.medianMs.push(median(latencies));
  subject.slowMs.push(quantile(latencies, 0.95));
  await delay(quietMs);
  subject.work.push(await meter.during(() => session.play({ seconds: measuredSeconds, perSecond })));
}

function figuresOf(subject: Followed, reference: Followed | undefined): Figure[] {
  const figure = (what: string, unit: string, of: (subject: Followed) => number): Figure => ({
    what,
    unit,
    value: of(subject),
    ...(reference === undefined ? {} : { reference: of(reference), reach }),
  });
  const cpu = (part: keyof Work) => (of: Followed) => median(of.work.map((one) => one[part]));
  return [
    figure(`${name(subject.spans)}: event to pixel, median`, "ms", ({ medianMs }) => median(medianMs)),
    figure("  95 of 100 within", "ms", ({ slowMs }) => median(slowMs)),
    figure("  CPU of the reader for an event", "µs", cpu("workerUs")),
    figure("  CPU of the page for an event", "µs", cpu("pageUs")),
    figure("  CPU of the host for an event, its line to the page included", "µs", cpu("hostUs")),
    ...stallFigures(subject.stalls),
  ];
}

function stallFigures({ cpuMs, clockMs }: Stalls): Figure[] {
  return [
    { what: "  longest turn of the host, CPU", unit: "ms", value: cpuMs, reach: 20 },
    { what: "  longest wait for the host by the clock, others on the machine included", unit: "ms", value: clockMs },
  ];
}

function longer(one: Stalls, other: Stalls): Stalls {
  return { cpuMs: Math.max(one.cpuMs, other.cpuMs), clockMs: Math.max(one.clockMs, other.clockMs) };
}

async function rewritten(browser: Browser): Promise<Figure[]> {
  await using folder = await makeTempDir();
  const setup = { type: "rewritten", folder: folder.path, spans: rewrittenSpans } as const;
  await using session = await LiveSession.start(setup);
  await using host = await PanelHost.start(browser, [folder.path]);
  await using panel = await host.open(session.key);
  await TailWatch.goToTail(panel.page);
  const meter = new WorkMeter(host.worker, panel);
  const warmUp = await TailWatch.start(panel.page);
  await warmUp.latencies((await session.play({ seconds: warmUpSeconds, perSecond: rewritesPerSecond })).told);
  const { model } = panel;
  let readings = 0;
  let revision = model.facts?.revision;
  const counting = model.onDidChange(() => {
    if (model.facts?.revision !== revision) readings++;
    revision = model.facts?.revision;
  });
  const loop = new LoopWatch();
  const watch = await TailWatch.start(panel.page);
  let latencies: readonly number[] = [];
  const work = await meter.during(async () => {
    const played = await session.play({ seconds: rewrittenSeconds, perSecond: rewritesPerSecond });
    latencies = await watch.latencies(played.told);
    return played;
  });
  counting.dispose();
  const rewrites = rewrittenSeconds * rewritesPerSecond;
  return [
    {
      what: `${name(rewrittenSpans)}, rewritten every 2 s: read, of so many`,
      unit: "",
      value: readings,
      reference: rewrites,
    },
    { what: "  replaced file to pixel, median", unit: "ms", value: median(latencies) },
    { what: "  CPU of the reader for each", unit: "ms", value: work.workerUs / 1000 },
    { what: "  CPU of the page for each", unit: "ms", value: work.pageUs / 1000 },
    { what: "  of the time the reader was at work", unit: "%", value: 100 * work.workerShare },
    ...stallFigures(loop.stop()),
  ];
}

/** Taking in by itself, without files that are watched, without a page. */
async function tailed(): Promise<Figure[]> {
  // What is compiled for the first one helps all others.
  await measureLiveTail(1_000, tailEvents);
  const figures: Figure[] = [];
  let reference: number | undefined;
  for (const spans of tailSizes) {
    const { eventUs, slowPieceMs, openMs, heldBytes } = await measureLiveTail(spans, tailEvents);
    const what = `an event taken into ${name(spans)}`;
    figures.push(
      { what, unit: "µs", value: eventUs, reference, ...(reference ? { reach } : {}) },
      { what: "  99 of 100 pieces of 15 events take at most", unit: "ms", value: slowPieceMs },
      { what: "  opened", unit: "ms", value: openMs },
      // Of few spans it is less than what comes and goes.
      ...(spans < 100_000 ? [] : [{ what: "  held for each span", unit: "bytes", value: heldBytes }]),
    );
    reference ??= eventUs;
  }
  return figures;
}

/** The same of a transcript, from its file to what panels are told. */
async function transcripts(): Promise<Figure[]> {
  await measureTranscriptTail(1_000, transcriptLines);
  const figures: Figure[] = [];
  let reference: number | undefined;
  for (const lines of transcriptSizes) {
    const { lineUs, slowPieceMs, openMs } = await measureTranscriptTail(lines, transcriptLines);
    const what = `a line appended to a transcript of ${lines.toLocaleString("en")} lines`;
    figures.push(
      { what, unit: "µs", value: lineUs, reference, ...(reference ? { reach } : {}) },
      { what: "  99 of 100 pieces of 2 lines take at most", unit: "ms", value: slowPieceMs },
      { what: "  opened", unit: "ms", value: openMs },
    );
    reference ??= lineUs;
  }
  return figures;
}

function name(spans: number): string {
  return `${spans.toLocaleString("en")} spans`;
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}
