// How long the extension host is busy at a stretch while a trace of 500,000 spans is opened, shown and updated: the
// built reader worker, the host's own code, and a page that takes messages as the workbench does, by copying them.
import { stat, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { silentLogger } from "../../src/base/logger";
import { PanelConnection } from "../../src/host/panel/panelConnection";
import { TraceModel } from "../../src/host/panel/traceModel";
import { ReaderClient } from "../../src/reader/readerClient";
import { workerPort } from "../../src/reader/workerPort";
import { type Figure, reportBench } from "../support/bench";
import { buildReader } from "../support/builtReader";
import { makeTempDir } from "../support/tempDir";
import { writeTrace } from "../support/traceGenerator";

const sizes = [100_000, 500_000];
/** Nothing is to block the host for longer. */
const reachMs = 20;

async function measure(spans: number): Promise<Figure[]> {
  await using folder = await makeTempDir();
  const key = folder.join("s.json");
  await writeTrace(key, { spans, shape: "wide", seed: 1 });
  const reader = new ReaderClient({
    connect: () => workerPort(built.program),
    borders: () => undefined,
    logger: silentLogger,
  });
  const model = new TraceModel(key, reader, { watchSession: () => ({ dispose() {} }) });
  const page = new CopyingPage();
  const connection = new PanelConnection({
    model,
    panel: page as unknown as PanelConnection["panel"],
    logger: silentLogger,
    texts: {},
    headerTexts: { timeZone: "UTC", statusLabel: (_, fallback) => fallback },
    onIntent() {},
  });
  const name = `${spans.toLocaleString("en")} spans, ${((await stat(key)).size / 1e6).toFixed(0)} MB`;
  const idleMs = await blockedMs(() => delay(1_000));
  const startMs = performance.now();
  const openMs = await blockedMs(async () => {
    const shown = page.until((message) => message["type"] === "columns" && message["last"] === true);
    page.say({ type: "ready" });
    await model.reload();
    await shown;
  });
  const tookMs = performance.now() - startMs;
  const askMs = await blockedMs(async () => {
    for (let id = 1; id <= 200; id++) {
      const row = Math.floor((id * spans) / 201);
      const answered = page.until((message) => message["type"] === "reply" && message["id"] === id);
      page.say({ method: "details", id, params: { epoch: model.facts?.epoch, row } });
      await answered;
    }
  });
  await writeTrace(key, { spans: spans + 1_000, shape: "wide", seed: 1 });
  const updateMs = await blockedMs(async () => {
    const updated = page.until((message) => message["type"] === "delta" || message["type"] === "columns");
    await model.reload();
    await updated;
  });
  connection.dispose();
  model.dispose();
  reader.dispose();
  await writeFile(key, "");
  return [
    { what: `open and show ${name}, in all`, unit: "ms", value: tookMs },
    { what: "  longest turn of the host", unit: "ms", value: openMs, reach: reachMs },
    { what: "  while 200 steps were looked at", unit: "ms", value: askMs, reach: reachMs },
    { what: "  while 1,000 spans came by a new file", unit: "ms", value: updateMs, reach: reachMs },
    { what: "  while nothing happened", unit: "ms", value: idleMs },
  ];
}

/**
 * The longest turn of the event loop, in CPU time of this thread: what others do on the machine does not count, nor what
 * the reader does. Looks at every turn, so that the loop never sleeps.
 */
async function blockedMs(action: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.();
  let longest = 0;
  let before = threadCpuMs();
  let isOver = false;
  const look = (): void => {
    const now = threadCpuMs();
    longest = Math.max(longest, now - before);
    before = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await action();
  await delay(20);
  isOver = true;
  return longest;
}

/** Since Node 23.9. */
function threadCpuMs(): number {
  const { threadCpuUsage } = process as unknown as { threadCpuUsage(): { user: number; system: number } };
  const { user, system } = threadCpuUsage.call(process);
  return (user + system) / 1_000;
}

type Message = Readonly<Record<string, unknown>>;

/** A page at the other end of the workbench's connection, which puts arrays aside, writes the rest as JSON and copies all. */
class CopyingPage {
  readonly visible = true;
  readonly webview = {
    postMessage: (message: Message) => this.#take(message),
    onDidReceiveMessage: (listener: (message: unknown) => void) => {
      this.say = listener;
      return { dispose() {} };
    },
  };
  say: (message: unknown) => void = () => {};
  #awaited: { readonly is: (message: Message) => boolean; readonly resolve: () => void } | undefined;
  bytes = 0;

  onDidChangeViewState() {
    return { dispose() {} };
  }

  until(is: (message: Message) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { is, resolve };
    });
  }

  async #take(message: Message): Promise<boolean> {
    const buffers: Uint8Array[] = [];
    const json = JSON.stringify(message, (_name, value: unknown) => {
      if (!ArrayBuffer.isView(value)) return value;
      buffers.push(new Uint8Array(value.buffer.slice(0)));
      return { $ref: buffers.length - 1, length: value.byteLength };
    });
    this.bytes += Buffer.concat([Buffer.from(json), ...buffers]).length;
    await delay(1);
    if (this.#awaited?.is(message)) this.#awaited.resolve();
    return true;
  }
}

await using built = await buildReader();
// The reader keeps no process alive.
const alive = setInterval(() => {}, 1_000_000);
const figures: Figure[] = [];
for (const spans of sizes) figures.push(...(await measure(spans)));
await reportBench("host", figures);
clearInterval(alive);
