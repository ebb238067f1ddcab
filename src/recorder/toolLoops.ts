// Finds tools that are called again and again with the same input: three or more times within ten calls. Inputs are
// compared as JSON, and only a loop's input is hashed, because every tool call passes through here.

import { createHash } from "node:crypto";

const windowCalls = 10;
const repeatsOfLoop = 3;
/** More loops than anybody reads; the number of them is all that grows with a session. */
const mostLoops = 100;
/** Longer inputs are remembered by their hash, so that ten of them need no memory. */
const longInput = 16_384;

export interface ToolLoop {
  readonly tool: string;
  readonly inputHash: string;
  /** The most calls with this input that were ever seen within ten. */
  readonly count: number;
}

type Loop = { -readonly [K in keyof ToolLoop]: ToolLoop[K] };

interface Call {
  readonly tool: string;
  readonly input: string;
  loop: Loop | undefined;
}

export class ToolLoops {
  readonly #calls: Call[] = [];
  readonly #loops: Loop[] = [];
  #next = 0;

  /** Goes on from the loops that a trace names already. */
  restore(loops: readonly ToolLoop[]): void {
    for (const loop of loops) if (this.#loops.length < mostLoops) this.#loops.push({ ...loop });
  }

  /** @param input JSON of the call's input; "" where it has none */
  add(tool: string, input: string): void {
    const call: Call = { tool, input: input.length > longInput ? hashOf(input) : input, loop: undefined };
    let count = 1;
    const calls = this.#calls;
    if (calls.length === windowCalls) calls[this.#next] = call;
    else calls.push(call);
    this.#next = (this.#next + 1) % windowCalls;
    for (const other of calls) {
      if (other === call || other.input.length !== call.input.length) continue;
      if (other.tool !== tool || other.input !== call.input) continue;
      count++;
      call.loop ??= other.loop;
    }
    if (count < repeatsOfLoop) return;
    call.loop ??= this.#loopOf(call);
    if (call.loop && count > call.loop.count) call.loop.count = count;
  }

  get loops(): readonly ToolLoop[] {
    return this.#loops;
  }

  #loopOf({ tool, input }: Call): Loop | undefined {
    const inputHash = hashOf(`${tool}\0${input}`).slice(0, 8);
    const known = this.#loops.find((loop) => loop.tool === tool && loop.inputHash === inputHash);
    if (known || this.#loops.length >= mostLoops) return known;
    const loop = { tool, inputHash, count: 0 };
    this.#loops.push(loop);
    return loop;
  }
}

/** As `summary.loops` holds them; undefined where there are none. */
export function describeLoops(loops: readonly ToolLoop[]) {
  if (loops.length === 0) return undefined;
  return loops.map(({ tool, inputHash, count }) => ({
    tool,
    inputHash,
    count,
    description: `${tool} had the same input ${count} times within ${windowCalls} tool calls`,
  }));
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
