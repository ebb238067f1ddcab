// What an opened trace holds for each 100,000 spans, in the process of host and reader and in the page; and what ten openings leave.
//
// Each round is a process of its own with a browser of its own: store, host and reader as in the product, the built page.
// A small trace was open before, so that what the programs themselves take is not counted. `RSS` is what the system counts
// for the process; `held` what is left when all garbage is collected, without what the allocator keeps for the next time.
// How much of RSS that is shows a process whose allocator (that of glibc) gives back at once what is freed.
// `npm run bench -- memory [spans...]`; traces are opened and closed often at the first size.

import { execFile } from "node:child_process";
import { rename } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "../../esbuild.mjs";
import { type Figure, median, reportBench } from "../support/bench";
import { launchChromium } from "../support/chromium";
import { makeTempDir } from "../support/tempDir";
import { writeTrace } from "../support/traceGenerator";
import { pageHeldBytes, threadHeldBytes, WorkerMemory } from "./heldMemory";
import { isWriter, LiveSession, writeSession } from "./liveSession";
import { type OpenedPanel, PanelHost } from "./openedPanel";

const seed = 20_261_121;
const rounds = 3;
const cycles = 10;
const smallSpans = 2_000;
/** So many rows fewer has the trace that takes the place of another. */
const fewer = 1_000;
const MB = 1e6;
/** What glibc is told by its environment. */
const givesBack = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "65536" };

interface Subject {
  readonly key: string;
  /** A file that takes the place of the first, and back again. */
  readonly other?: string | undefined;
  readonly isCycled: boolean;
}

/** Bytes; NaN, which is null in JSON, where it is not measured. */
interface Measured {
  /** More than before the trace was opened. */
  readonly rss: number;
  readonly held: number;
  /** All that the page holds. */
  readonly page: number;
  /** After a search, with the timeline open: more than before, and the page. */
  readonly usedHeld: number;
  readonly usedPage: number;
  /** More than before all, after it was opened and closed so often. */
  readonly leftRss: number;
  readonly leftHeld: number;
  /** More in the page than before, after so often another trace took the place of the one that is shown. */
  readonly leftPage: number;
}

if (isWriter) await writeSession();
if (process.argv[2] === "measure") {
  process.stdout.write(JSON.stringify(await measure(JSON.parse(process.argv[3] ?? "") as Subject)));
} else {
  const asked = process.argv.slice(2).map(Number);
  const [first = 100_000, ...others] = asked.length === 0 ? [100_000, 500_000] : asked;
  await build({ names: ["webview", "reader"], production: true, quiet: true, budgets: false });
  const figures = [...(await scanned(first, true)), ...(await recorded(first))];
  for (const spans of others) figures.push(...(await scanned(spans, false)));
  await reportBench("memory", figures);
}

async function scanned(spans: number, isCycled: boolean): Promise<Figure[]> {
  await using folder = await makeTempDir();
  const [key, other] = [folder.join("trace.json"), folder.join("other.json")];
  await writeTrace(key, { spans, shape: "wide", seed });
  if (isCycled) await writeTrace(other, { spans: spans - fewer, shape: "wide", seed: seed + 1 });
  return await inRounds(`${spans.toLocaleString("en")} spans of a file`, spans, {
    key,
    other: isCycled ? other : undefined,
    isCycled,
  });
}

async function recorded(spans: number): Promise<Figure[]> {
  await using folder = await makeTempDir();
  await using session = await LiveSession.start({ type: "recorded", folder: folder.path, spans });
  return await inRounds(`${spans.toLocaleString("en")} spans of a journal`, spans, {
    key: session.key,
    isCycled: true,
  });
}

async function inRounds(what: string, spans: number, subject: Subject): Promise<Figure[]> {
  const usual: Measured[] = [];
  const giving: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    usual.push(await inProcess(subject, {}));
    if (subject.isCycled && process.platform === "linux") giving.push(await inProcess(subject, givesBack));
  }
  const of = (all: readonly Measured[], part: keyof Measured) => median(all.map((one) => one[part])) / MB;
  const of100000 = (part: keyof Measured) => (of(usual, part) * 100_000) / spans;
  const left: Figure[] = [
    {
      what: `  after ${cycles} times opened and closed: growth of RSS`,
      unit: "MB",
      value: of(usual, "leftRss"),
      reach: 5,
    },
    { what: "    with an allocator that gives back at once", unit: "MB", value: of(giving, "leftRss"), reach: 5 },
    { what: "    held in host and reader", unit: "MB", value: of(usual, "leftHeld"), reach: 5 },
    { what: `  ${cycles} times replaced: growth of the page`, unit: "MB", value: of(usual, "leftPage"), reach: 5 },
  ];
  return [
    { what: `${what}: growth of RSS for 100,000`, unit: "MB", value: of100000("rss"), reach: 60 },
    { what: "  held in host and reader for 100,000", unit: "MB", value: of100000("held") },
    { what: "  held in the page for 100,000", unit: "MB", value: of100000("page"), reach: 40 },
    { what: "  searched, with the timeline: in host and reader", unit: "MB", value: of100000("usedHeld"), reach: 60 },
    { what: "  searched, with the timeline: in the page", unit: "MB", value: of100000("usedPage"), reach: 40 },
    ...(subject.isCycled ? left : []).filter(({ value }) => !Number.isNaN(value)),
  ];
}

async function inProcess(subject: Subject, env: Readonly<Record<string, string>>): Promise<Measured> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), "measure", JSON.stringify(subject)],
    { env: { ...process.env, ...env } },
  );
  // A browser that was unpacked first has said so.
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  return JSON.parse(line, (_, value: unknown) => value ?? Number.NaN) as Measured;
}

async function measure({ key, other, isCycled }: Subject): Promise<Measured> {
  await using folder = await makeTempDir();
  const small = folder.join("small.json");
  await writeTrace(small, { spans: smallSpans, shape: "wide", seed });
  using workers = new WorkerMemory();
  await workers.connect();
  const browser = await launchChromium();
  // The reader keeps no process alive.
  const alive = setInterval(() => {}, 1_000_000);
  try {
    await using host = await PanelHost.start(browser, [folder.path]);
    for (let time = 0; time < 2; time++) await (await openAndUse(host, small))[Symbol.asyncDispose]();
    const memory = async () => {
      const held = (await workers.heldBytes()) + threadHeldBytes();
      return { held, rss: process.memoryUsage().rss };
    };
    const before = await memory();
    let panel = await host.open(key);
    await clickRow(panel);
    const opened = { ...(await memory()), page: await pageHeldBytes(await panel.cdp) };
    await use(panel);
    const used = { ...(await memory()), page: await pageHeldBytes(await panel.cdp) };
    const leftPage = other === undefined ? Number.NaN : await replaceOften(panel, key, other);
    await panel[Symbol.asyncDispose]();
    for (let time = 1; isCycled && time < cycles; time++) {
      panel = await host.open(key);
      await clickRow(panel);
      await panel[Symbol.asyncDispose]();
    }
    const left = await memory();
    return {
      rss: opened.rss - before.rss,
      held: opened.held - before.held,
      page: opened.page,
      usedHeld: used.held - before.held,
      usedPage: used.page,
      leftRss: left.rss - before.rss,
      leftHeld: left.held - before.held,
      leftPage,
    };
  } finally {
    clearInterval(alive);
    await browser.close();
  }
}

async function openAndUse(host: PanelHost, key: string): Promise<OpenedPanel> {
  const panel = await host.open(key);
  await clickRow(panel);
  await use(panel);
  return panel;
}

async function clickRow({ page }: OpenedPanel): Promise<void> {
  await page.locator(".grid .row").nth(8).click();
  await page.locator(".details-title").waitFor();
}

async function use({ page }: OpenedPanel): Promise<void> {
  await page.locator(".grid").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("/");
  await page.keyboard.type("part-49");
  // Said once the whole trace is searched.
  await page.waitForFunction(() => {
    const search = document.querySelector(".search-icon")?.parentElement;
    return (search?.querySelector("[role=status]")?.textContent ?? "") !== "";
  });
  await page.getByRole("button", { name: "Show the Timeline" }).click();
  await page.locator(".timeline-body[aria-busy=false]").waitFor();
}

/** How much more the page holds after many traces than after one. */
async function replaceOften(panel: OpenedPanel, key: string, other: string): Promise<number> {
  const cdp = await panel.cdp;
  let before = Number.NaN;
  // An even number of times: the file is the one that it was.
  for (let time = 0; time <= cycles + 1; time++) {
    if (time === 2) before = await pageHeldBytes(cdp);
    const spare = `${key}.spare`;
    await rename(key, spare);
    await rename(other, key);
    await rename(spare, other);
    const { epoch } = panel.model.facts ?? { epoch: 0 };
    await panel.model.reload();
    if (panel.model.facts?.epoch === epoch) throw new Error("The trace that took the place of another was not read");
    await panel.shown();
  }
  return (await pageHeldBytes(cdp)) - before;
}
