// The view state: read back once through its schema, written a moment after the last change.

import * as z from "zod/mini";
import { type PanelHeader, type ViewState, viewStateSchema } from "../../src/protocol/panelMessages";
import type { DetailsModel } from "./detailsModel";
import { type Filter, filterSchema } from "./filters";
import type { HostConnection } from "./hostConnection";
import type { OutputModel } from "./outputModel";
import type { RowList } from "./rowList";
import type { SearchModel } from "./searchModel";
import type { Settings } from "./settings";
import type { TimeView } from "./timeView";
import type { Picture } from "./traceModel";

const delayMs = 100;

/** What the page remembers is spread over these. */
export interface Remembered {
  readonly header: PanelHeader | undefined;
  readonly picture: Picture | undefined;
  readonly selectedRow: number;
  readonly details: DetailsModel;
  readonly rows: RowList;
  readonly scrollTop: number;
  readonly timeView: TimeView;
  readonly search: SearchModel;
  readonly searchText: string;
  readonly output: OutputModel;
  readonly settings: Settings;
}

/** Undefined where there is nothing to remember yet. */
export function viewState(panel: Remembered, selectedInView: boolean): ViewState | undefined {
  const { header, picture, selectedRow, rows, timeView } = panel;
  if (header === undefined || picture === undefined) return undefined;
  return {
    version: 1,
    sessionId: header.sessionId,
    ...panel.settings,
    selectedSpanId: selectedSpanId(panel),
    selectedRow: selectedRow >= 0 ? selectedRow : undefined,
    toggledRows: rows.toggledList(),
    expansion: rows.expansionRule,
    scrollTop: panel.scrollTop,
    selectedInView,
    search: panel.searchText,
    output: panel.output.state(),
    matchesOnly: panel.search.matchesOnly,
    filters: rows.filters,
    range: timeView.rangeMs === undefined ? undefined : [timeView.rangeMs[0], timeView.rangeMs[1]],
  };
}

/** Known once the details are here; rows that stand for no span have none. */
function selectedSpanId({ details: { state }, selectedRow }: Remembered): string | undefined {
  return state.type === "ready" && state.row === selectedRow && state.details.spanId !== ""
    ? state.details.spanId
    : undefined;
}

export class ViewMemory {
  readonly #connection: HostConnection;
  readonly #current: () => ViewState | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: HostConnection, current: () => ViewState | undefined) {
    this.#connection = connection;
    this.#current = current;
  }

  read(): ViewState | undefined {
    const parsed = viewStateSchema.safeParse(this.#connection.getState());
    return parsed.success ? parsed.data : undefined;
  }

  /** Writes soon. */
  touch(): void {
    this.#timer ??= setTimeout(() => this.flush(), delayMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const state = this.#current();
    if (state !== undefined) this.#connection.setState(state);
  }
}

/** The filters of a view state; those that this version does not know are left out. */
export function readFilters(value: unknown): Filter[] {
  const list = z.array(z.unknown()).check(z.maxLength(200)).safeParse(value);
  if (!list.success) return [];
  return list.data.flatMap((item) => {
    const filter = filterSchema.safeParse(item);
    return filter.success ? [filter.data] : [];
  });
}
