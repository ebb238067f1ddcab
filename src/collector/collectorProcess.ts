// A collector in a process of its own, which ends with whoever started it: what is written to it on its standard input says
// what to do, and the end of that input says that nobody is there any more.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import * as z from "zod/mini";
import { remoteEngineSchema } from "../session/batch/remoteEngineSchema";
import { tasksSchema } from "../session/batch/tasks";
import type { CollectorEnd } from "./presence";
import type { OwnCollector } from "./sharedCollector";

/** The first line that the process is sent. */
export const collectorOrderSchema = z.object({
  port: z.int().check(z.minimum(0), z.maximum(65_535)),
  directory: z.string(),
  /** Path of the `CollectorFile` that it leaves. */
  file: z.string(),
  /** What batches can run. */
  batches: z.object({
    /** Where tasks are at home and playbooks are looked for; absolute. */
    folder: z.string(),
    tasks: tasksSchema,
    stop: z.object({ terminateAfterMs: z.number(), killAfterMs: z.number() }),
    /** The installation of trigger.dev that runs them; this machine where it is left out. */
    engine: z.optional(remoteEngineSchema),
  }),
});
export type CollectorOrder = z.infer<typeof collectorOrderSchema>;

/** The line that asks for its end. */
export const stopLine = "stop";

/** What the process says, one JSON object a line. */
export const collectorNewsSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("listening"), port: z.int() }),
  z.object({ type: z.literal("taken") }),
  /** The next one is its last word. */
  z.object({ type: z.literal("failed"), message: z.string() }),
  z.object({ type: z.literal("problem"), message: z.string() }),
  z.object({ type: z.literal("ended"), end: z.enum(["stopped", "left"]) }),
]);
export type CollectorNews = z.infer<typeof collectorNewsSchema>;

/** After so long a process that was asked to end is killed; what it acknowledged is in the journals. */
const mostEndMs = 10_000;

/**
 * @param program path of `dist/collector.js`
 * @returns undefined where the port is taken; rejects where it can't be started
 */
export async function launchCollector(
  program: string,
  order: CollectorOrder,
  onProblem: (message: string) => void,
): Promise<OwnCollector | undefined> {
  const child = spawn(process.execPath, [program], {
    // The editor's own Node: nothing need be installed for it.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  let end: CollectorEnd = "lost";
  let failure = "";
  const closed = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  child.stdin.on("error", () => undefined);
  child.stderr.on("data", (data: Buffer) => {
    if (failure.length < 4_000) failure += data.toString();
  });
  const started = new Promise<number | undefined>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (text) => {
      const news = parseNews(text);
      if (news?.type === "listening") resolve(news.port);
      else if (news?.type === "taken") resolve(undefined);
      else if (news?.type === "failed") failure = news.message;
      else if (news?.type === "problem") onProblem(news.message);
      else if (news?.type === "ended") end = news.end;
    });
    closed.then(() => reject(new Error(failure.trim() || "The collector ended before it listened")), reject);
  });
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const port = await started;
  if (port === undefined) {
    child.stdin.end();
    return undefined;
  }
  const endWith = (line: string) => {
    if (child.stdin.writableEnded) return;
    child.stdin.end(line);
    const timer = setTimeout(() => child.kill("SIGKILL"), mostEndMs);
    timer.unref();
    void closed.finally(() => clearTimeout(timer)).catch(() => undefined);
  };
  return {
    port,
    ended: closed.then(
      () => end,
      () => "lost",
    ),
    stop: () => endWith(`${stopLine}\n`),
    leave: () => endWith(""),
  };
}

function parseNews(text: string): CollectorNews | undefined {
  try {
    return collectorNewsSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
