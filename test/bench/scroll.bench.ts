// Scrolls, zooms, collapses, filters and follows traces of 10,000 to 500,000 spans in the built panel: scripting and layout of every frame.
import { build } from "../../esbuild.mjs";
import { type Figure, reportBench } from "../support/bench";
import { launchChromium } from "../support/chromium";
import { ColumnsHost } from "../support/columnsHost";
import { type Frame, FrameTracer, percentile, twoFrames } from "../support/frameTrace";
import { generatedColumns } from "../support/generatedColumns";
import { openPanelPage } from "../support/panelPage";
import { traceShapes } from "../support/traceGenerator";

const seed = 20_261_121;
const asked = process.argv.slice(2).map(Number);
const figures: Figure[] = [];
await build({ names: ["webview"], production: true, quiet: true, budgets: false });
const browser = await launchChromium();
for (const spans of asked.length === 0 ? [10_000, 100_000, 500_000] : asked) {
  for (const shape of traceShapes) {
    await using panel = await openPanelPage(browser, { widthPx: 1400, heightPx: 900 });
    const { page } = panel;
    const host = new ColumnsHost(panel, generatedColumns({ spans, shape, seed }));
    const tracer = await FrameTracer.attach(page);
    const measure = async (what: string, action: () => Promise<void>) => {
      const frames = (await tracer.record(action)).filter(({ workMs }) => workMs > 0);
      report(`${what}, ${spans.toLocaleString("en")} ${shape}`, frames);
    };
    await measure("open", () => host.open());
    const scroller = page.locator(".grid-scroller");
    const box = (await scroller.boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 200);
    await measure("wheel", async () => {
      for (let turn = 0; turn < 200; turn++) {
        await page.mouse.wheel(0, turn % 20 < 14 ? 120 : -700);
        await twoFrames(page);
      }
    });
    await measure("scroll bar", async () => {
      for (let step = 0; step < 200; step++) {
        await scroller.evaluate(
          (element, part) => {
            element.scrollTop = part * element.scrollHeight;
          },
          ((step * 37) % 101) / 101,
        );
        await twoFrames(page);
      }
    });
    await page.locator(".grid").focus();
    await measure("keys", async () => {
      for (let step = 0; step < 200; step++) {
        await page.keyboard.press(
          ["ArrowDown", "ArrowDown", "PageDown", "ArrowUp", "End", "ArrowUp", "Home"][step % 7]!,
        );
        await twoFrames(page);
      }
    });
    await measure("collapse", async () => {
      for (let step = 0; step < 200; step++) {
        await page.keyboard.press(
          ["Home", "ArrowLeft", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowRight"][step % 6]!,
        );
        await twoFrames(page);
      }
    });
    const strip = (await page.locator(".strip").boundingBox())!;
    await page.mouse.move(strip.x + strip.width * 0.4, strip.y + 20);
    await measure("zoom", async () => {
      for (let step = 0; step < 200; step++) {
        await page.mouse.wheel(0, step % 40 < 30 ? -120 : 300);
        await twoFrames(page);
      }
    });
    if (panel.errors.length > 0) console.log(panel.errors.slice(0, 5));
  }
}
await browser.close();
await reportBench("scroll", figures);

function report(what: string, frames: readonly Frame[]): void {
  const [worst] = frames.toSorted((a, b) => b.workMs - a.workMs);
  const of = (part: number, value: (frame: Frame) => number) => percentile(frames.map(value), part);
  const parts = Object.entries(worst?.parts ?? {}).filter(([, ms]) => ms > 0.5);
  console.log(
    `${what}: ${frames.length} frames, p50 ${of(0.5, ({ workMs }) => workMs).toFixed(1)}, ` +
      `p99 ${of(0.99, ({ workMs }) => workMs).toFixed(1)} (wall ${of(0.99, ({ wallMs }) => wallMs).toFixed(1)}), ` +
      `paint p99 ${of(0.99, ({ paintMs }) => paintMs).toFixed(1)}; worst ${worst?.workMs.toFixed(1)}: ` +
      parts.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(", "),
  );
  figures.push(
    { what: `${what}: p50`, unit: "ms", value: of(0.5, ({ workMs }) => workMs) },
    { what: `${what}: p99`, unit: "ms", value: of(0.99, ({ workMs }) => workMs), reach: 8 },
  );
}
