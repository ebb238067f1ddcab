// Questions of which the focus is taken as soon as they are shown.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as vscode from "vscode";
import { askFirmly, showFirmly } from "../../src/host/firmInput";

/** As VS Code has it: hiding what is hidden tells nothing. */
class FakeInput {
  isShown = false;
  shown = 0;
  #listeners = new Set<() => void>();
  #onActive = () => {};

  readonly onDidChangeActive = (listener: () => void) => {
    this.#onActive = listener;
    return { dispose() {} };
  };

  /** The window has drawn it. */
  draw(): void {
    this.#onActive();
  }

  show(): void {
    this.isShown = true;
    this.shown++;
  }

  hide(): void {
    if (!this.isShown) return;
    this.isShown = false;
    for (const listener of [...this.#listeners]) listener();
  }

  onDidHide(listener: () => void) {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a question that is shown firmly", () => {
  function asked() {
    const input = new FakeInput();
    const onHidden = vi.fn();
    const shown = showFirmly(input as unknown as vscode.QuickInput, onHidden);
    return { input, onHidden, shown };
  }

  it("comes back where it is closed at once, and only the first time", () => {
    const { input, onHidden } = asked();
    vi.advanceTimersByTime(100);
    input.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([true, 0]);
    input.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([false, 1]);
  });

  it("comes back where the window took long to draw it, and then lost it at once", () => {
    const { input, onHidden } = asked();
    vi.advanceTimersByTime(900);
    input.draw();
    vi.advanceTimersByTime(100);
    input.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([true, 0]);
  });

  it("is over where a person closes it, also after going through its rows", () => {
    const { input, onHidden } = asked();
    input.draw();
    vi.advanceTimersByTime(300);
    input.draw();
    input.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([false, 1]);
  });

  it("is over where a person closes it", () => {
    const { input, onHidden } = asked();
    vi.advanceTimersByTime(300);
    input.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([false, 1]);
  });

  it("is over once it is answered, however fast", () => {
    const { input, onHidden, shown } = asked();
    shown.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([false, 1]);
  });

  it("is nobody's any more once it is disposed of", () => {
    const { input, onHidden, shown } = asked();
    shown.dispose();
    input.hide();
    expect([input.isShown, onHidden.mock.calls.length]).toEqual([false, 0]);
  });
});

describe("a question of VS Code's own", () => {
  it("is asked once more where there is no answer at once", async () => {
    const answers = [undefined, "two", "three"];
    expect(await askFirmly(async () => answers.shift())).toBe("two");
  });

  it("is asked once where there is an answer, or none after a while", async () => {
    const ask = vi.fn(async () => "one");
    expect(await askFirmly(ask)).toBe("one");
    const wait = vi.fn(async () => {
      vi.advanceTimersByTime(300);
      return undefined;
    });
    expect(await askFirmly(wait)).toBeUndefined();
    expect([ask.mock.calls.length, wait.mock.calls.length]).toEqual([1, 1]);
  });
});
