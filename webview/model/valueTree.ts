// Which entries of a value are open, and the entries themselves: the first levels come with the details, the others when
// they are opened.

import { payloadNodesSchema } from "../../src/protocol/payloadMessages";
import type { ValueNode } from "../../src/trace/valueNode";
import { type HostConnection, StaleReplyError } from "./hostConnection";
import type { TextAddress } from "./textLoader";

export interface OpenEntries {
  readonly nodes: readonly ValueNode[];
  readonly total: number;
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
}

const portion = 100;
const laterPortion = 1_000;

export class ValueTreeModel {
  readonly #connection: HostConnection;
  readonly #onChange: () => void;
  #address: TextAddress | undefined;
  #root: ValueNode | undefined;
  /** By path; what is not in it is closed. */
  #open = new Map<string, OpenEntries>();
  #serial = 0;

  constructor(connection: HostConnection, onChange: () => void) {
    this.#connection = connection;
    this.#onChange = onChange;
  }

  /** @param root of the value as it is now; undefined where even its first entries have to be asked for */
  begin(address: TextAddress, root: ValueNode | undefined): void {
    const isSame = this.#address !== undefined && keyOf(address) === keyOf(this.#address);
    if (isSame && root === this.#root) return;
    this.#address = address;
    this.#root = root;
    this.#serial++;
    const openBefore = isSame ? this.#open : undefined;
    this.#open = new Map();
    if (root !== undefined) this.#adopt(root, []);
    if (!this.#open.has("")) void this.#load([], []);
    // What was open stays open, with the entries that it has now.
    for (const path of openBefore?.keys() ?? []) {
      if (path !== "" && !this.#open.has(path)) void this.#load(path.split(" ").map(Number), []);
    }
  }

  /** Undefined where it is closed. */
  entries(path: readonly number[]): OpenEntries | undefined {
    return this.#open.get(path.join(" "));
  }

  open(path: readonly number[]): void {
    if (!this.#open.has(path.join(" "))) void this.#load(path, []);
  }

  close(path: readonly number[]): void {
    if (this.#open.delete(path.join(" "))) this.#onChange();
  }

  more(path: readonly number[]): void {
    const entries = this.entries(path);
    if (entries !== undefined && !entries.isLoading) void this.#load(path, entries.nodes);
  }

  stop(): void {
    this.#serial++;
  }

  #adopt(node: ValueNode, path: readonly number[]): void {
    if (node.children === undefined) return;
    this.#open.set(path.join(" "), {
      nodes: node.children,
      total: node.count,
      isLoading: false,
      hasFailed: false,
    });
    for (const [index, child] of node.children.entries()) this.#adopt(child, [...path, index]);
  }

  async #load(path: readonly number[], known: readonly ValueNode[]): Promise<void> {
    const address = this.#address;
    if (address === undefined) return;
    const serial = this.#serial;
    const key = path.join(" ");
    const set = (entries: OpenEntries) => {
      if (serial !== this.#serial || !this.#open.has(key)) return;
      this.#open.set(key, entries);
      this.#onChange();
    };
    this.#open.set(key, { nodes: known, total: this.#open.get(key)?.total ?? 0, isLoading: true, hasFailed: false });
    this.#onChange();
    try {
      const params = {
        ...address,
        path: [...(address.path ?? []), ...path],
        from: known.length,
        count: known.length === 0 ? portion : laterPortion,
      };
      const { nodes, total } = await this.#connection.request("payloadNodes", params, payloadNodesSchema);
      set({ nodes: [...known, ...nodes], total, isLoading: false, hasFailed: false });
    } catch (error) {
      if (error instanceof StaleReplyError) return;
      set({ nodes: known, total: known.length, isLoading: false, hasFailed: true });
    }
  }
}

function keyOf({ epoch, row, field, path = [] }: TextAddress): string {
  return `${epoch} ${row} ${field} ${path.join(" ")}`;
}
