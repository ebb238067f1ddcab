// The header of a panel in words: what the reader found, with what depends on the time and on the language.

import type { PanelHeader } from "../../protocol/panelMessages";
import type { HeaderFacts } from "../../reader/headerFacts";
import { describeState } from "../../trace/describeState";
import type { SessionState } from "../../trace/state";

export interface HeaderTexts {
  readonly timeZone: string;
  statusLabel(status: string, fallback: string): string;
  /** "src/tax.ts:41" of a place in the workspace, as VS Code says it; other places, and all where this is not given, stay. */
  shortPlace?(place: string): string;
}

export function panelHeader(facts: HeaderFacts, state: SessionState, nowMs: number, texts: HeaderTexts): PanelHeader {
  const { label, detail } = describeState(state, nowMs);
  const { failingStep: step } = facts;
  const place = step?.place === undefined ? undefined : texts.shortPlace?.(step.place);
  return {
    ...facts,
    ...(step === undefined || place === undefined ? {} : { failingStep: { ...step, place } }),
    statusLabel: texts.statusLabel(state.status, label),
    statusDetail: detail,
    timeZone: texts.timeZone,
  };
}
