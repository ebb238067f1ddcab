// Which actions of a run guardrails count, and when. Of the attempts that a step's own `retries` declare only the last one
// counts, which is known when it has ended: the person asked for the others. What a `playbook` step does in a further
// attempt is looked at apart from what it did in those before.

import type { EventOf } from "../bus/delivered";
import type { DeliveredRunEvent, RunEvent, Usage } from "./runEvent";

type ActionEnd = EventOf<RunEvent, "actionFinished">;

export interface CountedAction {
  readonly type: "action";
  readonly event: ActionEnd;
  readonly scopeId: string;
  readonly endMs: number;
  /** Equal for actions that are looked at together. */
  readonly lane: string;
}

/** Of an attempt that another one follows: what it used is used. */
export interface UncountedAction {
  readonly type: "usage";
  readonly usage: Usage | undefined;
  readonly scopeId: string;
}

export class CountedActions {
  /** Attempts that are under way, with the action of each once it has ended. */
  readonly #attempts = new Map<string, CountedAction | undefined>();
  /** By path of a step: its further attempt. */
  readonly #further = new Map<string, number>();

  /** What is known now; undefined where that is nothing. */
  take({ event, scope, timeMs }: DeliveredRunEvent): CountedAction | UncountedAction | undefined {
    switch (event.type) {
      case "attemptStarted":
        this.#attempts.set(scope.id, undefined);
        if (event.number > 1) this.#further.set(stepPath(scope), event.number);
        return undefined;
      case "actionFinished": {
        if (event.isInterrupted === true || event.step.action === "playbook") return undefined;
        const action: CountedAction = {
          type: "action",
          event,
          scopeId: scope.id,
          endMs: timeMs,
          lane: this.#laneOf(event.step.path),
        };
        const { parentId } = scope;
        // A recovery is no attempt.
        if (parentId === undefined || !this.#attempts.has(parentId)) return action;
        this.#attempts.set(parentId, action);
        return undefined;
      }
      case "attemptFinished": {
        const action = this.#attempts.get(scope.id);
        this.#attempts.delete(scope.id);
        this.#further.delete(stepPath(scope));
        if (action === undefined || event.pauseMs === undefined) return action;
        return { type: "usage", usage: action.event.usage, scopeId: action.scopeId };
      }
      default:
        return undefined;
    }
  }

  #laneOf(path: string): string {
    const around = [...this.#further].filter(([outer]) => path.startsWith(`${outer}/`));
    return around.map(([outer, number]) => `${outer}#${number}`).join(" ");
  }
}

/** Of an attempt. */
function stepPath({ parentId = "", runId }: DeliveredRunEvent["scope"]): string {
  return parentId.slice(runId.length + 1);
}
