// Opens traces in the built panel, up to the frame that answers a click, against readFile and JSON.parse of the same file and against speedscope with the same spans.
//
// The reader is a real worker, the host's own code relays, the page is real Chromium; messages travel as bytes over
// loopback. Reader and page are warm: the page has said that it is there, and the reader has opened the trace before.
// `npm run bench -- open [spans...]`; speedscope opens up to 500,000 spans.

import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "../../esbuild.mjs";
import { repositoryRoot } from "../../scripts/lib/paths.mjs";
import { PanelConnection } from "../../src/host/panel/panelConnection";
import { TraceModel } from "../../src/host/panel/traceModel";
import { webviewTexts } from "../../src/protocol/webviewTexts";
import { ReaderClient } from "../../src/reader/readerClient";
import { workerPort } from "../../src/reader/workerPort";
import { type Figure, median, reportBench, wallMs } from "../support/bench";
import { launchChromium } from "../support/chromium";
import { openPanelLink } from "../support/panelLink";
import { makeTempDir } from "../support/tempDir";
import { startOf, type TraceShape, traceShapes, writeTrace } from "../support/traceGenerator";

const seed = 20_261_121;
const rounds = 3;
const asked = process.argv.slice(2).map(Number);
const sizes = asked.length === 0 ? [10_000, 100_000, 500_000] : asked;
const silent = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error };

await build({ names: ["webview", "reader", "partScanner"], production: true, quiet: true, budgets: false });
await using folder = await makeTempDir();
const browser = await launchChromium();
const reader = new ReaderClient({
  connect: () => workerPort(join(repositoryRoot, "dist/reader.js")),
  borders: () => undefined,
  logger: silent,
});
const figures: Figure[] = [];
await warmUp();
for (const spans of sizes) {
  for (const shape of traceShapes) await measure(spans, shape);
  figures.push(await speedscopeFigure(browser, spans));
}
reader.dispose();
await browser.close();
await reportBench("open", figures);

/** The reader and its scanners have read every shape of trace before one is measured. */
async function warmUp(): Promise<void> {
  for (const shape of traceShapes) {
    const path = folder.join("warm.json");
    await writeTrace(path, { spans: 50_000, shape, seed });
    for (let round = 0; round < 2; round++) await open(path);
  }
}

async function measure(spans: number, shape: TraceShape): Promise<void> {
  const path = folder.join(`${shape}-${spans}.json`);
  await writeTrace(path, { spans, shape, seed });
  const values = { first: [] as number[], click: [] as number[], parse: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    const opened = await open(path);
    const parseMs = await wallMs(async () => void JSON.parse(await readFile(path, "utf8")));
    if (round === 0) continue;
    values.first.push(opened.firstMs);
    values.click.push(opened.clickMs);
    values.parse.push(parseMs);
  }
  const what = `${spans.toLocaleString("en")} spans, ${shape}, ${((await stat(path)).size / 1e6).toFixed(0)} MB`;
  const reach = spans >= 500_000 ? 0.6 : spans >= 100_000 ? 1 : undefined;
  const reference = median(values.parse);
  figures.push(
    { what: `${what}: first rows`, unit: "ms", value: median(values.first), reference },
    {
      what: `${what}: a click is answered`,
      unit: "ms",
      value: median(values.click),
      reference,
      ...(reach === undefined ? {} : { reach }),
    },
  );
}

async function open(path: string): Promise<{ firstMs: number; clickMs: number }> {
  await using link = await openPanelLink(browser, { widthPx: 1400, heightPx: 900 });
  await new Promise<void>((resolve) => link.webview.onDidReceiveMessage(() => resolve()));
  const answered = watchPage(link.page);
  globalThis.gc?.();
  const beganMs = performance.now();
  const model = new TraceModel(path, reader, { watchSession: () => ({ dispose() {} }) });
  const panel = { webview: link.webview, visible: true, onDidChangeViewState: () => ({ dispose() {} }) };
  const connection = new PanelConnection({
    model,
    panel: panel as unknown as PanelConnection["panel"],
    logger: silent,
    texts: webviewTexts,
    headerTexts: { timeZone: "UTC", statusLabel: (_, fallback) => fallback },
    onIntent() {},
  });
  void model.reload();
  const times = await answered;
  // The page's clock is another one; both began to count when the watch was asked for and nothing was under way.
  const offsetMs = performance.now() - times.nowMs - beganMs;
  connection.dispose();
  model.dispose();
  return { firstMs: times.firstMs + offsetMs, clickMs: times.clickMs + offsetMs };
}

/** Clicks the second row as soon as there is one; times are the page's, of the frames that show rows and the selection. */
function watchPage(page: Page): Promise<{ firstMs: number; clickMs: number; nowMs: number }> {
  return page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const seen = async (selector: string): Promise<Element> => {
      for (;;) {
        const found = document.querySelector(selector);
        if (found !== null) return found;
        await new Promise((resolve) => requestAnimationFrame(resolve));
      }
    };
    await seen(".grid .row:nth-child(2)");
    await frame();
    const firstMs = performance.now();
    const rows = [...document.querySelectorAll<HTMLElement>(".grid .row")];
    // In the middle of what is shown: a row at the edge would be scrolled into view.
    const middlePx = innerHeight / 2;
    const row = rows.find(
      (candidate) =>
        candidate.getAttribute("aria-selected") !== "true" && candidate.getBoundingClientRect().top > middlePx,
    );
    // Elements are used again for other rows and the list may scroll meanwhile, so the selected row is known by its number.
    const selected = () => document.querySelector(".grid .row[aria-selected='true']")?.getAttribute("aria-rowindex");
    const before = selected();
    row?.click();
    while (selected() === before) await new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    return { firstMs, clickMs: performance.now(), nowMs: performance.now() };
  });
}

async function speedscopeFigure(browser: Browser, spans: number): Promise<Figure> {
  const path = folder.join(`chrome-${spans}.json`);
  await writeChromeTrace(path, spans);
  const server = createServer((request, response) => {
    const url = request.url ?? "/";
    const file =
      url === "/trace.json"
        ? path
        : join(repositoryRoot, "node_modules/speedscope/dist/release", url.replaceAll("..", ""));
    const types: Record<string, string> = {
      ".js": "text/javascript",
      ".css": "text/css",
      ".html": "text/html",
      ".json": "application/json",
    };
    response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
    createReadStream(file)
      .on("error", () => response.writeHead(404).end())
      .pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    // It reads the address when it starts, so its own start counts; that is a tenth of a second.
    await page.goto(`${base}/index.html#profileURL=${encodeURIComponent(`${base}/trace.json`)}`);
    times.push(
      await page.evaluate(async () => {
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        while (document.title === "speedscope" || document.querySelector("canvas") === null) await frame();
        await frame();
        await frame();
        return performance.now();
      }),
    );
    await page.close();
  }
  server.closeAllConnections();
  server.close();
  return { what: `${spans.toLocaleString("en")} spans in speedscope`, unit: "ms", value: median(times) };
}

/** The spans of the wide shape as complete events of the Trace Event Format, one thread for each step of a turn. */
async function writeChromeTrace(path: string, spans: number): Promise<void> {
  const stream = createWriteStream(path);
  stream.write("[");
  const trace = { spans, shape: "wide", seed } as const;
  for (let index = 0; index < spans; index++) {
    const us = Math.round(startOf(index, trace) * 1000);
    const event = {
      name: index % 11 === 1 ? "generation" : "bash",
      ph: "X",
      pid: 1,
      tid: index % 11,
      ts: us,
      dur: 5_000,
    };
    if (!stream.write(`${index === 0 ? "" : ","}${JSON.stringify(event)}`)) await once(stream, "drain");
  }
  stream.end("]");
  await once(stream, "finish");
}
