// Search over everything: field, count, previous and next, and the switch that reduces the tree to what was found.

import type { Panel } from "../model/panel";
import { formatInteger, text } from "../text";
import { IconButton } from "./iconButton";

export const searchFieldId = "search-field";

export function SearchField({ panel }: { panel: Panel }) {
  const { search } = panel;
  const hasText = search.text !== "";
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.isComposing) {
      panel.goToMatch(event.shiftKey ? -1 : 1);
      event.preventDefault();
    } else if (event.key === "Escape") {
      if (hasText) panel.setSearch("");
      else panel.focus("tree");
      event.stopPropagation();
    } else if (event.key === "ArrowDown") {
      panel.focus("tree");
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
        aria-label={text("searchLabel")}
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
          <IconButton
            icon="list-flat"
            label={text("matchesOnly")}
            pressed={search.matchesOnly}
            onClick={() => search.setMatchesOnly(!search.matchesOnly)}
          />
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

function searchCount(panel: Panel): string {
  const { search } = panel;
  if (search.error !== undefined) return text("searchFailed");
  if (search.isBusy && search.matchCount === 0) return text("searching");
  if (search.matchCount === 0) return text("noMatches");
  const ordinal = search.ordinalOf(panel.selectedRow);
  const count = search.isTruncated ? `${formatInteger(search.matchCount)}+` : formatInteger(search.matchCount);
  if (ordinal >= 0) return text("matchOf", formatInteger(ordinal + 1), count);
  return search.matchCount === 1 ? text("oneMatch") : text("manyMatches", count);
}
