// The session that the fault tests play again and again: every kind of record, bursts and single calls over many turns,
// snapshots by themselves and on request, and an end. Its timers are faked, so that each run makes the same calls in the
// same order until something strikes.

import { vi } from "vitest";
import { laterTurn } from "./laterTurn";
import type { RecordedSession } from "./recordedSession";

const tokens = { input: 3, output: 2, reasoning: 0, cacheRead: 0, cacheWrite: 0 };

export type Ending = "finish" | "crash" | "kill";

export const fakedTimers = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "Date",
  "performance",
] as const;

/** What the script needs to know of the files: when nothing is on its way any more. */
export interface Quietable {
  quiet(): Promise<void>;
}

/** @param eachTurn called when a turn has come to its end and its records are acknowledged, if ever */
export async function playSession(
  session: RecordedSession,
  fs: Quietable,
  ending: Ending,
  eachTurn: () => void | Promise<void> = () => undefined,
): Promise<void> {
  const turn = async () => {
    await session.turn();
    await eachTurn();
  };
  const pass = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    await session.until(fs.quiet());
    await turn();
  };
  session.begin("root", "session", null);
  session.span("asked", "user-message", { input: "Fix the tax total" });
  await turn();
  session.begin("g1", "generation");
  session.text("g1", "I look ");
  session.begin("a", "tool", "g1", { input: { command: "npm test -- tax" } });
  await turn();
  session.finishSpan("a", "tool", { status: "error", statusMessage: "exit 1", output: "1 failed" });
  session.text("g1", "at ä € 🙂.");
  await turn();
  // It goes quiet: a snapshot.
  await pass(60);
  session.attributes("a", { late: true, "k.1": 1 });
  session.event("a", { name: "retry", attributes: { attempt: 2 } });
  session.finishSpan("g1", "generation", { tokens, cost: 0.5 });
  await turn();
  session.metadata({ title: "Second title", model: "m1" });
  for (let index = 0; index < 4; index++) {
    session.span(`b${index}`, "tool", { output: "out ".repeat(20) });
    await turn();
  }
  await session.flush();
  await turn();
  for (let index = 0; index < 20; index++) session.span(`c${index}`, "tool", { input: { path: `src/${index}.ts` } });
  await turn();
  session.begin("g2", "generation");
  session.begin("d", "tool", "g2");
  session.link("d", { spanId: "c1", attributes: { why: "same file" } });
  session.text("d", "line 1\n");
  session.event("d", { name: "line" });
  await turn();
  session.text("d", "line 2\n");
  session.attributes("b1", { "k.1": null, seen: [1, 2] });
  session.set("b1", { statusMessage: "looked at again" });
  // The journal is synced by itself once a second, and an append that failed is tried again.
  await pass(1100);
  session.text("d", "line 3\n");
  session.finishSpan("d", "tool", { attributes: { lines: 3 } });
  session.metadata({ title: null, tags: ["x"] });
  await session.sync();
  await turn();
  session.finishSpan("g2", "generation");
  session.begin("open", "span", "g2");
  session.event("root", { name: "note" });
  await turn();
  if (ending === "kill") return;
  session.span("last", "tool");
  if (ending === "finish") await session.finish();
  else session.crash();
  await turn();
  if (ending === "crash") {
    session.span("late", "tool");
    await turn();
    await session.finish();
  }
  await session.until(fs.quiet());
  await laterTurn();
}
