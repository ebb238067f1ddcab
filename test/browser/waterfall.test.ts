// Bars and the overview: what is drawn is where the rows and the times are.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium } from "../support/chromium";
import { type Drive, madeUpTrace, openTrace, sampleFiles, traceFiles } from "./panelHarness";

/** Colour of the waterfall at a share of its scaled width, on the row's middle line; "" where nothing is drawn. */
async function colorAt(drive: Drive, rowName: RegExp, share: number): Promise<string> {
  const row = await drive.page.getByRole("row", { name: rowName }).boundingBox();
  return await drive.page.locator("canvas.waterfall").evaluate(
    (element, { top, at }) => {
      const canvas = element as HTMLCanvasElement;
      const box = canvas.getBoundingClientRect();
      const ratio = canvas.width / box.width;
      const x = Math.round((box.width - 58) * at * ratio);
      const y = Math.round((top - box.top + 11) * ratio);
      const [red, green, blue, alpha] = canvas.getContext("2d")!.getImageData(x, y, 1, 1).data;
      return alpha === 255 ? `${red},${green},${blue}` : "";
    },
    { top: row?.y ?? 0, at: share },
  );
}

async function colorOf(drive: Drive, variable: string): Promise<string> {
  return await drive.page.evaluate((name) => {
    const probe = document.createElement("div");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return (color.match(/\d+/g) ?? []).slice(0, 3).join(",");
  }, variable);
}

const bars = madeUpTrace(
  [
    { kind: "session", name: "root", startTime: 0, endTime: 10_000 },
    { name: "first-half", startTime: 0, endTime: 5_000 },
    { name: "second-half", startTime: 5_000, endTime: 10_000, status: "error", statusMessage: "no" },
    { kind: "generation", name: "middle", startTime: 4_000, endTime: 6_000 },
  ],
  { summary: { status: "error" } },
);

describe("the waterfall", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it.each([1, 1.5, 2])(
    "draws each bar on its row, in its colour and at its time, at %d device pixels",
    async (scale) => {
      await using drive = await openTrace(browser, traceFiles(bars), { scale, widthPx: 1200 });
      const [tool, failed, generation] = [
        await colorOf(drive, "--tk-kind-tool"),
        await colorOf(drive, "--tk-failed"),
        await colorOf(drive, "--tk-kind-generation"),
      ];
      expect(await colorAt(drive, /first-half/, 0.25)).toBe(tool);
      expect(await colorAt(drive, /first-half/, 0.9)).toBe("");
      expect(await colorAt(drive, /second-half/, 0.25)).toBe("");
      expect(await colorAt(drive, /second-half/, 0.75)).toBe(failed);
      expect(await colorAt(drive, /middle/, 0.5)).toBe(generation);
      expect(await colorAt(drive, /middle/, 0.3)).toBe("");
    },
  );

  it("takes the colours of another theme when that changes", async () => {
    await using drive = await openTrace(browser, traceFiles(bars), { widthPx: 1200, theme: "dark" });
    const dark = await colorAt(drive, /first-half/, 0.25);
    await drive.panel.setTheme("light");
    const light = await colorOf(drive, "--tk-kind-tool");
    expect(light).not.toBe(dark);
    await expect.poll(() => colorAt(drive, /first-half/, 0.25)).toBe(light);
  });

  it("moves with the rows when they are scrolled", async () => {
    const many = madeUpTrace([
      { kind: "session", startTime: 0, endTime: 100_000 },
      ...Array.from({ length: 300 }, (_, index) => ({
        name: `step-${index}`,
        startTime: index % 2 === 0 ? 0 : 50_000,
        endTime: index % 2 === 0 ? 50_000 : 100_000,
      })),
    ]);
    await using drive = await openTrace(browser, traceFiles(many), { widthPx: 1200 });
    const tool = await colorOf(drive, "--tk-kind-tool");
    for (const top of [0, 613, 2_222, 99_999]) {
      await drive.page.locator(".grid-scroller").evaluate((element, value) => {
        element.scrollTop = value;
      }, top);
      await drive.drawn();
      const rows = await drive.page.getByRole("row", { name: /step-\d+/ }).all();
      const names = (await Promise.all(rows.map((row) => row.innerText()))).map((name) => /step-(\d+)/.exec(name)?.[1]);
      for (const name of names.slice(14, 20)) {
        const isFirstHalf = Number(name) % 2 === 0;
        expect(await colorAt(drive, new RegExp(`^step-${name} `), 0.25)).toBe(isFirstHalf ? tool : "");
      }
    }
  });

  it("tells times beside the pointer", async () => {
    await using drive = await openTrace(browser, traceFiles(bars), { widthPx: 1200 });
    const row = await drive.page.getByRole("row", { name: /second-half/ }).boundingBox();
    await drive.page.mouse.move((row?.x ?? 0) + (row?.width ?? 0) - 100, (row?.y ?? 0) + 11);
    await expect.poll(() => drive.page.locator(".tip").innerText()).toContain("+0:05.000 → +0:10.000");
  });
});

describe("the overview", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  const range = (drive: Drive) =>
    drive.page.getByRole("group", { name: /Timeline overview/ }).getAttribute("aria-label");

  it("zooms by a drag and shows all again by a double click", async () => {
    await using drive = await openTrace(browser, traceFiles(bars), { widthPx: 1200 });
    const { page } = drive;
    const box = (await page.locator(".strip").boundingBox())!;
    expect(await range(drive)).toContain("from +0:00.000 to +0:10.000");
    await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => range(drive)).toMatch(/from \+0:0[12]\.\d+ to \+0:0[34]\.\d+/);
    await page.mouse.dblclick(box.x + box.width * 0.8, box.y + 20);
    await expect.poll(() => range(drive)).toContain("from +0:00.000 to +0:10.000");
  });

  it("zooms by the wheel about the time under the pointer, and by keys", async () => {
    await using drive = await openTrace(browser, traceFiles(bars), { widthPx: 1200 });
    const { page } = drive;
    const box = (await page.locator(".strip").boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await page.mouse.wheel(0, -200);
    await expect.poll(() => range(drive)).not.toContain("+0:00.000");
    const [from, to] = ((await range(drive)) ?? "").match(/\d+\.\d+/g)!.map(Number);
    expect(((from ?? 0) + (to ?? 0)) / 2).toBeCloseTo(5, 1);
    await page.locator(".strip").focus();
    await page.keyboard.press("0");
    await expect.poll(() => range(drive)).toContain("from +0:00.000 to +0:10.000");
    await page.keyboard.press("+");
    await expect.poll(() => range(drive)).not.toContain("+0:00.000");
  });

  it("draws seven idle hours short and names them", async () => {
    await using drive = await openTrace(browser, sampleFiles("ses_two_bursts_7h"), { widthPx: 1280 });
    expect(await drive.page.locator(".axis-gap").innerText()).toBe("7 h idle");
    const gap = (await drive.page.locator(".axis-gap").boundingBox())!;
    const tree = (await drive.page.getByRole("treegrid").boundingBox())!;
    expect(gap.x).toBeLessThan(tree.x + tree.width);
  });
});
