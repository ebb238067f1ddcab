// What the person set and the panel remembers, apart from what the parts of the panel hold themselves.

import type { ViewState } from "../../src/protocol/panelMessages";
import { plainSearch, type SearchOptions } from "../../src/trace/searchQuery";

export type DetailsTab = "overview" | "data" | "raw";
/** How payloads of each sort are shown, where the person chose. */
export type PayloadViews = NonNullable<ViewState["payloadViews"]>;

export type PanelView = "tree" | "conversation" | "output";

export type TimelineSettings = NonNullable<ViewState["timeline"]>;

export interface Settings {
  view: PanelView;
  tab: DetailsTab;
  absoluteTimes: boolean;
  detailsSize: number | undefined;
  treeSize: number | undefined;
  payloadViews: PayloadViews;
  wrapText: boolean;
  /** Old and new lines of a diff stand beside each other, where there is room. */
  sideBySide: boolean;
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
    payloadViews: {},
    wrapText: true,
    sideBySide: false,
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
    payloadViews: state.payloadViews ?? known.payloadViews,
    wrapText: state.wrapText ?? known.wrapText,
    sideBySide: state.sideBySide ?? known.sideBySide,
    timeline: state.timeline,
    searchOptions: state.searchOptions ?? known.searchOptions,
  };
}
