// Traces that are too large to be drawn whole: what is in view is there, exact and in order, however many rows are not.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, launchChromium, type Page } from "../support/chromium";
import { ColumnsHost } from "../support/columnsHost";
import { type GeneratedColumns, generatedColumns } from "../support/generatedColumns";
import { openPanelPage, type PanelPageOptions } from "../support/panelPage";
import type { GeneratedTrace } from "../support/traceGenerator";
import { largeTrace, openTrace, traceFiles } from "./panelHarness";

const seed = 7;

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly host: ColumnsHost;
  readonly errors: readonly string[];
}

async function open(
  browser: Browser,
  trace: GeneratedTrace | GeneratedColumns,
  options: PanelPageOptions & { live?: boolean } = {},
): Promise<Opened> {
  const panel = await openPanelPage(browser, { widthPx: 1000, heightPx: 700, ...options });
  const columns = "columns" in trace ? trace : generatedColumns(trace);
  const host = new ColumnsHost(
    panel,
    columns,
    options.live === true ? { live: true, status: "running", statusLabel: "Running" } : {},
  );
  await host.open();
  await drawn(panel.page);
  return { page: panel.page, host, errors: panel.errors, [Symbol.asyncDispose]: () => panel.close() };
}

async function drawn(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

interface SeenRow {
  readonly row: number;
  readonly rowIndex: number;
  readonly name: string;
  readonly top: number;
}

/** Rows that are in view, in the order of the document. */
function rowsInView(page: Page): Promise<SeenRow[]> {
  return page.evaluate(() => {
    const scroller = document.querySelector(".grid-scroller")?.getBoundingClientRect();
    return [...document.querySelectorAll(".grid-scroller .row")].flatMap((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      if (scroller === undefined || bottom <= scroller.top || top >= scroller.bottom) return [];
      const name = [...element.querySelectorAll(".row-name, .row-label")].map((part) => part.textContent).join(" ");
      return [
        {
          row: Number(element.id.slice("row-".length)),
          rowIndex: Number(element.getAttribute("aria-rowindex")),
          name,
          top: top - scroller.top,
        },
      ];
    });
  });
}

/** What is in view hangs together: places follow one another, and no row is there twice. */
async function expectInOrder(page: Page): Promise<SeenRow[]> {
  const rows = await rowsInView(page);
  expect(rows.length).toBeGreaterThan(10);
  for (const [index, row] of rows.entries()) {
    const before = rows[index - 1];
    if (before === undefined) continue;
    expect(row.rowIndex).toBe(before.rowIndex + 1);
    expect(row.top - before.top).toBeCloseTo(22, 1);
  }
  const ids = await page.locator(".grid-scroller .row").evaluateAll((elements) => elements.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  return rows;
}

/** Places of the rows that are in the document and out of view, above it and below it. */
async function rowsOutOfView(page: Page): Promise<{ above: number; below: number }> {
  const all = await page
    .locator(".grid-scroller .row")
    .evaluateAll((elements) => elements.map((element) => Number(element.getAttribute("aria-rowindex"))));
  const seen = (await rowsInView(page)).map(({ rowIndex }) => rowIndex);
  const [first = 0, last = 0] = [seen.at(0), seen.at(-1)];
  return { above: all.filter((at) => at < first).length, below: all.filter((at) => at > last).length };
}

const scrollBy = (page: Page, part: number) =>
  page.locator(".grid-scroller").evaluate((element, value) => {
    element.scrollTop = value * element.scrollHeight;
  }, part);

const countShown = (page: Page) =>
  page
    .getByRole("treegrid")
    .getAttribute("aria-rowcount")
    .then((count) => Number(count) - 1);

describe("a large trace", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("shows labels of the rows in view, read by who has the file, and reads them out", async () => {
    await using drive = await openTrace(browser, traceFiles(largeTrace(12_000)));
    const { page } = drive;
    await expect.poll(() => page.getByRole("row", { name: /npm test -- case \d+/ }).count()).toBeGreaterThan(5);
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("End");
    await expect.poll(() => page.getByRole("row", { selected: true }).innerText()).toMatch(/case 1\d{4}/);
    expect(drive.panel.errors).toEqual([]);
  });

  it("puts only what is in view and a little more into the document, in order, wherever it is scrolled to", async () => {
    await using opened = await open(browser, { spans: 50_000, shape: "wide", seed });
    const { page } = opened;
    for (const part of [0, 0.5, 0.5001, 0.502, 0.3, 1, 0.9999, 0.2]) {
      await scrollBy(page, part);
      await drawn(page);
      await expectInOrder(page);
      expect(await page.locator(".grid-scroller .row").count()).toBeLessThan(60);
    }
    expect(opened.errors).toEqual([]);
  });

  it("draws what is in view first after a jump, and then what is around it", async () => {
    await using opened = await open(browser, { spans: 50_000, shape: "wide", seed });
    const { page } = opened;
    // A frame tells of scrolling before it calls back.
    const inDocument = await page.locator(".grid-scroller").evaluate(
      (element) =>
        new Promise<number>((resolve) => {
          element.scrollTop = element.scrollHeight / 2;
          requestAnimationFrame(() => resolve(element.querySelectorAll(".row").length));
        }),
    );
    expect(inDocument).toBe((await rowsInView(page)).length);
    await expect.poll(async () => (await rowsOutOfView(page)).above).toBeGreaterThan(3);
    expect((await rowsOutOfView(page)).below).toBeGreaterThan(3);
    await expectInOrder(page);
    expect(opened.errors).toEqual([]);
  });

  it("lets no row move when labels come, and gives none to another row", async () => {
    await using opened = await open(browser, { spans: 50_000, shape: "wide", seed });
    const { page, host } = opened;
    let release = () => {};
    host.textsMayGo = new Promise((resolve) => {
      release = resolve;
    });
    await scrollBy(page, 0.77);
    await drawn(page);
    const before = await expectInOrder(page);
    expect(before.every(({ name }) => !name.includes("npm test"))).toBe(true);
    const namesAt = () =>
      page.locator(".row-name").evaluateAll((names) => names.map((name) => name.getBoundingClientRect().x));
    const places = await namesAt();
    release();
    await expect.poll(async () => (await rowsInView(page))[4]?.name).toContain("npm test");
    const after = await expectInOrder(page);
    expect(after.map(({ row, top }) => ({ row, top }))).toEqual(before.map(({ row, top }) => ({ row, top })));
    expect(await namesAt()).toEqual(places);
    for (const { row, name } of after) expect(name).toContain(`of step ${row}`);
  });

  it("asks for texts a screenful or so at a time, never twice for the same", async () => {
    await using opened = await open(browser, { spans: 50_000, shape: "wide", seed });
    const { page, host } = opened;
    await expect.poll(async () => (await rowsInView(page))[4]?.name).toContain("npm test");
    for (let turn = 0; turn < 6; turn++) {
      await scrollBy(page, 0.1 + turn / 10);
      await expect.poll(async () => (await rowsInView(page))[4]?.name).toContain("npm test");
    }
    const asked = host.asked.get("texts") ?? 0;
    expect(asked).toBeLessThan(20);
    await scrollBy(page, 0.3);
    await drawn(page);
    expect((await rowsInView(page))[4]?.name).toContain("npm test");
  });

  it("expands and collapses all, and single rows, with the selected row in view", async () => {
    await using opened = await open(browser, { spans: 120_000, shape: "deep", seed });
    const { page } = opened;
    await page.getByRole("button", { name: "More Actions" }).click();
    await page.getByRole("menuitem", { name: "Expand All" }).click();
    await expect.poll(() => countShown(page)).toBe(120_000);
    await expectInOrder(page);
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("End");
    await drawn(page);
    expect((await expectInOrder(page)).at(-1)?.rowIndex).toBe(120_001);
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => countShown(page)).toBe(110_002);
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => countShown(page)).toBe(120_000);
    await page.getByRole("button", { name: "More Actions" }).click();
    await page.getByRole("menuitem", { name: "Collapse All" }).click();
    await expect.poll(() => countShown(page)).toBe(1);
    expect(await page.getByRole("row", { selected: true }).count()).toBe(0);
    expect(opened.errors).toEqual([]);
  });

  it("filters, says how many there are, and shows all again", async () => {
    await using opened = await open(browser, { spans: 150_000, shape: "bursty", seed });
    const { page } = opened;
    await page.getByRole("button", { name: "Filter", exact: true }).click();
    const item = page.getByRole("menuitemcheckbox", { name: /^Failed/ });
    const failed = Number(((await item.innerText()).match(/[\d,]+/) ?? ["0"])[0].replaceAll(",", ""));
    expect(failed).toBeGreaterThan(1_000);
    await item.click();
    await expect
      .poll(() => page.locator(".chips-count").innerText())
      .toBe(`${failed.toLocaleString("en-US")} of 150,000`);
    await page.keyboard.press("Escape");
    const rows = await expectInOrder(page);
    const names = await page
      .locator(".grid-scroller .row")
      .evaluateAll((elements) => elements.map(({ className }) => className));
    expect(names.some((name) => name.includes("is-failure"))).toBe(true);
    expect(rows[0]?.rowIndex).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await expect.poll(() => countShown(page)).toBe(150_000);
  });

  it("takes in steps that come without moving what is in view, and follows them at the end", async () => {
    await using opened = await open(browser, { spans: 60_000, shape: "wide", seed }, { live: true });
    const { page, host } = opened;
    await scrollBy(page, 0.4);
    await drawn(page);
    const before = await expectInOrder(page);
    await host.grow(12);
    await expect.poll(() => page.getByRole("button", { name: "12 new" }).count()).toBe(1);
    expect((await rowsInView(page)).map(({ row, top }) => [row, top])).toEqual(
      before.map(({ row, top }) => [row, top]),
    );
    await host.grow(3, 1);
    const firstIndex = (before[0]?.rowIndex ?? 0) + 3;
    await expect.poll(async () => (await rowsInView(page))[0]?.rowIndex).toBe(firstIndex);
    // They hang high above: what is in view has other places in the list, and stays where it is on the screen.
    const after = await rowsInView(page);
    expect(after.map(({ row, top }) => [row, Math.round(top)])).toEqual(
      before.map(({ row, top }) => [row, Math.round(top)]),
    );
    await page.getByRole("button", { name: "15 new" }).click();
    await expect.poll(async () => (await rowsInView(page)).at(-1)?.row).toBe(60_011);
    await host.grow(2);
    await expect.poll(async () => (await rowsInView(page)).at(-1)?.row).toBe(60_016);
    expect((await rowsInView(page)).at(-1)?.name).toContain("new step 60016");
    expect(await page.getByRole("button", { name: /new$/ }).count()).toBe(0);
    expect(opened.errors).toEqual([]);
  });
});

describe("a list that is taller than a browser lets an element be", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  it("is reached as a whole by the scroll bar, and row by row by wheel and keys", async () => {
    // Four device pixels of a CSS pixel: the limit is that of device pixels.
    await using opened = await open(browser, { spans: 400_000, shape: "bursty", seed }, { scale: 4, heightPx: 500 });
    const { page } = opened;
    const scroller = page.locator(".grid-scroller");
    expect(await scroller.evaluate((element) => element.scrollHeight)).toBeLessThan(7_600_000);
    const firstRow = async () => (await expectInOrder(page))[0]!;
    await scrollBy(page, 0.5);
    await drawn(page);
    const middle = await firstRow();
    expect(Math.abs(middle.rowIndex - 200_000)).toBeLessThan(100);
    const box = (await scroller.boundingBox())!;
    await page.mouse.move(box.x + 50, box.y + 50);
    for (let turn = 1; turn <= 5; turn++) {
      await page.mouse.wheel(0, 220);
      await expect
        .poll(async () => {
          const row = await firstRow();
          return (row.rowIndex - middle.rowIndex) * 22 - (row.top - middle.top);
        })
        .toBeCloseTo(220 * turn, 0);
    }
    await page.getByRole("treegrid").focus();
    await page.keyboard.press("End");
    await drawn(page);
    expect((await expectInOrder(page)).at(-1)?.rowIndex).toBe(400_001);
    for (let press = 0; press < 40; press++) await page.keyboard.press("ArrowUp");
    await drawn(page);
    expect(await page.getByRole("row", { selected: true }).getAttribute("aria-rowindex")).toBe("399961");
    expect((await rowsInView(page)).map(({ rowIndex }) => rowIndex)).toContain(399_961);
    await page.keyboard.press("Home");
    await drawn(page);
    expect((await firstRow()).rowIndex).toBe(2);
    expect(opened.errors).toEqual([]);
  });
});

describe("pixels", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** Whether the canvases lie on whole device pixels, and whether the bar of each row is drawn on its row, with sharp edges. */
  function look(page: Page) {
    return page.evaluate(() => {
      const ratio = devicePixelRatio;
      const off: string[] = [];
      // The page counts in 64ths of a px.
      const isWhole = (px: number) => Math.abs(px * ratio - Math.round(px * ratio)) < ratio / 30;
      for (const canvas of document.querySelectorAll<HTMLCanvasElement>(".strip canvas, canvas.waterfall")) {
        const box = canvas.getBoundingClientRect();
        if (![box.left, box.top, box.width, box.height].every(isWhole))
          off.push(`${canvas.className} ${JSON.stringify(box)}`);
        if (Math.round(box.width * ratio) !== canvas.width) off.push(`width ${canvas.width} at ${box.width}`);
        if (Math.round(box.height * ratio) !== canvas.height) off.push(`height ${canvas.height} at ${box.height}`);
      }
      const waterfall = document.querySelector<HTMLCanvasElement>("canvas.waterfall")!;
      const box = waterfall.getBoundingClientRect();
      const scroller = document.querySelector(".grid-scroller")!.getBoundingClientRect();
      const context = waterfall.getContext("2d")!;
      let bars = 0;
      for (const row of document.querySelectorAll(".grid-scroller .row")) {
        const { top } = row.getBoundingClientRect();
        if (top < scroller.top || top + 22 > scroller.bottom) continue;
        const from = Math.round((top - box.top) * ratio);
        const height = Math.round(22 * ratio);
        const { data, width } = context.getImageData(0, from, waterfall.width, height);
        const alpha = (x: number, y: number) => data[4 * (y * width + x) + 3] ?? 0;
        // A column of pixels within the bar, beside its round corners.
        const middle = Math.floor(height / 2);
        let x = 0;
        while (x < width && alpha(x, middle) !== 255) x++;
        let end = x;
        while (end < width && alpha(end, middle) === 255) end++;
        if (end - x < 2) continue;
        x = Math.floor((x + end) / 2);
        bars++;
        const column = Array.from({ length: height }, (_, y) => alpha(x, y));
        const full = column.filter((value) => value === 255).length;
        if (column.some((value) => value > 60 && value < 255)) off.push(`row ${row.id}: ${column.join(" ")}`);
        if (
          full !== Math.round(12 * ratio) &&
          full !== Math.round(6 * ratio) &&
          Math.abs(full - 12 * ratio) > 1 &&
          Math.abs(full - 6 * ratio) > 1
        )
          off.push(`row ${row.id} has a bar of ${full} px`);
        const first = column.indexOf(255);
        if (Math.abs(first - (height - full) / 2) > 1) off.push(`row ${row.id} begins at ${first} of ${height}`);
      }
      return { off, bars, ratio };
    });
  }

  it.each([1, 1.1, 1.25, 1.5, 1.75, 2])("of canvases are those of the screen at %d device pixels", async (scale) => {
    await using opened = await open(browser, { spans: 30_000, shape: "wide", seed }, { scale });
    const { page } = opened;
    for (const part of [0, 0.33, 0.7]) {
      await scrollBy(page, part);
      await drawn(page);
      const { off, bars } = await look(page);
      expect(off).toEqual([]);
      expect(bars).toBeGreaterThan(8);
    }
  });

  it("follow the window to another screen", async () => {
    await using opened = await open(browser, { spans: 30_000, shape: "wide", seed });
    const { page } = opened;
    const session = await page.context().newCDPSession(page);
    for (const deviceScaleFactor of [1.25, 2, 1.5, 1]) {
      await session.send("Emulation.setDeviceMetricsOverride", {
        width: 1000,
        height: 700,
        deviceScaleFactor,
        mobile: false,
      });
      await expect
        .poll(() =>
          page.locator("canvas.waterfall").evaluate((element) => {
            const canvas = element as HTMLCanvasElement;
            return canvas.width / canvas.getBoundingClientRect().width;
          }),
        )
        .toBeCloseTo(deviceScaleFactor, 2);
      await drawn(page);
      const { off, ratio } = await look(page);
      expect({ off, ratio }).toEqual({ off: [], ratio: deviceScaleFactor });
    }
  });
});
