// Search over everything: field, how its text is meant, count, previous and next, and the switch that reduces the tree to
// what was found.

import { mostSearchLength, type SearchOptions } from "../../src/trace/searchQuery";
import type { OutputSearch } from "../model/outputSearch";
import type { Panel } from "../model/panel";
import type { SearchModel } from "../model/searchModel";
import { formatInteger, text } from "../text";
import type { IconName } from "./icon";
import { IconButton } from "./iconButton";
import { faultText } from "./searchFault";

export const searchFieldId = "search-field";
const faultId = "search-fault";

const options: readonly (readonly [keyof SearchOptions, IconName, key: string])[] = [
  ["matchCase", "case-sensitive", "C"],
  ["wholeWord", "whole-word", "W"],
  ["regex", "regex", "R"],
];

export function SearchField({ panel }: { panel: Panel }) {
  const search = activeSearch(panel);
  const { searchOptions } = panel.settings;
  const hasText = search.text !== "";
  const fault = hasText && search.fault !== undefined ? faultText(search.fault) : undefined;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.isComposing) {
      panel.goToMatch(event.shiftKey ? -1 : 1);
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (hasText) panel.setSearch("");
      else panel.focus("list");
      event.stopPropagation();
    } else if (event.key === "ArrowDown") {
      panel.focus("list");
      event.preventDefault();
    }
  };
  const classes = [
    "search",
    hasText ? "has-text" : "",
    Object.values(searchOptions).includes(true) ? "has-options" : "",
    fault === undefined ? "" : "has-fault",
  ];
  return (
    <search class={classes.filter(Boolean).join(" ")}>
      <span class="icon icon-search search-icon" aria-hidden="true" />
      <input
        id={searchFieldId}
        type="text"
        value={search.text}
        placeholder={text("searchPlaceholder")}
        aria-label={text(panel.settings.view === "output" ? "searchOutputLabel" : "searchLabel")}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : faultId}
        spellcheck={false}
        autocomplete="off"
        maxLength={mostSearchLength}
        onInput={(event) => panel.setSearch(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <span class="search-options" role="group" aria-label={text("searchOptions")}>
        {options.map(([option, icon, key]) => (
          <IconButton
            key={option}
            icon={icon}
            label={text(option)}
            keys={`${panel.platform === "mac" ? "⌥⌘" : "Alt+"}${key}`}
            pressed={searchOptions[option]}
            onClick={() => panel.setSearchOptions({ [option]: !searchOptions[option] })}
          />
        ))}
      </span>
      {hasText && (
        <>
          <span class={`search-count ${search.matchCount === 0 && !search.isBusy ? "is-empty" : ""}`}>
            {searchCount(panel)}
          </span>
          <IconButton
            icon="arrow-up"
            label={text("previousMatch")}
            disabled={search.matchCount === 0}
            onClick={() => panel.goToMatch(-1)}
          />
          <IconButton
            icon="arrow-down"
            label={text("nextMatch")}
            disabled={search.matchCount === 0}
            onClick={() => panel.goToMatch(1)}
          />
          {panel.settings.view !== "output" && (
            <IconButton
              icon="list-flat"
              label={text("matchesOnly")}
              pressed={panel.search.matchesOnly}
              onClick={() => panel.search.setMatchesOnly(!panel.search.matchesOnly)}
            />
          )}
          <IconButton icon="close" label={text("clearSearch")} onClick={() => clear(panel)} />
        </>
      )}
      {fault !== undefined && (
        <span class="search-fault" id={faultId}>
          {fault}
        </span>
      )}
      {/* What is found while it is searched changes too often to be read out. */}
      <span class="visually-hidden" role="status">
        {hasText && !search.isBusy ? (fault ?? foundText(search)) : ""}
      </span>
    </search>
  );
}

function clear(panel: Panel): void {
  panel.setSearch("");
  panel.focus("search");
}

/** That of what the person looks at. */
function activeSearch(panel: Panel): SearchModel | OutputSearch {
  return panel.settings.view === "output" ? panel.output.search : panel.search;
}

function searchCount(panel: Panel): string {
  const search = activeSearch(panel);
  if (search.fault !== undefined && !search.isBusy) return "";
  const parts = [search.matchCount === 0 && search.isBusy ? "" : (ordinalText(panel) ?? foundText(search))];
  if (search.isBusy) {
    const share = "searched" in search ? Math.floor(100 * search.searched) : 0;
    parts.push(share === 0 ? text("searching") : text("searchedShare", share));
  }
  return parts.filter(Boolean).join(" · ");
}

/** Which of the matches is selected. */
function ordinalText(panel: Panel): string | undefined {
  const { output, picture, search, selectedRow, settings } = panel;
  const isOutput = settings.view === "output";
  const ordinal = isOutput
    ? output.search.ordinalOf(output.cursor)
    : picture === undefined
      ? -1
      : search.ordinalOf(picture.model, selectedRow);
  if (ordinal < 0) return undefined;
  return text("matchOf", formatInteger(ordinal + 1), countText(isOutput ? output.search : search));
}

function foundText(search: SearchModel | OutputSearch): string {
  if (search.error !== undefined) return text("searchFailed");
  if (search.matchCount === 0) return skippedText(search) ?? text("noMatches");
  const count =
    search.matchCount === 1 && !isPartial(search) ? text("oneMatch") : text("manyMatches", countText(search));
  return [count, skippedText(search)].filter((part) => part !== undefined).join(" · ");
}

/** Spans whose fields no text can hold were not looked at, which has to be said. */
function skippedText(search: SearchModel | OutputSearch): string | undefined {
  if (!("skippedCount" in search) || search.skippedCount === 0) return undefined;
  return text("searchSkipped", formatInteger(search.skippedCount));
}

function countText(search: SearchModel | OutputSearch): string {
  return isPartial(search) ? `${formatInteger(search.matchCount)}+` : formatInteger(search.matchCount);
}

function isPartial(search: SearchModel | OutputSearch): boolean {
  return "isTruncated" in search ? search.isTruncated : search.isBusy;
}
