// Records what a program puts out, burst by burst; see src/trace/outputBurst.ts. What was added is in the journal when
// `add` returns, so that whoever shows it afterwards shows nothing that a kill could take back. Memory is that of one burst.

import type { SessionRecorder } from "../recorder/sessionRecorder";
import { objectJson, roundMs } from "../recorder/spanJson";
import { mostBurstBytes, mostBurstMs, type OutputStream, outputAttribute, outputStreams } from "../trace/outputBurst";
import { OutputLoss } from "./outputLoss";
import { OutputTail } from "./outputTail";
import { characterStart, incompleteEnd } from "./utf8Pieces";

export type OutputTarget = Pick<
  SessionRecorder,
  "begin" | "end" | "span" | "text" | "attributes" | "event" | "appendNow" | "nowMs" | "health"
>;

/** So much at once is a burst of its own: a span that one record holds costs least. */
const wholeBurstBytes = 16 * 1024;

/** An `OutputBurst` that grows. */
interface BurstFacts {
  readonly stream: OutputStream;
  bytes: number;
  readonly continues?: true;
  readonly times: number[];
}

interface OpenBurst {
  readonly spanId: string;
  readonly stream: OutputStream;
  readonly startMs: number;
  readonly facts: BurstFacts;
  lastMs: number;
  pieces: number;
}

interface StreamState {
  /** Bytes at the end that may be a part of a character. */
  rest: Buffer;
  isAtLineStart: boolean;
}

export class OutputRecorder {
  readonly #target: OutputTarget;
  readonly #nextId: () => string;
  readonly #spanId: string;
  readonly #startMs: number;
  readonly #states = new Map<OutputStream, StreamState>();
  readonly #tail = new OutputTail();
  readonly #loss: OutputLoss;
  /** One for each piece: a decoder that keeps nothing. */
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #burst: OpenBurst | undefined;
  #timer: NodeJS.Timeout | undefined;
  #bytes = 0;

  /** @param parentSpanId of the command */
  constructor(target: OutputTarget, nextId: () => string, parentSpanId: string) {
    this.#target = target;
    this.#nextId = nextId;
    this.#spanId = nextId();
    this.#startMs = roundMs(target.nowMs());
    const json = objectJson({
      spanId: `"${this.#spanId}"`,
      parentSpanId: `"${parentSpanId}"`,
      name: '"output"',
      kind: '"text"',
      startTime: this.#startMs,
      attributes: `{"${outputAttribute}":true}`,
    });
    target.begin(this.#spanId, json, { kind: "text", name: "output" });
    this.#loss = new OutputLoss(target, this.#spanId);
  }

  /** Of all streams, as they came. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of these, what could not be recorded. */
  get lostBytes(): number {
    return this.#loss.bytes;
  }

  /** The last lines, as a person sees them. */
  get tail(): OutputTail {
    return this.#tail;
  }

  add(stream: OutputStream, bytes: Buffer): void {
    this.#bytes += bytes.length;
    const state = this.#stateOf(stream);
    const all = state.rest.length === 0 ? bytes : Buffer.concat([state.rest, bytes]);
    const end = all.length - incompleteEnd(all);
    // A copy: a few bytes must not keep a whole buffer.
    state.rest = Buffer.from(all.subarray(end));
    if (end > 0) this.#record(stream, state, all.subarray(0, end));
    this.#target.appendNow();
  }

  /** Closes what is open. Nothing may be added afterwards. */
  end(): void {
    for (const stream of outputStreams) {
      const state = this.#states.get(stream);
      if (state === undefined || state.rest.length === 0) continue;
      const { rest } = state;
      state.rest = Buffer.alloc(0);
      this.#record(stream, state, rest);
    }
    this.#close();
    this.#loss.end();
    const endMs = roundMs(this.#target.nowMs());
    const totals = { kind: "text", name: "output", isFailed: false, durationMs: endMs - this.#startMs } as const;
    this.#target.end(this.#spanId, `{"endTime":${endMs},"status":"ok"}`, totals);
  }

  #stateOf(stream: OutputStream): StreamState {
    let state = this.#states.get(stream);
    if (state === undefined) {
      state = { rest: Buffer.alloc(0), isAtLineStart: true };
      this.#states.set(stream, state);
    }
    return state;
  }

  /** @param bytes whole characters, and broken ones */
  #record(stream: OutputStream, state: StreamState, bytes: Buffer): void {
    if (this.#loss.isLost(bytes)) {
      // No burst goes on beyond what is missing.
      this.#close();
      this.#tail.add(this.#decoder.decode(bytes));
      state.isAtLineStart = bytes.at(-1) === lineFeed;
      return;
    }
    if (this.#burst !== undefined && this.#burst.stream !== stream) this.#close();
    for (let at = 0; at < bytes.length; ) {
      const room = mostBurstBytes - (this.#burst?.facts.bytes ?? 0);
      const wanted = Math.min(bytes.length, at + room);
      const to = wanted === bytes.length ? wanted : characterStart(bytes, wanted);
      if (to <= at) {
        this.#close();
        continue;
      }
      this.#piece(stream, state, bytes.subarray(at, to));
      at = to;
    }
  }

  #piece(stream: OutputStream, state: StreamState, bytes: Buffer): void {
    const nowMs = roundMs(this.#target.nowMs());
    const text = this.#decoder.decode(bytes);
    this.#tail.add(text);
    if (bytes.length >= wholeBurstBytes) this.#close();
    const burst = this.#burst;
    const continues = !state.isAtLineStart;
    const lines = countLines(bytes, state);
    if (burst !== undefined) {
      burst.facts.bytes += bytes.length;
      const afterMs = Math.round(nowMs - burst.startMs);
      for (let line = 0; line < lines; line++) burst.facts.times.push(afterMs);
      burst.lastMs = nowMs;
      burst.pieces++;
      this.#target.text(burst.spanId, text);
      if (burst.facts.bytes >= mostBurstBytes) this.#close();
      return;
    }
    const times = new Array<number>(lines).fill(0);
    const facts: BurstFacts = { stream, bytes: bytes.length, ...(continues ? { continues } : {}), times };
    const spanId = this.#nextId();
    const beginning = {
      spanId: `"${spanId}"`,
      parentSpanId: `"${this.#spanId}"`,
      name: `"${stream}"`,
      kind: '"text"',
      startTime: nowMs,
      attributes: attributesJson(facts),
    };
    if (bytes.length >= wholeBurstBytes) {
      const rest = { endTime: nowMs, status: '"ok"', output: JSON.stringify(text) };
      this.#target.span(spanId, objectJson({ ...beginning, ...rest }), totalsOf(stream, 0));
      return;
    }
    this.#target.begin(spanId, objectJson(beginning), { kind: "text", name: stream });
    this.#target.text(spanId, text);
    this.#burst = { spanId, stream, startMs: nowMs, facts, lastMs: nowMs, pieces: 1 };
    this.#timer = setTimeout(() => this.#close(), mostBurstMs);
    this.#timer.unref();
  }

  #close(): void {
    const burst = this.#burst;
    if (burst === undefined) return;
    this.#burst = undefined;
    clearTimeout(this.#timer);
    const { spanId, stream, startMs, lastMs, facts, pieces } = burst;
    if (pieces > 1) this.#target.attributes(spanId, attributesJson(facts));
    this.#target.end(spanId, `{"endTime":${lastMs},"status":"ok"}`, totalsOf(stream, lastMs - startMs));
  }
}

const lineFeed = 0x0a;

/** Lines that begin in these bytes. */
function countLines(bytes: Buffer, state: StreamState): number {
  let lines = state.isAtLineStart ? 1 : 0;
  const last = bytes.length - 1;
  for (let at = bytes.indexOf(lineFeed); at >= 0 && at < last; at = bytes.indexOf(lineFeed, at + 1)) lines++;
  state.isAtLineStart = bytes[last] === lineFeed;
  return lines;
}

function attributesJson(facts: BurstFacts): string {
  return `{"${outputAttribute}":${JSON.stringify(facts)}}`;
}

function totalsOf(name: string, durationMs: number) {
  return { kind: "text", name, isFailed: false, durationMs } as const;
}
