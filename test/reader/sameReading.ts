// Holds two readings of a session against each other: what a panel can see of them must be the same.

import { expect } from "vitest";
import { finish } from "../../src/base/steps";
import type { FoundFailures, SessionReading } from "../../src/reader/sessionSource";
import { conversation } from "../../src/trace/conversation";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { deriveState } from "../../src/trace/state";
import { summarizeTrace } from "../../src/trace/summarizeTrace";

/** Columns with their texts, because the order of texts says nothing. */
export function shownColumns({ strings, name, label, outcome, ...columns }: SpanColumns): unknown {
  const texts = (indexes: Uint32Array) => [...indexes].map((index) => strings[index]);
  return { ...columns, name: texts(name), label: texts(label), outcome: texts(outcome) };
}

/** @param isFollowed which rows failures changed follows from what was found before */
export function expectSameReading(
  actual: SessionReading,
  expected: SessionReading,
  nowMs: number,
  isFollowed = false,
): void {
  expect(actual.session).toEqual(expected.session);
  expect(actual.problems).toEqual(expected.problems);
  const state = deriveState(expected.session.evidence, nowMs);
  const [found, wanted] = [finish(actual.findFailures(state)), finish(expected.findFailures(state))];
  if (isFollowed) expect(plainFailures(found)).toEqual(plainFailures(wanted));
  else expect(found).toEqual(wanted);
  expect(shownColumns(actual.columns)).toEqual(shownColumns(expected.columns));
  expect(actual.tree).toEqual(expected.tree);
  expect(actual.usage).toEqual(expected.usage);
  expect(actual.hasTexts).toBe(expected.hasTexts);
  expect(actual.output?.index).toEqual(expected.output?.index);
  const lines = expected.output?.index.lineCount ?? 0;
  expect(actual.output?.lines(0, lines)).toEqual(expected.output?.lines(0, lines));
  expect(summaryOf(actual)).toEqual(summaryOf(expected));
  expect(conversation(actual.spans, actual.columns)).toEqual(conversation(expected.spans, expected.columns));
  expect(actual.spans.count).toBe(expected.spans.count);
  for (let row = 0; row <= expected.spans.count; row++) {
    expect(actual.spans.spanAt(row)).toEqual(expected.spans.spanAt(row));
    expect(actual.spans.idOf(row)).toBe(expected.spans.idOf(row));
  }
}

/** That there is no failing step may be said or not. */
function plainFailures({ failures }: FoundFailures): unknown {
  return { failingStep: undefined, ...failures };
}

function summaryOf({ session: { header }, spans, columns, usage }: SessionReading): unknown {
  return summarizeTrace({ header, spans, columns, usage });
}
