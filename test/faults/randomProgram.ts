// Random programs that record a session: what they call, when their turns end, and where they wait. They record nothing
// in an order that a program could not, and their timers are faked.

import fc from "fast-check";
import { vi } from "vitest";
import { laterTurn } from "./laterTurn";
import type { RecordedSession } from "./recordedSession";
import type { Ending, Quietable } from "./scriptedSession";

export type Action =
  /** So many finished spans at once. */
  | { readonly type: "burst"; readonly count: number }
  | { readonly type: "begin" }
  /** These concern the open span, or the finished one, that this number comes to. */
  | { readonly type: "end" | "text" | "event" | "late" | "link"; readonly which: number }
  | { readonly type: "metadata" | "turn" | "sync" | "flush" }
  /** So many ms pass. */
  | { readonly type: "pass"; readonly ms: number };

const which = fc.nat(20);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("burst" as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 3, arbitrary: fc.constant<Action>({ type: "begin" }) },
  {
    weight: 9,
    arbitrary: fc.record({ type: fc.constantFrom("end", "text", "text", "event", "late", "link"), which }),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ type: "metadata" }) },
  { weight: 6, arbitrary: fc.constant<Action>({ type: "turn" }) },
  { weight: 2, arbitrary: fc.constantFrom<Action>({ type: "sync" }, { type: "flush" }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.constantFrom(60, 1100) }) },
);

export const programs: fc.Arbitrary<Action[]> = fc.array(action, { maxLength: 45, size: "max" });

/** @param eachTurn called when a turn has come to its end */
export async function runProgram(
  session: RecordedSession,
  fs: Quietable,
  actions: readonly Action[],
  ending: Ending,
  eachTurn: () => Promise<void>,
): Promise<void> {
  const open = ["root"];
  const known = ["root"];
  const at = (list: readonly string[], index: number) => list[index % list.length] ?? "root";
  const turn = async () => {
    await session.turn();
    await eachTurn();
  };
  let count = 0;
  session.begin("root", "session", null);
  for (const made of actions) {
    count++;
    switch (made.type) {
      case "burst":
        for (let index = 0; index < made.count; index++) {
          session.span(`s${count}.${index}`, "tool", { input: { index }, output: "out ".repeat(10 * index) });
          known.push(`s${count}.${index}`);
        }
        break;
      case "begin":
        session.begin(`o${count}`, "tool", at(open, count));
        open.push(`o${count}`);
        known.push(`o${count}`);
        break;
      case "end": {
        const spanId = at(open, made.which);
        if (spanId === "root") break;
        session.finishSpan(spanId);
        open.splice(open.indexOf(spanId), 1);
        break;
      }
      case "text":
        session.text(at(open, made.which), `text ${count};`);
        break;
      case "event":
        session.event(at(known, made.which), { name: `event ${count}` });
        break;
      case "link":
        session.link(at(known, made.which), { spanId: "root" });
        break;
      case "late":
        session.attributes(at(known, made.which), { [`k${count % 3}`]: count });
        break;
      case "metadata":
        session.metadata({ title: `Title ${count}` });
        break;
      case "turn":
        await turn();
        break;
      case "sync":
        await session.sync();
        await turn();
        break;
      case "flush":
        await session.flush();
        await turn();
        break;
      case "pass":
        vi.advanceTimersByTime(made.ms);
        await turn();
        await session.until(fs.quiet());
        await turn();
        break;
    }
  }
  await turn();
  if (ending === "crash") session.crash();
  if (ending === "finish") await session.finish();
  await turn();
  await session.until(fs.quiet());
  await laterTurn();
  await eachTurn();
}
