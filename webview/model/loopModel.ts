// The loops of the trace: asked for once its first picture is drawn and again when it has changed, at the pace that the
// reader asks for. What was found stays until the next answer; of another epoch nothing stays.

import { loopsResultSchema, type SentLoop } from "../../src/protocol/loopMessages";
import { type GuardrailLevel, levelNumber } from "../../src/trace/guardrails/guardrail";
import { type HostConnection, StaleReplyError } from "./hostConnection";

/** The page and what it asks for first go before; in a large trace that takes longer, and so does this. */
const firstRestMs = 300;
const firstRestOfManyMs = 1_500;
const manyRows = 20_000;

const none: readonly SentLoop[] = [];

interface Known {
  readonly epoch: number;
  readonly loops: readonly SentLoop[];
  /** By row: what it is part of, loops before the rest. */
  readonly byRow: ReadonlyMap<number, readonly SentLoop[]>;
  /** By row: what guardrails said of it while the session ran. */
  readonly toldOf: ReadonlyMap<number, ToldHere>;
}

export interface ToldHere {
  /** The highest. */
  readonly level: GuardrailLevel;
  readonly findings: readonly { readonly level: GuardrailLevel; readonly message: string }[];
}

export class LoopModel {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  #known: Known | undefined;
  #epoch = -1;
  #arrival = { row: -1, index: -1 };
  #isStale = false;
  #isBusy = false;
  #restMs = firstRestMs;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** In the order in which they began. */
  get loops(): readonly SentLoop[] {
    return this.#known?.epoch === this.#epoch ? this.#known.loops : [];
  }

  /** What the row is part of, loops before the rest. */
  allOf(row: number): readonly SentLoop[] {
    return (this.#known?.epoch === this.#epoch ? this.#known.byRow.get(row) : undefined) ?? none;
  }

  of(row: number): SentLoop | undefined {
    return this.allOf(row)[0];
  }

  toldOf(row: number): ToldHere | undefined {
    return this.#known?.epoch === this.#epoch ? this.#known.toldOf.get(row) : undefined;
  }

  /** The person went to a row as part of this loop: the row may be part of others, too. */
  arriveAt(row: number, index: number): void {
    this.#arrival = { row, index };
  }

  /** Index of the loop that the row stands for; -1 for a row that is part of none. */
  indexOf(row: number): number {
    const arrived = this.#arrival.row === row ? this.loops[this.#arrival.index] : undefined;
    if (arrived?.rows.includes(row) === true) return this.#arrival.index;
    const own = this.of(row);
    return own === undefined ? -1 : this.loops.indexOf(own);
  }

  /** The trace is another one, or has changed. */
  changed(epoch: number, rowCount: number): void {
    if (epoch !== this.#epoch) this.#restMs = rowCount > manyRows ? firstRestOfManyMs : firstRestMs;
    this.#epoch = epoch;
    this.#isStale = true;
    this.#askSoon();
  }

  #askSoon(): void {
    if (this.#isBusy || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, this.#restMs);
  }

  async #ask(): Promise<void> {
    const epoch = this.#epoch;
    this.#isStale = false;
    this.#isBusy = true;
    try {
      const result = await this.#connection.request("loops", { epoch }, loopsResultSchema);
      this.#restMs = result.restMs;
      if (epoch === this.#epoch) this.#take(epoch, result.loops);
    } catch (error) {
      // Rows go without their marks; the next change asks again.
      if (!(error instanceof StaleReplyError)) {
        this.#connection.log("warn", `The loops are not known: ${error instanceof Error ? error.message : error}`);
      }
    }
    this.#isBusy = false;
    if (this.#isStale) this.#askSoon();
  }

  #take(epoch: number, loops: readonly SentLoop[]): void {
    const isNothing = loops.length === 0 && this.loops.length === 0;
    this.#known = { epoch, loops, byRow: loopsByRow(loops), toldOf: toldByRow(loops) };
    if (!isNothing) this.#onChange();
  }
}

function loopsByRow(loops: readonly SentLoop[]): Map<number, SentLoop[]> {
  const byRow = new Map<number, SentLoop[]>();
  for (const isLoop of [true, false]) {
    for (const loop of loops) {
      if (loop.isLoop !== isLoop) continue;
      // What is told may stand on the step around a call.
      const rows = new Set([...loop.rows, ...(loop.told?.at ?? []).map(({ row }) => row)]);
      for (const row of rows) {
        const known = byRow.get(row);
        if (known === undefined) byRow.set(row, [loop]);
        else known.push(loop);
      }
    }
  }
  return byRow;
}

function toldByRow(loops: readonly SentLoop[]): Map<number, ToldHere> {
  const byRow = new Map<number, ToldHere>();
  for (const { told } of loops) {
    for (const { row, level, message } of told?.at ?? []) {
      const known = byRow.get(row);
      const isHigher = known === undefined || levelNumber(level) > levelNumber(known.level);
      const findings = [...(known?.findings ?? []), { level, message }];
      byRow.set(row, { level: isHigher ? level : known.level, findings });
    }
  }
  return byRow;
}
