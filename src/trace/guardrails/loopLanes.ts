// Which agent's action a row is: what several do beside each other is no loop of any of them. An agent is a call that has
// calls within it, a session, or a span that is named as one; everything between an action and its agent is frame.

import { kindCodes, type SpanColumns } from "../spanColumns";
import { isAgentName } from "./agents";

const tool = kindCodes.indexOf("tool");
const session = kindCodes.indexOf("session");
const plainSpan = kindCodes.indexOf("span");

export class LoopLanes {
  /** By row that was passed: its agent's row plus two, -1 for none; 0 where it was not looked at. */
  #agents = new Int32Array(0);
  readonly #isAgentName: boolean[] = [];

  /** Row of the agent; -1 where there is none. */
  of(row: number, columns: SpanColumns): number {
    if (this.#agents.length < columns.count) this.#grow(columns.count);
    const passed: number[] = [];
    let at = columns.parent[row] ?? -1;
    let agent = -1;
    while (at >= 0) {
      const known = this.#agents[at] ?? 0;
      if (known !== 0) {
        agent = known - 2;
        break;
      }
      passed.push(at);
      if (this.#isAgent(at, columns)) {
        agent = at;
        break;
      }
      at = columns.parent[at] ?? -1;
    }
    for (const between of passed) this.#agents[between] = agent + 2;
    return agent;
  }

  #isAgent(row: number, { kind, name, strings }: SpanColumns): boolean {
    if (kind[row] === tool || kind[row] === session) return true;
    if (kind[row] !== plainSpan) return false;
    const index = name[row] ?? 0;
    this.#isAgentName[index] ??= isAgentName(strings[index] ?? "");
    return this.#isAgentName[index] ?? false;
  }

  #grow(count: number): void {
    const larger = new Int32Array(Math.max(count, 2 * this.#agents.length));
    larger.set(this.#agents);
    this.#agents = larger;
  }
}
