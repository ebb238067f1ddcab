// The picture that is shown and the list of its rows, with all that changes either. What concerns all rows of a large
// trace is done in steps over some frames, and until its end the picture is as it was; deltas wait for that end.

import type { PanelHeader } from "../../src/protocol/panelMessages";
import type { Filter } from "./filters";
import type { HostConnection } from "./hostConnection";
import { LiveTrace } from "./liveTrace";
import { type LoadedRows, type MessageOf, PictureLoader } from "./pictureLoader";
import { RowList } from "./rowList";
import type { TextsListener } from "./rowTexts";
import { type FrameClock, SlicedWork, type WorkOptions } from "./slicedWork";
import type { SpanStore } from "./spanStore";
import type { Picture, RowTree, TraceModel, TraceTimes } from "./traceModel";

/** What the picture asks of the panel, and tells it. */
export interface PictureOwner extends TextsListener {
  readonly header: PanelHeader | undefined;
  readonly nowMs: number;
  /** Idle stretches are drawn as long as they were. */
  readonly isTrueScale?: boolean;
  /** The rows that a search keeps, where it is to act as a filter. */
  searchFilter(): Uint8Array | undefined;
  /**
   * A complete picture is about to be shown in `rows`, which has no rows yet: what is to be expanded in it. What it will
   * need of the host can be asked for, which takes as long as the rest of the picture does.
   */
  opening(opened: MessageOf<"open">, tree: RowTree, rows: RowList): void;
  /** It is shown now. */
  opened(opened: MessageOf<"open">, before: Picture | undefined): void;
  /** A delta is about to be taken in. */
  following(message: MessageOf<"delta">): void;
  /** Rows changed and came within the epoch. @param shownMore rows that the list has more than before */
  grew(message: MessageOf<"delta">, shownMore: number): void;
  /** Something that is shown has changed. */
  changed(): void;
}

/** How often it is told how far filters have come. */
const progressMs = 150;

interface Built {
  readonly opened: MessageOf<"open">;
  readonly store: SpanStore;
  readonly live: LiveTrace;
  readonly model: TraceModel;
  readonly rows: RowList;
}

export class ShownPicture {
  rows = new RowList();
  picture: Picture | undefined;
  readonly #owner: PictureOwner;
  readonly #clock: FrameClock;
  readonly #loader: PictureLoader;
  readonly #work: SlicedWork;
  /** What was shown before nothing could be: what comes next goes on where that was. */
  #last: Picture | undefined;
  #live: LiveTrace | undefined;
  #store: SpanStore | undefined;
  /** Deltas that came while work was under way. */
  readonly #waiting: MessageOf<"delta">[] = [];
  #isFiltering = false;
  #isSearchNewer = false;

  constructor(connection: HostConnection, owner: PictureOwner, clock: FrameClock) {
    this.#owner = owner;
    this.#clock = clock;
    this.#work = new SlicedWork(clock);
    this.#loader = new PictureLoader(connection, owner);
  }

  open(message: MessageOf<"open">): void {
    // What they bring is in what is sent now.
    this.#waiting.length = 0;
    this.#loader.open(message);
  }

  columns(message: MessageOf<"columns">): void {
    const loaded = this.#loader.columns(message);
    if (loaded === undefined) return;
    // Before the first picture there is nothing that could be drawn late.
    const isUrgent = this.picture === undefined;
    this.#start(this.#build(loaded), (built) => this.#show(built), { isUrgent });
  }

  delta(message: MessageOf<"delta">): void {
    this.#waiting.push(message);
    this.#takeWaiting();
  }

  /** Nothing is shown any more. */
  clear(): void {
    this.#work.cancel();
    this.#waiting.length = 0;
    this.#last = this.picture ?? this.#last;
    this.picture = undefined;
    this.#live = undefined;
    this.#store = undefined;
  }

  /** Filters take effect at once in a small trace, and after some frames in a large one. */
  setFilters(filters: readonly Filter[], done?: () => void): void {
    this.rows.setFilters(filters);
    this.#filter(done);
  }

  /** What the search keeps, or whether it is to act as a filter, has changed. */
  searchChanged(): void {
    // A search that finds more all the time must not keep what it has found so far from being shown.
    if (this.#isFiltering) this.#isSearchNewer = true;
    else this.#filter();
  }

  #filter(done?: () => void): void {
    // Filters take the place of filters; anything else has to come to its end.
    if (!this.#isFiltering) this.finish();
    const picture = this.picture;
    if (picture === undefined) return;
    this.#isSearchNewer = false;
    let toldMs = this.#clock.now();
    this.#start(
      this.rows.show(picture.model, picture.times, this.#owner.searchFilter()),
      () => {
        done?.();
        if (this.#isSearchNewer) this.#filter();
      },
      {
        onSlice: () => {
          // How far it is matters to nobody who waits for a moment only.
          if (this.#clock.now() - toldMs < progressMs) return;
          toldMs = this.#clock.now();
          this.#owner.changed();
        },
      },
    );
    this.#isFiltering = this.#work.isRunning;
  }

  setExpanded(row: number, expanded: boolean): void {
    this.finish();
    this.rows.setExpanded(row, expanded);
  }

  setAllExpanded(expanded: boolean, done?: () => void): void {
    this.finish();
    this.rows.setAllExpanded(expanded);
    this.#start(this.rows.arrange(), done);
  }

  expandSiblings(row: number): void {
    this.finish();
    if (!this.rows.expandSiblings(row)) this.#start(this.rows.arrange());
  }

  /** Shows a row that is hidden: its ancestors are expanded, and filters that hide it are put away. Now. */
  uncover(row: number, clearFilters: () => void): void {
    this.finish();
    if (!this.rows.isShown(row)) this.#openPath(row);
    if (this.rows.isShown(row)) return;
    clearFilters();
    this.finish();
    if (!this.rows.isShown(row)) this.#openPath(row);
  }

  /** Does now what is under way. */
  finish(): void {
    // What waited may have begun more.
    while (this.#work.isRunning) this.#work.finish();
  }

  /** Time has passed, or the state of the session has changed. */
  refreshTimes(): void {
    if (this.picture === undefined || this.#live === undefined) return;
    this.picture = { ...this.picture, times: this.#times(this.#live) };
    this.rows.update(this.picture.model, this.picture.times);
    if (!this.#work.isRunning) this.rows.judgeOpen(this.#live);
    this.#mendTimes();
  }

  *#build({ opened, store, forest }: LoadedRows): Generator<void, Built> {
    const { header } = opened;
    const { columns } = store;
    const order = yield* LiveTrace.order(forest);
    const before = this.picture ?? this.#last;
    const rows = this.rows.next(before?.model.columns, columns, opened.epoch === before?.epoch);
    this.#owner.opening(opened, { columns, forest, order }, rows);
    const live = yield* LiveTrace.build(columns, forest, order, openEndMs(header, this.#owner.nowMs));
    const model = live.model(columns);
    yield* rows.show(model, this.#times(live, header), this.#owner.searchFilter());
    return { opened, store, live, model, rows };
  }

  #show({ opened, store, live, model, rows }: Built): void {
    const before = this.picture ?? this.#last;
    this.#last = undefined;
    this.rows = rows;
    this.#live = live;
    this.#store = store;
    this.picture = { epoch: opened.epoch, model, times: this.#times(live, opened.header) };
    this.#owner.opened(opened, before);
  }

  /** Begins work of which nothing is seen until its end. */
  #start<Result>(steps: Generator<void, Result>, done?: (result: Result) => void, options?: WorkOptions): void {
    this.#isFiltering = false;
    const end = (result: Result) => {
      this.#isFiltering = false;
      done?.(result);
      this.#takeWaiting();
      this.#owner.changed();
    };
    this.#work.start(steps, end, options);
  }

  #takeWaiting(): void {
    while (!this.#work.isRunning) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#apply(message);
    }
  }

  #apply(message: MessageOf<"delta">): void {
    const store = this.#loader.delta(message);
    const live = this.#live;
    if (store === undefined || live === undefined || this.picture === undefined) return;
    this.#owner.following(message);
    const shownBefore = this.rows.count;
    const { columns } = store;
    const grew = () => this.#owner.grew(message, this.rows.count - shownBefore);
    if (live.change(columns, message.changedRows, this.rows, () => this.#publish(live))) {
      this.rows.judgeOpen(live);
      grew();
      this.#mendTimes();
      return;
    }
    this.#start(this.#rebuild(store), grew);
  }

  *#rebuild(store: SpanStore): Generator<void, void> {
    const live = yield* LiveTrace.rebuild(store.columns, this.#openEndMs);
    yield* this.rows.show(live.model(store.columns), this.#times(live), this.#owner.searchFilter());
    this.#live = live;
    this.#publish(live);
  }

  #openPath(row: number): void {
    if (this.rows.openPath(row)) return;
    this.#start(this.rows.arrange());
    this.finish();
  }

  /** Rarely times have to be found anew, which nobody has to wait for. */
  #mendTimes(): void {
    const live = this.#live;
    const store = this.#store;
    if (live === undefined || store === undefined || !live.hasStaleTimes || this.#work.isRunning) return;
    this.#start(live.buildTimes(store.columns, this.#openEndMs), () => this.#publish(live));
  }

  #publish(live: LiveTrace): void {
    const { picture } = this;
    const store = this.#store;
    if (picture === undefined || store === undefined) return;
    this.picture = { epoch: picture.epoch, model: live.model(store.columns), times: this.#times(live) };
    this.rows.update(this.picture.model, this.picture.times);
  }

  #times(live: LiveTrace, header = this.#owner.header): TraceTimes {
    const { nowMs, isTrueScale } = this.#owner;
    return live.times(openEndMs(header, nowMs), header?.live === true, isTrueScale);
  }

  get #openEndMs(): number | undefined {
    return openEndMs(this.#owner.header, this.#owner.nowMs);
  }
}

/** Where the bars of open rows end. */
function openEndMs(header: PanelHeader | undefined, nowMs: number): number | undefined {
  return header?.live === true ? nowMs : header?.endedMs;
}
