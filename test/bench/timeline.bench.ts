// Opens, zooms, scrolls and marks ranges in the timeline of 10,000 to 500,000 spans: the reader's analysis, and scripting and layout of every frame.
import { build } from "../../esbuild.mjs";
import { TimelineAnalysis } from "../../src/reader/timelineAnalysis";
import { type Figure, reportBench, wallMs } from "../support/bench";
import { launchChromium } from "../support/chromium";
import { ColumnsHost } from "../support/columnsHost";
import { type Frame, FrameTracer, percentile, twoFrames } from "../support/frameTrace";
import { generatedColumns } from "../support/generatedColumns";
import { openPanelPage } from "../support/panelPage";
import { answerTimeline, pictureOfColumns } from "../support/timelineHost";
import { traceShapes } from "../support/traceGenerator";

const seed = 20_261_121;
const asked = process.argv.slice(2).map(Number);
const figures: Figure[] = [];
await build({ names: ["webview"], production: true, quiet: true, budgets: false });
const browser = await launchChromium();
for (const spans of asked.length === 0 ? [10_000, 100_000, 500_000] : asked) {
  for (const shape of traceShapes) {
    const trace = generatedColumns({ spans, shape, seed });
    const picture = pictureOfColumns(trace.columns);
    const name = `${spans.toLocaleString("en")} ${shape}`;
    figures.push({
      what: `reader: lanes, bursts, path, density, ${name}`,
      unit: "ms",
      value: await wallMs(() => {
        const analysis = new TimelineAnalysis(picture, undefined);
        return [
          analysis.lanes("concurrency"),
          analysis.lanes("agent"),
          analysis.bursts,
          analysis.path,
          analysis.density,
        ];
      }),
    });
    await using panel = await openPanelPage(browser, { widthPx: 1400, heightPx: 900 });
    const { page } = panel;
    const host = new ColumnsHost(panel, trace);
    answerTimeline(panel, picture);
    await host.open();
    const tracer = await FrameTracer.attach(page);
    const measure = async (what: string, action: () => Promise<void>) => {
      const frames = (await tracer.record(action)).filter(({ workMs }) => workMs > 0);
      report(`${what}, ${name}`, frames);
    };
    await measure("open", async () => {
      await page.getByRole("button", { name: "Show the Timeline" }).click();
      await page.locator(".timeline-body[aria-busy=false]").waitFor();
      await twoFrames(page);
    });
    const body = (await page.locator(".timeline-body").boundingBox())!;
    await page.mouse.move(body.x + body.width * 0.4, body.y + 30);
    await measure("zoom", async () => {
      for (let step = 0; step < 60; step++) {
        await page.mouse.wheel(0, step < 40 ? -120 : 400);
        await twoFrames(page);
      }
    });
    await measure("pan", async () => {
      for (let step = 0; step < 5; step++) await page.mouse.wheel(0, -120);
      for (let step = 0; step < 40; step++) {
        await page.mouse.wheel(step < 20 ? 90 : -90, 0);
        await twoFrames(page);
      }
    });
    await measure("hover", async () => {
      for (let step = 0; step < 40; step++) {
        await page.mouse.move(body.x + body.width * ((step * 37) % 100) * 0.01, body.y + 80 + (step % 12) * 12);
        await twoFrames(page);
      }
    });
    await measure("mark a range", async () => {
      await page.mouse.move(body.x + body.width * 0.3, body.y + 100);
      await page.mouse.down();
      for (let step = 0; step < 30; step++) {
        await page.mouse.move(body.x + body.width * (0.3 + step * 0.015), body.y + 100);
        await twoFrames(page);
      }
      await page.mouse.up();
    });
    await page.locator(".timeline-body").focus();
    await measure("keys", async () => {
      for (let step = 0; step < 42; step++) {
        await page.keyboard.press(["ArrowRight", "ArrowRight", "ArrowDown", "End", "ArrowUp", "b", "0"][step % 7]!);
        await twoFrames(page);
      }
    });
    await measure("agents, path", async () => {
      await page.keyboard.press("g");
      await page.locator(".timeline-body[aria-busy=false]").waitFor();
      await page.keyboard.press("c");
      await page.locator(".timeline-body[aria-busy=false]").waitFor();
      for (let step = 0; step < 20; step++) {
        await page.keyboard.press(step % 4 < 2 ? "+" : "-");
        await twoFrames(page);
      }
    });
    if (panel.errors.length > 0) console.log(panel.errors.slice(0, 5));
  }
}
await browser.close();
await reportBench("timeline", figures);

function report(what: string, frames: readonly Frame[]): void {
  const work = frames.map(({ workMs }) => workMs);
  const worst = frames.reduce((a, b) => (b.workMs > a.workMs ? b : a), { workMs: 0, paintMs: 0, parts: {} } as Frame);
  console.log(
    what,
    frames.length,
    "p50",
    percentile(work, 0.5).toFixed(2),
    "p99",
    percentile(work, 0.99).toFixed(2),
    JSON.stringify(worst.parts),
  );
  figures.push({ what: `${what}: p99`, unit: "ms", value: percentile(work, 0.99), reach: 8 });
}
