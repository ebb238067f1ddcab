// A reader whose end of the line the test holds: it says what was sent, answers what the test answers, and is lost when
// the test says so.
import { silentLogger } from "../../src/base/logger";
import { ReaderClient, type ReaderClientOptions } from "../../src/reader/readerClient";
import type { ReaderListener, ReaderPort } from "../../src/reader/readerPort";
import type { CallName, FromReader, PictureFacts, ToReader } from "../../src/reader/readerProtocol";

export class ScriptedReader implements ReaderPort {
  readonly sent: ToReader[] = [];
  isClosed = false;
  #listener: ReaderListener | undefined;

  post(message: ToReader): void {
    this.sent.push(structuredClone(message));
  }

  listen(listener: ReaderListener): void {
    this.#listener = listener;
  }

  close(): void {
    this.isClosed = true;
  }

  say(message: FromReader): void {
    this.#listener?.onMessage(message);
  }

  lose(reason = "it fell over"): void {
    this.#listener?.onLost(reason);
  }

  beSilent(isSilent: boolean): void {
    this.#listener?.onSilence?.(isSilent);
  }

  /** What was sent, in short, but for the borders. */
  get log(): string[] {
    return this.fullLog.filter((line) => !line.startsWith("borders"));
  }

  get fullLog(): string[] {
    return this.sent.map((message) => {
      switch (message.type) {
        case "open":
          return `open ${message.key} from epoch ${message.firstEpoch}`;
        case "call":
          return `call ${message.name} of ${message.trace}`;
        case "borders":
          return `borders ${message.folders?.join(" ") ?? "none"}`;
        case "cancel":
        case "ping":
          return message.type;
        default:
          return `${message.type} ${message.trace}`;
      }
    });
  }

  /** Answers the newest call of that name. */
  answer(name: CallName, result: unknown): void {
    this.say({ type: "result", id: this.callOf(name), result });
  }

  fail(name: CallName, kind: "stale" | "aborted" | "other", message: string): void {
    this.say({ type: "failed", id: this.callOf(name), kind, message });
  }

  callOf(name: CallName): number {
    const call = this.sent.findLast((message) => message.type === "call" && message.name === name);
    if (call?.type !== "call") throw new Error(`${name} was not called.`);
    return call.id;
  }

  /** Number of the trace that was opened last under this key. */
  traceOf(key: string): number {
    const open = this.sent.findLast((message) => message.type === "open" && message.key === key);
    if (open?.type !== "open") throw new Error(`${key} was not opened.`);
    return open.trace;
  }
}

/** A client and the readers that it has started so far. */
export function scriptedClient(options: Partial<ReaderClientOptions> = {}) {
  const readers: ScriptedReader[] = [];
  const client = new ReaderClient({
    connect: () => {
      const reader = new ScriptedReader();
      readers.push(reader);
      return reader;
    },
    borders: () => undefined,
    logger: silentLogger,
    ...options,
  });
  return {
    client,
    readers,
    /** The newest one. */
    get reader(): ScriptedReader {
      const reader = readers.at(-1);
      if (reader === undefined) throw new Error("No reader was started.");
      return reader;
    },
  };
}

/** Facts of which only the numbers matter. */
export function factsOf(epoch: number, revision = 1): PictureFacts {
  return {
    serial: revision,
    epoch,
    revision,
    rowCount: 0,
    header: {},
    state: {},
    evidence: {},
  } as unknown as PictureFacts;
}

/** The turns that settled promises take. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
