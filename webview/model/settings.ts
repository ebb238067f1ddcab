// What the person set and the panel remembers, apart from what the parts of the panel hold themselves.

import type { ViewState } from "../../src/protocol/panelMessages";
import { plainSearch, type SearchOptions } from "../../src/trace/searchQuery";

export type DetailsTab = "overview" | "data" | "raw";
export type PayloadView = "json" | "markdown" | "text";

export type PanelView = "tree" | "conversation" | "output";

export type TimelineSettings = NonNullable<ViewState["timeline"]>;

export interface Settings {
  view: PanelView;
  tab: DetailsTab;
  absoluteTimes: boolean;
  detailsSize: number | undefined;
  treeSize: number | undefined;
  payloadView: PayloadView | undefined;
  wrapText: boolean;
  timeline: TimelineSettings | undefined;
  /** How the text of the search is meant. */
  searchOptions: SearchOptions;
}

export function defaultSettings(): Settings {
  return {
    view: "tree",
    tab: "overview",
    absoluteTimes: false,
    detailsSize: undefined,
    treeSize: undefined,
    payloadView: undefined,
    wrapText: true,
    timeline: undefined,
    searchOptions: plainSearch,
  };
}

export function settingsOf(state: ViewState): Settings {
  const known = defaultSettings();
  return {
    view: state.view ?? known.view,
    tab: state.tab ?? known.tab,
    absoluteTimes: state.absoluteTimes ?? known.absoluteTimes,
    detailsSize: state.detailsSize,
    treeSize: state.treeSize,
    payloadView: state.payloadView,
    wrapText: state.wrapText ?? known.wrapText,
    timeline: state.timeline,
    searchOptions: state.searchOptions ?? known.searchOptions,
  };
}
