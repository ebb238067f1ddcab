// Jumps: to failures, matches and views. Each says in words what it found or that it began again at the other end.

import type { NavigateTarget, PanelHeader } from "../../src/protocol/panelMessages";
import type { SearchOptions } from "../../src/trace/searchQuery";
import { countText, formatInteger, text } from "../text";
import { stepToFailure } from "./failureWalk";
import type { OutputModel } from "./outputModel";
import type { SearchModel } from "./searchModel";
import type { PanelView, Settings } from "./settings";
import type { Picture } from "./traceModel";

/** `list`: what stands at the left, the steps, the conversation or the output. */
export type FocusTarget = "list" | "search" | "details";
export type Popup = "none" | "summary" | "filters" | "overflow" | "shortcuts";

/** What a jump needs of the panel. */
export interface Navigable {
  readonly picture: Picture | undefined;
  readonly header: PanelHeader | undefined;
  readonly selectedRow: number;
  readonly search: SearchModel;
  readonly output: OutputModel;
  readonly settings: Settings;
  readonly popup: Popup;
  announcement: string;
  select(row: number, options: { reveal?: boolean }): void;
  focus(target: FocusTarget): void;
  announce(words: string): void;
  setPopup(popup: Popup): void;
  setSearchOptions(options: Partial<SearchOptions>): void;
  setView(view: PanelView): void;
  showRow(row: number): void;
  changed(): void;
}

/** Carries out what the host asks for: the keys and commands that are contributed to VS Code. */
export function navigate(panel: Navigable, target: NavigateTarget): void {
  switch (target) {
    case "nextFailure":
      return goToFailure(panel, 1, false);
    case "previousFailure":
      return goToFailure(panel, -1, false);
    case "nextFailureIncludingRecovered":
      return goToFailure(panel, 1, true);
    case "previousFailureIncludingRecovered":
      return goToFailure(panel, -1, true);
    case "failingStep": {
      const row = panel.header?.failingStep?.row;
      if (row === undefined) return panel.announce(text("noFailures"));
      return panel.showRow(row);
    }
    case "search":
      return panel.focus("search");
    case "nextMatch":
      return goToMatch(panel, 1);
    case "previousMatch":
      return goToMatch(panel, -1);
    case "toggleMatchCase":
      return toggleSearchOption(panel, "matchCase");
    case "toggleWholeWord":
      return toggleSearchOption(panel, "wholeWord");
    case "toggleRegex":
      return toggleSearchOption(panel, "regex");
    case "toggleAbsoluteTimes":
      panel.settings.absoluteTimes = !panel.settings.absoluteTimes;
      return panel.announce(text(panel.settings.absoluteTimes ? "absoluteTimesOn" : "absoluteTimesOff"));
    case "toggleConversation":
      if (panel.header?.hasConversation !== true) return panel.announce(text("noConversation"));
      return panel.setView(panel.settings.view === "conversation" ? "tree" : "conversation");
    case "shortcuts":
      return panel.setPopup(panel.popup === "shortcuts" ? "none" : "shortcuts");
  }
}

/** Says how the text of the search is meant now. */
export function toggleSearchOption(panel: Navigable, option: keyof SearchOptions): void {
  const on = !panel.settings.searchOptions[option];
  panel.setSearchOptions({ [option]: on });
  panel.announce(text(on ? "searchOptionOn" : "searchOptionOff", text(option)));
}

/** The next match of the search after the selected row, or the one before. */
export function goToMatch(panel: Navigable, direction: 1 | -1): void {
  const picture = panel.picture;
  if (picture === undefined) return;
  if (panel.settings.view === "output") return goToLineMatch(panel, direction);
  if (panel.search.isWaiting) return panel.search.stepWhenFound(direction);
  const { row, wrapped } = panel.search.step(picture.model, panel.selectedRow, direction);
  if (row < 0) return panel.announce(panel.search.text === "" ? "" : text("noMatches"));
  panel.setView("tree");
  panel.search.arriveAt(row);
  panel.select(row, { reveal: true });
  const announce = () => {
    const { matchCount, isBusy } = panel.search;
    const count = isBusy ? `${formatInteger(matchCount)}+` : formatInteger(matchCount);
    announceMatch(panel, panel.search.ordinalOf(picture.model, row), count, direction, wrapped);
  };
  announce();
  const words = panel.announcement;
  // What was said while the search went on is made good at its end, unless something else was said since.
  panel.search.whenEnded(() => {
    if (panel.announcement === words && panel.selectedRow === row) announce();
  });
}

function goToLineMatch(panel: Navigable, direction: 1 | -1): void {
  const { output } = panel;
  const { search } = output;
  if (search.isBusy) return search.stepWhenFound(direction);
  const { line, wrapped } = search.step(output.cursor, direction);
  if (line < 0) return panel.announce(search.text === "" ? "" : text("noMatches"));
  output.moveTo(line);
  announceMatch(panel, search.ordinalOf(line), formatInteger(search.matchCount), direction, wrapped);
}

function announceMatch(panel: Navigable, ordinal: number, count: string, direction: 1 | -1, wrapped: boolean): void {
  const words = text("matchOf", formatInteger(ordinal + 1), count);
  panel.announce(wrapped ? `${words} · ${text(direction === 1 ? "wrappedToFirst" : "wrappedToLast")}` : words);
}

/** "2 failures, 1 recovered", without the part that is none. */
export function failuresText(failureCount: number, recoveredCount: number): string {
  const failures = failureCount > 0 ? countText("oneFailure", "manyFailures", failureCount) : "";
  const recovered = recoveredCount > 0 ? text("recoveredCount", formatInteger(recoveredCount)) : "";
  return [failures, recovered].filter((part) => part !== "").join(", ");
}

function goToFailure(panel: Navigable, direction: 1 | -1, includeRecovered: boolean): void {
  const picture = panel.picture;
  if (picture === undefined) return;
  if (panel.settings.view === "output" && goToFailingLine(panel)) return;
  const step = stepToFailure(picture.model, picture.times.startMs, panel.selectedRow, direction, includeRecovered);
  const { failureCount = 0, recoveredCount = 0 } = panel.header ?? {};
  if (step === undefined) {
    return panel.announce(recoveredCount > 0 ? text("onlyRecovered", recoveredCount) : text("noFailures"));
  }
  if (step.row === panel.selectedRow && step.wrapped) {
    panel.announce(text("onlyFailure"));
  } else {
    const count = failuresText(failureCount, includeRecovered ? recoveredCount : 0);
    const wrapped = text(direction === 1 ? "wrappedToFirst" : "wrappedToLast");
    panel.announcement = step.wrapped ? `${wrapped} · ${count}` : count;
  }
  panel.setView("tree");
  panel.select(step.row, { reveal: true });
  panel.focus("list");
}

/** In the output the failure is a line. False where there is none, or it is shown already and there are others. */
function goToFailingLine(panel: Navigable): boolean {
  const { output } = panel;
  const line = output.header?.failingLine;
  if (line === undefined) return false;
  const isThere = output.cursor === line;
  if (isThere && (panel.header?.failureCount ?? 0) > 1) return false;
  output.moveTo(line, { center: !isThere });
  panel.announce(text(isThere ? "onlyFailure" : "failingLineAt", formatInteger(line + 1)));
  panel.focus("list");
  return true;
}
