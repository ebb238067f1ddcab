// Scrolls, walks, points at, filters and follows batches of 1,000 to 100,000 runs in the built page: scripting and layout of every frame.
import { build } from "../../esbuild.mjs";
import { aliveRunner, openBatch } from "../browser/batchHarness";
import { madeBatch, untilMs } from "../support/batchLogs";
import { type Figure, reportBench } from "../support/bench";
import { launchChromium } from "../support/chromium";
import { FrameTracer, percentile, twoFrames } from "../support/frameTrace";

const asked = process.argv.slice(2).map(Number);
const figures: Figure[] = [];
await build({ names: ["webview"], production: true, quiet: true, budgets: false });
const browser = await launchChromium();
for (const runs of asked.length === 0 ? [1_000, 10_000, 100_000] : asked) {
  const records = madeBatch({ runs, concurrency: 40 });
  const startMs = records[0]?.at ?? 0;
  const halfMs = ((records.at(-1)?.at ?? 0) - startMs) / 2;
  const early = untilMs(records, halfMs);
  await using drive = await openBatch(browser, early, {
    widthPx: 1400,
    heightPx: 900,
    runner: aliveRunner,
    nowMs: startMs + halfMs,
  });
  const { page } = drive;
  await page.locator("main[aria-busy=false]").waitFor();
  const tracer = await FrameTracer.attach(page);
  const measure = async (what: string, action: () => Promise<void>) => {
    const frames = (await tracer.record(action)).filter(({ workMs }) => workMs > 0);
    const of = (part: number) =>
      percentile(
        frames.map(({ workMs }) => workMs),
        part,
      );
    const name = `${what}, ${runs.toLocaleString("en")} runs`;
    console.log(
      `${name}: ${frames.length} frames, p50 ${of(0.5).toFixed(1)}, p99 ${of(0.99).toFixed(1)}, worst ${of(1).toFixed(1)}`,
    );
    figures.push(
      { what: `${name}: p50`, unit: "ms", value: of(0.5) },
      { what: `${name}: p99`, unit: "ms", value: of(0.99), reach: 8 },
    );
  };
  const list = (await page.locator(".runs-scroller").boundingBox())!;
  await page.mouse.move(list.x + 100, list.y + 100);
  await measure("wheel", async () => {
    for (let turn = 0; turn < 150; turn++) {
      await page.mouse.wheel(0, turn % 20 < 14 ? 120 : -700);
      await twoFrames(page);
    }
  });
  await measure("scroll bar", async () => {
    for (let step = 0; step < 150; step++) {
      const part = ((step * 37) % 101) / 101;
      await page.locator(".runs-scroller").evaluate((element, to) => {
        element.scrollTop = to * element.scrollHeight;
      }, part);
      await twoFrames(page);
    }
  });
  await page.getByRole("grid", { name: "Runs" }).focus();
  await measure("keys", async () => {
    for (let step = 0; step < 150; step++) {
      await page.keyboard.press(["ArrowDown", "ArrowDown", "PageDown", "ArrowUp", "End", "ArrowUp", "Home"][step % 7]!);
      await twoFrames(page);
    }
  });
  const matrix = (await page.getByRole("application").boundingBox())!;
  await measure("pointer over the matrix", async () => {
    for (let step = 0; step < 150; step++) {
      const [across, down] = [((step * 37) % 101) / 101, ((step * 61) % 103) / 103];
      await page.mouse.move(matrix.x + 50 + across * (matrix.width - 80), matrix.y + down * (matrix.height - 4));
      await twoFrames(page);
    }
  });
  await measure("matrix", async () => {
    for (let turn = 0; turn < 150; turn++) {
      await page.mouse.wheel(0, turn % 20 < 14 ? 60 : -400);
      await twoFrames(page);
    }
  });
  await page.getByRole("grid", { name: "Runs" }).focus();
  await measure("failed alone and all", async () => {
    for (let step = 0; step < 100; step++) {
      await page.keyboard.press("f");
      await twoFrames(page);
    }
  });
  await measure("following", async () => {
    const rest = records.slice(early.length);
    for (let step = 0; step < 150; step++) {
      await drive.append(rest.slice(step * 20, (step + 1) * 20));
      await twoFrames(page);
    }
  });
  if (drive.panel.errors.length > 0) console.log(drive.panel.errors.slice(0, 5));
}
await browser.close();
await reportBench("batch", figures);
