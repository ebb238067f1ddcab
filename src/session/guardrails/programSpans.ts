// What the programs of a playbook tell of themselves, for whoever watches the run: by the action that started the program.

import { type Disposable, toDisposable } from "../../base/disposable";
import type { ReceivedSpan } from "../otlpSpanLog";

export interface StartedProgram {
  /** Of the action. */
  readonly scopeId: string;
  readonly spanId: string;
}

type Listener = (program: StartedProgram, spans: readonly ReceivedSpan[]) => void;

export class ProgramSpans {
  readonly #listeners = new Set<Listener>();

  listen(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return toDisposable(() => this.#listeners.delete(listener));
  }

  tell(program: StartedProgram, spans: readonly ReceivedSpan[]): void {
    for (const listener of [...this.#listeners]) listener(program, spans);
  }
}
