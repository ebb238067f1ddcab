// Search over everything: field, count, previous and next, and the switch that reduces the tree to what was found.

import type { OutputSearch } from "../model/outputSearch";
import type { Panel } from "../model/panel";
import type { SearchModel } from "../model/searchModel";
import { formatInteger, text } from "../text";
import { IconButton } from "./iconButton";

export const searchFieldId = "search-field";

export function SearchField({ panel }: { panel: Panel }) {
  const search = activeSearch(panel);
  const hasText = search.text !== "";
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
  return (
    <search class={`search ${hasText ? "has-text" : ""}`}>
      <span class="icon icon-search search-icon" aria-hidden="true" />
      <input
        id={searchFieldId}
        type="text"
        value={search.text}
        placeholder={text("searchPlaceholder")}
        aria-label={text(panel.settings.view === "output" ? "searchOutputLabel" : "searchLabel")}
        spellcheck={false}
        autocomplete="off"
        maxLength={1_000}
        onInput={(event) => panel.setSearch(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {hasText && (
        <>
          <span
            class={`search-count ${search.matchCount === 0 && !search.isBusy ? "is-empty" : ""}`}
            aria-live="polite"
          >
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
  if (search.error !== undefined) return text("searchFailed");
  if (search.isBusy && search.matchCount === 0) return text("searching");
  if (search.matchCount === 0) return text("noMatches");
  const ordinal = search.ordinalOf(panel.settings.view === "output" ? panel.output.cursor : panel.selectedRow);
  const count = search.isTruncated ? `${formatInteger(search.matchCount)}+` : formatInteger(search.matchCount);
  if (ordinal >= 0) return text("matchOf", formatInteger(ordinal + 1), count);
  return search.matchCount === 1 ? text("oneMatch") : text("manyMatches", count);
}
