// The collector as a process that a window of VS Code starts. It ends when it is asked to, or when nobody holds the other
// end of its standard input any more; all of its sessions are ended then.

import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describeError } from "../base/logger";
import { listOrMake } from "../recorder/listOrMake";
import { nodeFs, runAsync } from "../recorder/recorderFs";
import { openBatches } from "../session/batch/openBatches";
import { batchEngines } from "../session/batch/remoteEngine";
import { startBatchCollector } from "./batchCollector";
import type { Collector } from "./collector";
import { type CollectorNews, type CollectorOrder, collectorOrderSchema, stopLine } from "./collectorProcess";
import { keptSecret } from "./keptSecret";
import { PresenceHandler } from "./presence";
import { type CollectorFile, collectorFileSchema } from "./sharedCollector";

function tell(news: CollectorNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

async function collect(order: CollectorOrder, whenAsked: Promise<"stopped" | "left">): Promise<void> {
  let stop: () => void = () => undefined;
  const stopped = new Promise<"stopped">((resolve) => {
    stop = () => resolve("stopped");
  });
  const token = randomBytes(24).toString("hex");
  const presence = new PresenceHandler({ pid: process.pid, directory: order.directory }, token, stop);
  await runAsync(nodeFs, listOrMake(order.directory));
  const { directory, port } = order;
  const onProblem = (message: string) => tell({ type: "problem", message });
  const { folder, tasks, stop: pauses, engine } = order.batches;
  const program = join(__dirname, "session.js");
  const collector = await startBatchCollector({
    directory,
    port,
    secret: await keptSecret(join(dirname(order.file), "collector.secret")),
    handlers: [presence.handle],
    batches: openBatches({
      ...batchEngines(engine, process.env),
      directory,
      folder,
      tasks,
      program,
      settings: { stop: pauses },
      onProblem,
    }),
    onProblem: ({ message }) => onProblem(message),
  });
  if (collector.isOtherPort) {
    await collector.close();
    return tell({ type: "taken" });
  }
  const { key } = collector.batchEndpoint;
  const forget = await leaveFile(order.file, { port: collector.port, pid: process.pid, token, batchKey: key });
  hearSignals(collector);
  tell({ type: "listening", port: collector.port });
  await collector.takeUpBatches();
  const end = await Promise.race([whenAsked, stopped]);
  forget();
  presence.ended(end);
  await collector.close();
  tell({ type: "ended", end });
}

/** @returns removes it, where it is still this collector's */
async function leaveFile(path: string, file: CollectorFile): Promise<() => void> {
  const temp = `${path}.${process.pid}.tmp`;
  await writeFile(temp, JSON.stringify(file), { mode: 0o600 });
  await rename(temp, path);
  return () => {
    try {
      if (collectorFileSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data?.token === file.token)
        rmSync(path);
    } catch {
      // It is gone, or nobody's any more; whoever reads it finds that out.
    }
  };
}

/** Ctrl+C reaches the whole group of a terminal in which the window was started; the window decides what ends. */
function hearSignals(collector: Collector): void {
  process.on("SIGINT", () => undefined);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      collector.crash(`ended by ${signal}`, signal);
      process.exit(128 + (signal === "SIGHUP" ? 1 : 15));
    });
  }
}

async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  let order: ((text: string) => void) | undefined;
  let ask: (end: "stopped" | "left") => void = () => undefined;
  const first = new Promise<string>((resolve, reject) => {
    order = resolve;
    lines.once("close", () => reject(new Error("No order came")));
  });
  const asked = new Promise<"stopped" | "left">((resolve) => {
    ask = resolve;
  });
  lines.on("line", (line) => {
    order?.(line);
    order = undefined;
    if (line === stopLine) ask("stopped");
  });
  lines.once("close", () => ask("left"));
  try {
    await collect(collectorOrderSchema.parse(JSON.parse(await first)), asked);
  } catch (error) {
    tell({ type: "failed", message: describeError(error) });
    process.exitCode = 1;
  }
  lines.close();
  process.stdin.destroy();
}

void main();
