// How long the output of a program that is gone is waited for.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LastOutput } from "../../src/session/lastOutput";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function waitFor(play: (last: LastOutput) => void): boolean {
  let isGivenUp = false;
  play(
    new LastOutput(() => {
      isGivenUp = true;
    }),
  );
  return isGivenUp;
}

const pass = (ms: number) => vi.advanceTimersByTime(ms);

it("is given up after a second of silence, and not before the program is gone", () => {
  expect(
    waitFor((last) => {
      pass(60_000);
      last.gone();
      pass(999);
    }),
  ).toBe(false);
  expect(
    waitFor((last) => {
      last.gone();
      pass(1000);
    }),
  ).toBe(true);
});

it("goes on while something comes, for five seconds", () => {
  const talk = (last: LastOutput, times: number) => {
    last.gone();
    for (let count = 0; count < times; count++) {
      pass(500);
      last.heard();
    }
  };
  expect(waitFor((last) => talk(last, 9))).toBe(false);
  expect(waitFor((last) => talk(last, 10))).toBe(true);
});

it("takes no time while nothing is taken", () => {
  expect(
    waitFor((last) => {
      last.pause();
      last.gone();
      pass(60_000);
      last.resume();
      pass(900);
      last.pause();
      pass(60_000);
      last.resume();
      pass(900);
    }),
  ).toBe(false);
});

it("ends when the streams are closed", () => {
  expect(
    waitFor((last) => {
      last.gone();
      last.done();
      pass(60_000);
    }),
  ).toBe(false);
});
