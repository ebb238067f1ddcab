// The parts of a text that are here, and those that are on their way: the beginning comes with the details, the rest when
// the person asks for it. What is on the screen stays until something newer replaces it.

import { type PayloadField, textPartSchema } from "../../src/protocol/payloadMessages";
import { type TextPart, utf8Length } from "../../src/trace/textPart";
import { type HostConnection, StaleReplyError } from "./hostConnection";

export interface TextAddress {
  readonly epoch: number;
  readonly row: number;
  readonly field: PayloadField;
  readonly path?: number[] | undefined;
}

/** UTF-16 units: what is asked for first, and the most that is asked for at once. */
const secondPart = 262_144;
const largestPart = 1_048_576;
/** UTF-16 units that a page holds; an editor shows more. */
export const mostShownLength = 33_554_432;

export class TextLoader {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  readonly #onReplaced: () => void;
  readonly #partBytes: number[] = [];
  #address: TextAddress | undefined;
  #first: TextPart | undefined;
  #parts: readonly TextPart[] = [];
  #serial = 0;
  #isLoading = false;
  #isLoadingAll = false;
  #hasFailed = false;

  /** @param onReplaced told when the text is another one than its beginning says, which has to be asked for anew */
  constructor(connection: HostConnection, onChange: () => void, onReplaced: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
    this.#onReplaced = onReplaced;
  }

  /** Those that are here, in order and without a gap. */
  get parts(): readonly TextPart[] {
    return this.#parts;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Parts follow each other until all are here, or somebody stops. */
  get isLoadingAll(): boolean {
    return this.#isLoadingAll;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get length(): number {
    const last = this.#parts.at(-1);
    return last === undefined ? 0 : last.from + last.text.length;
  }

  get totalLength(): number {
    return this.#parts[0]?.totalLength ?? 0;
  }

  get totalBytes(): number {
    return this.#parts[0]?.totalBytes ?? 0;
  }

  /** Bytes of what is here, as UTF-8. */
  get bytes(): number {
    for (let index = this.#partBytes.length; index < this.#parts.length; index++) {
      this.#partBytes.push(utf8Length(this.#parts[index]?.text ?? ""));
    }
    return this.#partBytes.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** The beginning of the text as it is now. Where it is another text than before, as much of it is fetched as was here. */
  begin(address: TextAddress, first: TextPart): void {
    if (first === this.#first) return;
    const before = this.#address;
    const isSame = before !== undefined && isSameText(before, address);
    const wanted = isSame ? this.length : 0;
    this.#address = address;
    this.#first = first;
    this.#serial++;
    this.#isLoading = false;
    this.#isLoadingAll = false;
    this.#hasFailed = false;
    if (wanted > first.text.length && first.text.length < first.totalLength) void this.#fetch([first], wanted, false);
    else this.#setParts([first]);
  }

  /** The next part. */
  async more(): Promise<void> {
    const next = Math.min(largestPart, Math.max(secondPart, this.length));
    await this.#fetch([...this.#parts], this.length + next, true);
  }

  /** All that is left, or as much as a page holds. */
  async all(): Promise<void> {
    this.#isLoadingAll = true;
    await this.#fetch([...this.#parts], mostShownLength, true);
  }

  stop(): void {
    this.#serial++;
    this.#isLoading = false;
    this.#isLoadingAll = false;
    this.#onChange();
  }

  #setParts(parts: readonly TextPart[]): void {
    let same = 0;
    while (same < parts.length && parts[same] === this.#parts[same]) same++;
    this.#partBytes.length = Math.min(this.#partBytes.length, same);
    this.#parts = parts;
  }

  /** @param shows each part as it comes; otherwise what is on the screen stays until all are here */
  async #fetch(parts: readonly TextPart[], wanted: number, shows: boolean): Promise<void> {
    const address = this.#address;
    if (address === undefined) return;
    const serial = ++this.#serial;
    this.#isLoading = true;
    this.#hasFailed = false;
    this.#onChange();
    let got = [...parts];
    let length = lengthOf(got);
    const total = got[0]?.totalLength ?? 0;
    try {
      while (length < Math.min(wanted, total)) {
        const params = { ...address, from: length, length: Math.min(largestPart, wanted - length) };
        const part = await this.#connection.request("payload", params, textPartSchema);
        if (serial !== this.#serial) return;
        if (part.from !== length || part.text === "" || part.totalLength !== total) {
          this.#onReplaced();
          break;
        }
        got = [...got, part];
        length += part.text.length;
        if (shows) this.#setParts(got);
        this.#onChange();
      }
    } catch (error) {
      if (serial !== this.#serial) return;
      this.#hasFailed = !(error instanceof StaleReplyError);
    }
    this.#setParts(got);
    this.#isLoading = false;
    this.#isLoadingAll = false;
    this.#onChange();
  }
}

function lengthOf(parts: readonly TextPart[]): number {
  const last = parts.at(-1);
  return last === undefined ? 0 : last.from + last.text.length;
}

function isSameText(a: TextAddress, b: TextAddress): boolean {
  return a.epoch === b.epoch && a.row === b.row && a.field === b.field && String(a.path ?? []) === String(b.path ?? []);
}
