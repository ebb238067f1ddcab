// Ownership of things that must be released. A store releases its children last in, first out, exactly once;
// a child that throws does not keep the others from being released; a child added too late is released at once.

export interface Disposable {
  dispose(): void;
}

/** Makes a disposable of a function, which runs at most once. */
export function toDisposable(run: () => void): Disposable {
  let pending: (() => void) | undefined = run;
  return {
    dispose() {
      const now = pending;
      pending = undefined;
      now?.();
    },
  };
}

export class DisposableStore implements Disposable {
  #children: Disposable[] = [];
  #disposed = false;

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Takes ownership of `child` and returns it. After `dispose` the child is released immediately. */
  add<T extends Disposable>(child: T): T {
    if (this.#disposed) child.dispose();
    else this.#children.push(child);
    return child;
  }

  /** Releases `child` now and forgets it; does nothing for a child that is not held. */
  release(child: Disposable): void {
    const index = this.#children.indexOf(child);
    if (index < 0) return;
    this.#children.splice(index, 1);
    child.dispose();
  }

  /** Releases all children. Errors of children are thrown together once all have been released. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const children = this.#children;
    this.#children = [];
    const errors: unknown[] = [];
    for (let index = children.length - 1; index >= 0; index--) {
      try {
        children[index]?.dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "Several disposables failed to release");
  }
}
