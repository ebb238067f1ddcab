// What a reader of damaged JSON has built so far: the open containers from the root inwards, without recursion, and the
// list of spans among them. A container joins its parent when it is complete; `keepPartial` says which join before.

export type Fields = Record<string, unknown>;
export type Container = unknown[] | Fields;

/** A value that has joined its container, so that it can be taken back when the next bytes show it was misread. */
export interface Attached {
  readonly container: Container;
  readonly key: string | number;
  readonly value: unknown;
  readonly endBytes: number;
}

export type PartialSpan = "none" | "kept" | "lost";

export class JsonStack {
  #root: unknown;
  #containers: Container[] = [];
  /** For each open container the key of the value that is being read, and the offset at which the container opened. */
  #keys: string[] = [];
  #opens: number[] = [];
  #spans: unknown[] | undefined;
  #last: Attached | undefined;

  get root(): unknown {
    return this.#root;
  }

  get depth(): number {
    return this.#containers.length;
  }

  get top(): Container | undefined {
    return this.#containers.at(-1);
  }

  /** The list under the key `spans` of the root, once it was opened. */
  get spans(): unknown[] | undefined {
    return this.#spans;
  }

  /** The last value that is complete, unless a container or a key was begun after it. */
  get last(): Attached | undefined {
    return this.#last;
  }

  /** The index of the span that is being read, where one is. */
  get spanIndex(): number | undefined {
    return this.#spans !== undefined && this.#containers[1] === this.#spans ? this.#spans.length : undefined;
  }

  get isInSpans(): boolean {
    return this.#spans !== undefined && this.top === this.#spans;
  }

  setKey(key: string): void {
    this.#keys[this.depth - 1] = key;
    this.#last = undefined;
  }

  open(container: Container, atBytes: number): void {
    const depth = this.depth;
    if (depth === 0) this.#root = container;
    if (depth === 1 && Array.isArray(container) && !Array.isArray(this.#root) && this.#keys[0] === "spans") {
      this.#spans = container;
    }
    this.#containers.push(container);
    this.#opens[depth] = atBytes;
    this.#last = undefined;
  }

  /** Ends the innermost container and attaches it to its parent. Returns where it opened. */
  close(endBytes: number): { readonly container: Container | undefined; readonly openBytes: number } {
    const container = this.#containers.pop();
    if (this.depth > 0) this.attach(container, endBytes);
    return { container, openBytes: this.#opens[this.depth] ?? 0 };
  }

  /** Puts a complete value where it belongs. */
  attach(value: unknown, endBytes: number): void {
    const container = this.top;
    if (container === undefined) {
      this.#root = value;
      return;
    }
    const key = Array.isArray(container) ? container.length : (this.#keys[this.depth - 1] ?? "");
    setOwn(container, key, value);
    this.#last = { container, key, value, endBytes };
  }

  forgetLast(): void {
    this.#last = undefined;
  }

  takeBackLast(): void {
    const last = this.#last;
    if (last === undefined) return;
    if (Array.isArray(last.container)) last.container.pop();
    else delete last.container[String(last.key)];
    this.#last = undefined;
  }

  /**
   * Attaches the open containers that are of use in part: what the root holds itself, and a span that has its id.
   * Returns what became of the open span.
   */
  keepPartial(): PartialSpan {
    const [root, part, span] = this.#containers;
    if (root === undefined || part === undefined) return "none";
    setOwn(root, Array.isArray(root) ? root.length : (this.#keys[0] ?? ""), part);
    if (part !== this.#spans || span === undefined) return "none";
    if (Array.isArray(span)) {
      // A stray bracket has put spans into a list of their own.
      if (span.length > 0) this.#spans.push(span);
      return "none";
    }
    if (typeof span["spanId"] !== "string") return "lost";
    this.#spans.push(span);
    return "kept";
  }

  /** Leaves all but the root, which becomes an object where damage had made it something else. */
  backToRoot(): void {
    if (!isFields(this.#root)) this.#root = {};
    this.#containers = [this.#root as Fields];
    this.#last = undefined;
  }

  /** Leaves all but the root and its list of spans, to which what was taken for a single span belongs. */
  backToSpans(): void {
    this.backToRoot();
    const root = this.#root as Fields;
    this.#spans ??= listOf(root["spans"]);
    root["spans"] = this.#spans;
    this.#keys[0] = "spans";
    this.#containers.push(this.#spans);
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isFields(value) && Object.hasOwn(value, "spanId") ? [value] : [];
}

/** Sets an own property also for `__proto__`, which an assignment would take as the prototype. */
function setOwn(container: Container, key: string | number, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
  } else (container as Fields)[key] = value;
}
