// How many runs are in each state. A chip shows only its runs; several together show those of any of them.

import { useEffect, useRef } from "preact/hooks";
import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { type RunState, runStates } from "../../../src/trace/batch/runColumns";
import { formatInteger, text } from "../../text";
import { Icon } from "../../ui/icon";
import { IconButton } from "../../ui/iconButton";
import type { BatchPage } from "../model/batchPage";
import { stateIcons, stateWord } from "../model/runWords";

/** What needs a look stands first. */
const chipOrder: readonly RunState[] = [
  "failed",
  "prefailed",
  "uncreated",
  "running",
  "backing-off",
  "succeeded",
  "cancelled",
  "queued",
  "waiting",
  "absent",
];

export function StateChips({ page, header }: { page: BatchPage; header: BatchHeader }) {
  const { filterStates } = page;
  const shown = chipOrder.filter(
    (state) => (header.counts[runStates.indexOf(state)] ?? 0) > 0 || filterStates.has(state),
  );
  return (
    <div class="state-line">
      <div class="state-chips" role="group" aria-label={text("chipsLabel")}>
        {shown.map((state) => {
          const isOn = filterStates.has(state);
          const word = stateWord(header.status, state);
          return (
            <button
              key={state}
              type="button"
              class={`state-chip state-${state}`}
              aria-pressed={isOn}
              title={isOn ? text("noLongerOnly") : text("showOnly", word)}
              onClick={() => page.toggleState(state)}
            >
              <Icon name={stateIcons[state]} spin={state === "running" && !header.isFinal} />
              <b>{formatInteger(header.counts[runStates.indexOf(state)] ?? 0)}</b> {word}
            </button>
          );
        })}
      </div>
      <FilterField page={page} />
    </div>
  );
}

function FilterField({ page }: { page: BatchPage }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (page.focusWish !== "filter") return;
    page.focusWish = undefined;
    field.current?.focus();
    field.current?.select();
  });
  return (
    <div class="run-filter">
      <Icon name="search" />
      <input
        ref={field}
        type="text"
        value={page.words}
        placeholder={text("findRuns")}
        aria-label={text("findRunsHint")}
        title={text("findRunsHint")}
        spellcheck={false}
        onInput={(event) => page.setFilter({ words: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            if (page.words !== "") page.setFilter({ words: "" });
            else page.focus("list");
          } else if (event.key === "Enter" || event.key === "ArrowDown") {
            event.preventDefault();
            if (page.positionOf(page.selected) < 0 && page.order.length > 0) page.select(page.order[0]);
            page.focus("list");
          }
        }}
      />
      {page.words !== "" && (
        <IconButton icon="close" label={text("clearFilter")} onClick={() => page.setFilter({ words: "" })} />
      )}
    </div>
  );
}
